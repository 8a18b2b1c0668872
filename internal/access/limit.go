package access

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/rapport-cx/rapport/internal/fault"
)

// limits are a bucket of tokens for each caller.
type limits struct {
	each rate.Limit
	mu   sync.Mutex
	of   map[string]*rate.Limiter
}

// maxLimited bounds the callers remembered. Forgetting one fills its bucket.
const maxLimited = 10_000

func newLimits(each float64) *limits {
	if each <= 0 {
		return nil
	}
	return &limits{each: rate.Limit(each)}
}

// take takes one call of a caller's; otherwise it tells when there will be one.
func (l *limits) take(name string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	one := l.of[name]
	if one == nil {
		if len(l.of) >= maxLimited {
			l.forget(now)
		}
		if l.of == nil {
			l.of = map[string]*rate.Limiter{}
		}
		one = rate.NewLimiter(l.each, int(math.Ceil(5*float64(l.each))))
		l.of[name] = one
	}
	l.mu.Unlock()
	r := one.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// forget makes room: first it leaves out those who have not called lately, whom it changes
// nothing for, and then whoever comes, until half of the room is free.
func (l *limits) forget(now time.Time) {
	for name, one := range l.of {
		if one.TokensAt(now) >= float64(one.Burst()) {
			delete(l.of, name)
		}
	}
	for name := range l.of {
		if len(l.of) <= maxLimited/2 {
			return
		}
		delete(l.of, name)
	}
}

// Limit refuses a caller that asks more often than it may. Neighbours are not counted:
// whoever they ask for was.
func (g *Guard) Limit(ctx context.Context) error {
	who := callerOf(ctx).who
	if g.open || g.limits == nil || who == nil || who.Service {
		return nil
	}
	return g.limits.refuse(who.Name, g.clock())
}

func (l *limits) refuse(name string, now time.Time) error {
	if wait, ok := l.take(name, now); !ok {
		return fault.Exhausted(ReasonRateLimited, wait, "too many calls; try again in %s", wait.Round(time.Millisecond))
	}
	return nil
}

// Door bounds strangers on public pages, by whatever tells them apart: the address that
// they come from, or the link that they follow.
type Door struct{ limits *limits }

// NewDoor lets each in so many times a second, five times as often at once; 0: always.
func NewDoor(each float64) *Door { return &Door{newLimits(each)} }

// Pass refuses a key that knocks too often.
func (d *Door) Pass(key string, now time.Time) error {
	if d.limits == nil {
		return nil
	}
	return d.limits.refuse(key, now)
}
