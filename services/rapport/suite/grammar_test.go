package suite

import (
	"fmt"
	"math/rand/v2"
)

// grammar writes random expressions over what customers of the load have.
type grammar struct{ *rand.Rand }

func (g grammar) one(of ...string) string { return of[g.IntN(len(of))] }

func (g grammar) truth(depth int) string {
	if depth <= 0 {
		return g.one("has(attributes.nick)", "has(score."+metric+")", "has(purchases.last_day)", "customer.numbers > 1", "'STORE' in purchases.channels_90d")
	}
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf("(%s && %s)", g.truth(depth-1), g.truth(depth-1))
	case 1:
		return fmt.Sprintf("(%s || %s)", g.truth(depth-1), g.truth(depth-1))
	case 2:
		return fmt.Sprintf("!(%s)", g.truth(depth-1))
	case 3:
		return fmt.Sprintf("(%s ? %s : %s)", g.truth(0), g.truth(depth-1), g.truth(depth-1))
	case 4:
		return fmt.Sprintf("%s %s %d.0", g.one("attributes.visits", "score."+metric), g.order(), g.IntN(30))
	case 5:
		return fmt.Sprintf("purchases.spent_%s %s %d", g.one("7d", "30d", "90d", "365d"), g.order(), 1000*g.IntN(20))
	}
	return fmt.Sprintf("%s %s %d", g.one("purchases.count", "purchases.count_30d", "purchases.days_since_last", "purchases.weeks_in_row", "purchases.average_check_90d",
		"visits.count_90d", "visits.days_since_last", "returns.count", "answered_days."+metric, "rfm.recency", "rfm.monetary", "customer.numbers"), g.order(), g.IntN(9))
}

func (g grammar) order() string { return g.one("<", "<=", "==", "!=", ">=", ">") }
