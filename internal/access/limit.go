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

// maxLimited bounds the callers remembered. Forgetting them fills their buckets.
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
		if l.of == nil || len(l.of) >= maxLimited {
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

// Door bounds strangers on public pages, by the address they come from.
type Door struct{ limits *limits }

// NewDoor lets each address in so many times a second, five times as often at once.
func NewDoor(each float64) *Door { return &Door{newLimits(each)} }

// Pass refuses an address that knocks too often.
func (d *Door) Pass(address string, now time.Time) error { return d.limits.refuse(address, now) }
