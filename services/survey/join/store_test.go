package join_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey/join"
)

func TestStore(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := join.Migrate(ctx, db); err != nil {
			t.Fatal(err)
		}
		write := func(fn func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *sqldb.Tx) error {
			return join.Learn(ctx, tx, "a", map[string]string{"o1": join.Yes, "o2": join.No})
		})
		write(func(tx *sqldb.Tx) error { return join.Learn(ctx, tx, "a", map[string]string{"o2": "", "o3": join.No}) })
		known, err := join.Known(ctx, db, "a", []string{"o1", "o2", "o3", "o4"})
		if diff := cmp.Diff(map[string]string{"o1": join.Yes, "o2": "", "o3": join.No}, known); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if other, err := join.Known(ctx, db, "b", []string{"o1"}); err != nil || len(other) != 0 {
			t.Errorf("another brand's orders: %v, %v", other, err)
		}
		pairs := []join.Pair{{Order: "o1", Response: 7}, {Order: "o1", Response: 9}, {Order: "o2", Response: 8}}
		for range 2 { // a consumer may come twice
			write(func(tx *sqldb.Tx) error { return join.Attach(ctx, tx, "a", pairs) })
		}
		got, err := join.About(ctx, db, "a", []string{"o2", "o1", "o5"})
		if diff := cmp.Diff(pairs, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}
