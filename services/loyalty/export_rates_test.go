package loyalty

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Records are all movements of a brand in the order of the log, with their numbers.
func (s *Server) Records(ctx context.Context, brand string) (out []*loyaltyv1.EntryRecord, err error) {
	facts, err := s.store.log.Read(ctx, brand, 0, 1<<20)
	for i := range facts {
		if f := &facts[i]; f.Kind == record.Movement && err == nil {
			var r *loyaltyv1.EntryRecord
			r, err = record.Parse(f)
			record.Whole(r, f.Seq, f.At)
			out = append(out, r)
		}
	}
	return out, err
}

// Flush writes folds back.
func (s *Server) Flush(ctx context.Context) error { return s.store.folds.Flush(ctx) }
