package journey

import (
	"context"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// eraseLate blanks, among facts of the own log, events of customers who had been
// erased before: they were on their way, or were resolved to the number just then.
// Either an event stands in the log before the definition that its customer was
// erased, and the erasure has seen it, or behind it, and this does.
func (s *Server) eraseLate(b *brand) func(context.Context, *sqldb.Tx, []feed.Fact) error {
	return func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
		if s.store.folds.Applied(b.ID).Seq < facts[len(facts)-1].Seq {
			if err := s.store.folds.Sync(ctx, b.ID); err != nil {
				return err
			}
		}
		late, err := lateOf(b.defined.Load(), facts)
		if err != nil || len(late) == 0 {
			return err
		}
		head, err := feed.Lock(ctx, tx, b.ID, s.clock())
		if err != nil {
			return err
		}
		var out []feed.Fact
		for _, who := range late {
			_, more, err := s.store.erase(ctx, tx, b.ID, who)
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		return feed.Put(ctx, tx, &head, out)
	}
}

// lateOf are the erased customers of whom something personal is among facts.
func lateOf(known *definitions, facts []feed.Fact) (late []int64, err error) {
	seen := map[int64]bool{}
	for i := range facts {
		f := &facts[i]
		if f.Kind != record.Event || f.Who == 0 || seen[f.Who] || !known.wasErased(f.Who) {
			continue
		}
		kept, err := record.Kept(f)
		if err != nil {
			return nil, err
		}
		if !kept.GetErased() {
			seen[f.Who] = true
			late = append(late, f.Who)
		}
	}
	return late, nil
}
