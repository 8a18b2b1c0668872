package segmentation

import (
	"context"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// checkMerges compares who stands behind whom in the table with what the facts say.
func (s *Server) checkMerges(ctx context.Context, b *brand, report func(floor.Drift)) (n int, err error) {
	return s.compare(ctx, b, "merges", []int16{record.Merged, record.Unmerged}, "into_id", report, func(says map[int64]int64, f *feed.Fact) error {
		e, err := record.Event(f)
		if err != nil {
			return err
		}
		if f.Kind == record.Merged {
			says[e.GetId()] = e.GetIntoId()
		} else {
			delete(says, e.GetId())
		}
		return nil
	})
}

// checkErasures compares who was erased, by which erasure, and looks for what
// should be gone.
func (s *Server) checkErasures(ctx context.Context, b *brand, report func(floor.Drift)) (n int, err error) {
	n, err = s.compare(ctx, b, "erasures", []int16{record.Erased}, "erased", report, func(says map[int64]int64, f *feed.Fact) error {
		e, err := record.Event(f)
		says[e.GetId()] = e.GetErasureId()
		return err
	})
	if err != nil {
		return n, err
	}
	left, err := readableErased(ctx, s.store.db, b.ID)
	for _, id := range left {
		drifting(report, "erasures")(id, "customer %d was erased and has identities that can be read", id)
	}
	return n, err
}

// compare folds the facts of some kinds and reports each number whose column says
// something else. Facts and table are read at one moment.
func (s *Server) compare(ctx context.Context, b *brand, name string, kinds []int16, column string, report func(floor.Drift), fold func(says map[int64]int64, f *feed.Fact) error) (int, error) {
	var says, has map[int64]int64
	err := s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		says = map[int64]int64{}
		if err := feed.In(tx).ReadKind(ctx, b.ID, kinds, 0, func(f *feed.Fact) error { return fold(says, f) }); err != nil {
			return err
		}
		has, err = marked(ctx, tx, b.ID, column)
		return err
	})
	if err != nil {
		return 0, err
	}
	drift := drifting(report, name)
	all := maps.Clone(says)
	maps.Copy(all, has)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if says[id] != has[id] {
			drift(id, "customer %d: %d by the facts, %d in the table", id, says[id], has[id])
		}
	}
	return len(all), nil
}
