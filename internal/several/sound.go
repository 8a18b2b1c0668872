package several

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/rapport-cx/rapport/internal/fault"
)

// sound remembers questions that break no rule. Dashboards ask the same few all day, and
// judging one costs more than an answer that is kept.
var sound = &judged{}

// Bounds of what is remembered: a few megabytes.
const maxJudged, maxJudgedBytes = 4096, 512

// judged are questions by their kind and bytes. Rules look at nothing else.
type judged struct {
	mu   sync.RWMutex
	good map[protoreflect.FullName]map[string]struct{}
	n    int
}

// check tells what is wrong with a question.
func (j *judged) check(in proto.Message) error {
	var room [maxJudgedBytes]byte
	body, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(room[:0], in)
	if err != nil {
		return fault.Validate(in) // which says what is wrong with it
	}
	kind := in.ProtoReflect().Descriptor().FullName()
	j.mu.RLock()
	_, known := j.good[kind][string(body)]
	j.mu.RUnlock()
	if known {
		return nil
	}
	if err := fault.Validate(in); err != nil {
		return err
	}
	if len(body) <= maxJudgedBytes {
		j.add(kind, string(body))
	}
	return nil
}

// add forgets everything when it is full: what repeats is soon back.
func (j *judged) add(kind protoreflect.FullName, body string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.good == nil || j.n >= maxJudged {
		j.good, j.n = map[protoreflect.FullName]map[string]struct{}{}, 0
	}
	if j.good[kind] == nil {
		j.good[kind] = map[string]struct{}{}
	}
	j.good[kind][body] = struct{}{}
	j.n++
}
