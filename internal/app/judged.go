package app

import (
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/fault"
)

// judged remembers the requests of one method that broke no rule. Dashboards ask
// the same few questions all day, and judging one costs more than answering it
// from the cache of results.
type judged struct {
	mu   sync.RWMutex
	good map[string]*asked
}

// asked is a request that broke no rule, and the last reply to it.
type asked struct{ last atomic.Pointer[encoded] }

// Bounds of what is remembered for a method: a few megabytes, replies included.
const maxJudged, maxJudgedBytes = 1024, 512

// remembers tells methods whose requests repeat from those whose never do.
func remembers(name string) *judged {
	_, method, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	for _, verb := range [...]string{"Get", "List", "Rank", "Compare"} {
		if strings.HasPrefix(method, verb) {
			return &judged{good: make(map[string]*asked)}
		}
	}
	return nil
}

var packed = sync.Pool{New: func() any { b := make([]byte, 0, maxJudgedBytes); return &b }}

// judge checks a request against the rules of its proto file. It returns what is
// remembered of the request, nil if nothing is.
func (m *method) judge(req proto.Message) (*asked, error) {
	if m.judged == nil {
		return nil, fault.Validate(req)
	}
	room := packed.Get().(*[]byte)
	defer packed.Put(room)
	b, err := proto.MarshalOptions{}.MarshalAppend((*room)[:0], req)
	if err != nil || len(b) > maxJudgedBytes {
		return nil, fault.Validate(req)
	}
	*room = b
	if q := m.judged.find(b); q != nil {
		return q, nil
	}
	if err := fault.Validate(req); err != nil {
		return nil, err
	}
	return m.judged.add(b), nil
}

func (j *judged) find(b []byte) *asked {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.good[string(b)]
}

// add forgets everything when it is full: what repeats is soon back.
func (j *judged) add(b []byte) *asked {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.good) >= maxJudged {
		clear(j.good)
	}
	q := &asked{}
	j.good[string(b)] = q
	return q
}
