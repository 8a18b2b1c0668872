package standing

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Verify counts everything anew and reports what the tables say otherwise. It returns how
// many rows it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, report func(seq int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		now, err := readHeads(ctx, tx, brand)
		if err != nil {
			return err
		}
		all, last := &sums{upTo: &now}, slices.Max(now[:])
		for after := int64(0); after < last; {
			facts, err := feed.In(tx).Read(ctx, brand, after, batch)
			if err != nil || len(facts) == 0 {
				return err
			}
			if err := all.gather(ctx, feed.In(tx), brand, facts); err != nil {
				return err
			}
			after = facts[len(facts)-1].Seq
		}
		n, err = compare(ctx, tx, brand, all, report)
		return err
	})
	return n, err
}

// compare holds stored rows against sums; a row of nothing and none are the same.
func compare(ctx context.Context, q sqldb.Querier, brand string, want *sums, report func(int64, string)) (n int, err error) {
	err = eachDay(ctx, q, brand, func(at counting, c Counted) {
		days := want.of[part(at.Customer)].days
		if n++; days[at] != c {
			report(at.Customer, fmt.Sprintf("programme %s, %s: %+v counts, facts say %+v", at.Programme, at.Day, c, days[at]))
		}
		delete(days, at)
	})
	if err != nil {
		return n, err
	}
	err = eachLifetime(ctx, q, brand, func(who Member, l Lifetime) {
		lifetime := want.of[part(who.Customer)].lifetime
		if n++; lifetime[who] != l {
			report(who.Customer, fmt.Sprintf("programme %s: %+v, facts say %+v", who.Programme, l, lifetime[who]))
		}
		delete(lifetime, who)
	})
	for p := range want.of {
		for at, c := range want.of[p].days {
			if c != (Counted{}) {
				report(at.Customer, fmt.Sprintf("programme %s, %s: nothing counts, facts say %+v", at.Programme, at.Day, c))
			}
		}
		for who, l := range want.of[p].lifetime {
			report(who.Customer, fmt.Sprintf("programme %s: nothing, facts say %+v", who.Programme, l))
		}
	}
	return n, err
}
