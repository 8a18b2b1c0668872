package standing

import (
	"context"
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// Person is what one person did in one programme.
type Person struct {
	Lifetime Lifetime
	days     map[calendar.Day]Counted
}

// Read sums up a person's numbers as of the end of the log: the tables, and the facts
// behind them.
func Read(ctx context.Context, tx *sqldb.Tx, brand, id string, numbers []int64) (*Person, error) {
	head, err := readHead(ctx, tx, brand)
	if err != nil {
		return nil, err
	}
	s := newSums()
	if err := Days(ctx, tx, brand, numbers, func(who Member, d calendar.Day, c Counted) { s.count(counting{who, d}, c) }); err != nil {
		return nil, err
	}
	if err := lifetimesOf(ctx, tx, brand, numbers, s.live); err != nil {
		return nil, err
	}
	for after := head; ; {
		facts, err := feed.In(tx).Read(ctx, brand, after, batch)
		if err != nil {
			return nil, err
		}
		news, err := gather(ctx, feed.In(tx), brand, facts)
		if err != nil {
			return nil, err
		}
		s.join(news)
		if len(facts) < batch {
			return s.person(id, numbers), nil
		}
		after = facts[len(facts)-1].Seq
	}
}

// person takes one person in one programme out of sums.
func (s *sums) person(id string, numbers []int64) *Person {
	p := &Person{days: map[calendar.Day]Counted{}}
	for at, c := range s.days {
		if at.Programme == id && slices.Contains(numbers, at.Customer) {
			p.Add(at.Day, c)
		}
	}
	for who, l := range s.lifetime {
		if who.Programme == id && slices.Contains(numbers, who.Customer) {
			p.Lifetime.plus(l)
		}
	}
	return p
}

// Add lets more count of a day.
func (p *Person) Add(day calendar.Day, c Counted) {
	if p.days == nil {
		p.days = map[calendar.Day]Counted{}
	}
	sum := p.days[day]
	p.days[day] = Counted{sum.Points + c.Points, sum.Money + c.Money}
}

// History is what counts by the basis of rules, by day ascending.
func (p *Person) History(rules *loyaltyv1.TierRules) []programme.Counted {
	out := make([]programme.Counted, 0, len(p.days))
	for _, d := range slices.Sorted(maps.Keys(p.days)) {
		amount := p.days[d].Points
		if rules.GetBasis() == loyaltyv1.TierRules_BASIS_SPENT {
			amount = p.days[d].Money
		}
		if amount != 0 {
			out = append(out, programme.Counted{Day: d, Amount: amount})
		}
	}
	return out
}
