package standing

import (
	"context"
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// Person is what one person did in one programme.
type Person struct {
	Lifetime Lifetime
	days     map[calendar.Day]Counted
}

// Read sums up a person's numbers as of the end of the log: the tables, and what touches
// the numbers behind them.
func Read(ctx context.Context, tx *sqldb.Tx, brand, id string, numbers []int64) (*Person, error) {
	now, err := readHeads(ctx, tx, brand)
	if err != nil {
		return nil, err
	}
	s := &sums{behind: &now}
	if err := Days(ctx, tx, brand, numbers, func(who Member, d calendar.Day, c Counted) { s.of[part(who.Customer)].count(counting{who, d}, c) }); err != nil {
		return nil, err
	}
	if err := lifetimesOf(ctx, tx, brand, numbers, func(who Member, l Lifetime) { s.of[part(who.Customer)].live(who, l) }); err != nil {
		return nil, err
	}
	least := now[part(numbers[0])]
	for _, n := range numbers {
		least = min(least, now[part(n)])
	}
	facts, err := ledger.Behind(ctx, tx, brand, numbers, least)
	if err != nil {
		return nil, err
	}
	if err := s.gather(ctx, feed.In(tx), brand, facts); err != nil {
		return nil, err
	}
	return s.person(id, numbers), nil
}

// person takes one person in one programme out of sums.
func (s *sums) person(id string, numbers []int64) *Person {
	p := &Person{days: map[calendar.Day]Counted{}}
	for i := range s.of {
		for at, c := range s.of[i].days {
			if at.Programme == id && slices.Contains(numbers, at.Customer) {
				p.Add(at.Day, c)
			}
		}
		for who, l := range s.of[i].lifetime {
			if who.Programme == id && slices.Contains(numbers, who.Customer) {
				p.Lifetime.plus(l)
			}
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
