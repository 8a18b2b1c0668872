package rfm

import (
	"cmp"
	"context"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Gather reads, in one pass, what each person bought from one day to another, both
// included: a row for everybody who bought anything, ascending by person.
func Gather(ctx context.Context, q sqldb.Querier, brand string, who *people.Mapping, since, day calendar.Day) ([]Row, error) {
	var rows []Row
	err := purchase.Within(ctx, q, brand, calendar.Days{From: since, Until: day + 1}, func(customer int64, f purchase.Facts) error {
		rows = append(rows, Row{who.Person(customer), int64(day - f.Last), f.Purchases, f.Spent})
		return nil
	})
	if err != nil || who.Empty() {
		return rows, err
	}
	return join(rows), nil
}

// join makes one row of all that a person has. Nearly all are in order already.
func join(rows []Row) []Row {
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Person, b.Person) })
	out := rows[:0]
	for _, r := range rows {
		if n := len(out); n > 0 && out[n-1].Person == r.Person {
			last := &out[n-1]
			last.Days = min(last.Days, r.Days)
			last.Purchases += r.Purchases
			last.Spent += r.Spent
			continue
		}
		out = append(out, r)
	}
	return out
}
