package app

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/fault"
)

// judged remembers the requests of one method that broke no rule. Dashboards ask
// the same few questions all day, and judging one costs more than answering it
// from the cache of results.
type judged struct {
	mu   sync.RWMutex
	good map[string]struct{}
}

// Bounds of what is remembered for a method: a few hundred kilobytes.
const maxJudged, maxJudgedBytes = 1024, 512

// remembers tells methods whose requests repeat from those whose never do.
func remembers(name string) *judged {
	_, method, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	for _, verb := range [...]string{"Get", "List", "Rank", "Compare"} {
		if strings.HasPrefix(method, verb) {
			return &judged{good: make(map[string]struct{})}
		}
	}
	return nil
}

var packed = sync.Pool{New: func() any { b := make([]byte, 0, maxJudgedBytes); return &b }}

// judge checks a request against the rules of its proto file.
func (m *method) judge(req proto.Message) error {
	if m.judged == nil {
		return fault.Validate(req)
	}
	room := packed.Get().(*[]byte)
	defer packed.Put(room)
	b, err := proto.MarshalOptions{}.MarshalAppend((*room)[:0], req)
	if err != nil || len(b) > maxJudgedBytes {
		return fault.Validate(req)
	}
	*room = b
	if m.judged.has(b) {
		return nil
	}
	if err := fault.Validate(req); err != nil {
		return err
	}
	m.judged.add(b)
	return nil
}

func (j *judged) has(b []byte) bool {
	j.mu.RLock()
	defer j.mu.RUnlock()
	_, ok := j.good[string(b)]
	return ok
}

// add forgets everything when it is full: what repeats is soon back.
func (j *judged) add(b []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.good) >= maxJudged {
		clear(j.good)
	}
	j.good[string(b)] = struct{}{}
}
