package report

import (
	"sync"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func TestStore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := NewStore(db, time.Now)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := s.tree(t.Context(), "demo"); got != nil || err != nil {
			t.Fatal("before the first:", got, err)
		}
		set := func(id string, version int32) error {
			return s.setTree(t.Context(), "demo", func(have *reportv1.MetricTree) (*reportv1.MetricTree, error) {
				return replaced(have, &reportv1.MetricTree{Version: version, Nodes: []*reportv1.MetricNode{node(id, "", mainRole)}})
			})
		}
		if err := set("a", 0); err != nil {
			t.Fatal(err)
		}
		// Of many who have all seen the same version one wins.
		var works sync.WaitGroup
		failed := make([]error, 8)
		for i := range failed {
			works.Go(func() { failed[i] = set(string(rune('b'+i)), 1) })
		}
		works.Wait()
		won := 0
		for _, err := range failed {
			switch {
			case err == nil:
				won++
			case !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT):
				t.Error(err)
			}
		}
		got, err := s.tree(t.Context(), "demo")
		if err != nil || won != 1 || got.GetVersion() != 2 {
			t.Errorf("%d won, %v, %v", won, got, err)
		}
		if other, err := s.tree(t.Context(), "olist"); other != nil || err != nil {
			t.Error("of another brand:", other, err)
		}
	})
}
