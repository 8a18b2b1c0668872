package purchase

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func segmentsOf(asked *int, member int64) func(context.Context, int64) ([]string, error) {
	return func(_ context.Context, customer int64) ([]string, error) {
		*asked++
		if customer == member {
			return []string{"loyal"}, nil
		}
		return nil, nil
	}
}

// simple is the same rule written as plainly as can be: all events of a person in the
// order in which they happened, one line each.
func simple(events []*journeyv1.Event) (points map[int64]int64, unmatched int64) {
	type boughtLine struct {
		who, pieces, price int64
		order, sku         string
		at                 int64
	}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b *journeyv1.Event) int {
		return cmp.Compare(a.GetOccurredAt().GetSeconds(), b.GetOccurredAt().GetSeconds())
	})
	points = map[int64]int64{}
	var lines []*boughtLine
	for _, e := range events {
		if e.GetKind() != "purchase" {
			continue
		}
		l := e.GetLines()[0]
		pieces := l.GetQuantityMilli() / 1000
		lines = append(lines, &boughtLine{e.GetCustomer().GetId(), pieces, l.GetAmount().GetMinorUnits() / pieces, e.GetOrderId(), l.GetSku(), e.GetOccurredAt().GetSeconds()})
	}
	for _, e := range events {
		if e.GetKind() == "purchase" {
			continue
		}
		missing := e.GetLines()[0].GetQuantityMilli() / 1000
		for _, l := range slices.Backward(lines) {
			if l.who != e.GetCustomer().GetId() || l.sku != e.GetLines()[0].GetSku() ||
				e.GetOrderId() != "" && e.GetOrderId() != l.order || e.GetOrderId() == "" && l.at > e.GetOccurredAt().GetSeconds() {
				continue
			}
			n := min(missing, l.pieces)
			l.pieces -= n
			missing -= n
		}
		unmatched += missing
	}
	for _, l := range lines {
		points[l.who] += l.pieces * l.price / 100
	}
	return points, unmatched
}

// Whatever the order in which events come, and however often and in which pieces, the end
// is what the events say.
func TestAnyOrderEndsTheSame(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r := rand.New(rand.NewPCG(3, 5))
		s := open(t, db, plain())
		feed := &stream{}
		var events []*journeyv1.Event
		for i := range 400 {
			kind := "purchase"
			if r.IntN(3) == 0 {
				kind = "return"
			}
			// Each at a time of its own: what is at one time is ordered by key.
			e := event(kind, fmt.Sprint(i), 1+r.Int64N(4), int64(i), line(string(rune('a'+r.IntN(3))), 1+r.Int64N(5), 50+r.Int64N(300)))
			if r.IntN(3) == 0 {
				e.OrderId = fmt.Sprint("o", r.IntN(40))
			}
			events = append(events, e)
		}
		told := slices.Concat(events, events[:100])
		r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		for len(told) > 0 {
			n := min(len(told), 1+r.IntN(60))
			feed.tell(r.IntN(2) == 0, told[:n]...)
			told = told[n:]
			s.follow(feed, 1+r.IntN(50))
		}
		var gross, earned int64
		for _, e := range events {
			if e.GetKind() == "purchase" {
				gross += e.GetLines()[0].GetAmount().GetMinorUnits() / 100
			}
		}
		for _, m := range s.entries() {
			if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN {
				earned -= m.GetPostings()[0].GetPoints()
			}
		}
		if earned != gross {
			t.Errorf("%d points were earned, want %d: each line once", earned, gross)
		}
		want, missing := simple(events)
		for who, points := range want {
			s.has(who, points)
		}
		got := int64(0)
		for _, n := range s.unmatched() {
			got += n
		}
		if got != missing {
			t.Errorf("%d pieces found nothing, want %d", got, missing)
		}
		s.counted()
	})
}
