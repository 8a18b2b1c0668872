package programme

import (
	"sort"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Step is that a member went from one tier to another, by their places among the rules'.
type Step struct {
	Day      calendar.Day
	From, To int
}

// Path is how a member whose purchases are history (days ascending, each once) rose and
// fell up to a day, from the lowest tier on. As of Stand, it is worked out from the history
// as it now is.
func Path(rules *loyaltyv1.TierRules, history []Counted, today calendar.Day) (steps []Step) {
	known := history[:sort.Search(len(history), func(i int) bool { return history[i].Day > today })]
	c := newClimb(rules, known)
	for d, ok := c.next(); ok && d <= today; d, ok = c.next() {
		from := c.tier
		if c.live(d); c.tier != from {
			steps = append(steps, Step{d, from, c.tier})
		}
	}
	return steps
}
