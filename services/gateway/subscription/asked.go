package subscription

import (
	"context"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// fresh is for how long one report serves all who are due it with the same rights: a
// thousand people at nine o'clock are one question.
const fresh = 30 * time.Second

// asked are reports as they were asked for lately.
type asked struct {
	clock func() time.Time
	mu    sync.Mutex
	of    map[string]*answer
}

// answer is one of them; done is closed when it is there.
type answer struct {
	at   time.Time
	done chan struct{}
	got  *composed
	err  error
}

func newAsked(clock func() time.Time) *asked { return &asked{clock: clock, of: map[string]*answer{}} }

// shared is the report of a subscription, asked for with its owner's rights or found
// among those that were asked for just now with the same.
func (s *Server) shared(ctx context.Context, h *held, days calendar.Days) (*composed, error) {
	question := proto.CloneOf(h.subscription())
	question.Id, question.Cadence, question.Zone, question.Locale, question.Owner, question.Etag = "", nil, "", "", "", 0
	question.State, question.CreatedAt, question.RightsUntil, question.Paused = 0, nil, nil, false
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(question)
	if err != nil {
		return nil, err
	}
	key := strings.Join([]string{h.brand, days.From.String(), days.Until.String(), string(h.record.GetMandate()), string(body)}, "\x00")
	a, first := s.asked.find(key)
	if first {
		a.err = context.Canceled // unless it returns
		defer close(a.done)
		a.got, a.err = s.ask(ctx, h.brand, h.subscription(), days)
		if a.err != nil || a.got.standing() != something {
			s.asked.forget(key, a)
		}
		return a.got, a.err
	}
	select {
	case <-a.done:
		return a.got, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find is the answer to a question; first: it is the caller's to get.
func (q *asked) find(key string) (a *answer, first bool) {
	now := q.clock()
	q.mu.Lock()
	defer q.mu.Unlock()
	for k, a := range q.of {
		if age := now.Sub(a.at); age > fresh || age < 0 {
			delete(q.of, k)
		}
	}
	if a = q.of[key]; a != nil {
		return a, false
	}
	a = &answer{at: now, done: make(chan struct{})}
	q.of[key] = a
	return a, true
}

func (q *asked) forget(key string, a *answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.of[key] == a {
		delete(q.of, key)
	}
}
