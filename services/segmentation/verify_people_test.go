package segmentation_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// A table that does not say what the facts say is found out.
func TestVerifyFindsFalseMergesAndErasures(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		r := newReplica(t, url, "", (&clock{now: start}).Now)
		numbered(t, r, 6)
		for _, e := range [][2]int64{{1, 2}, {2, 3}} {
			if _, err := merge(t, r, e[0], e[1]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := unmerge(t, r, 2); err != nil {
			t.Fatal(err)
		}
		erase(t, r, 4)
		audit(t, url, "")
		db := sqldbtest.Open(t, url)
		for _, lie := range []string{
			"UPDATE customer SET into_id = 0 WHERE id = 1", "UPDATE customer SET into_id = 3 WHERE id = 2",
			"UPDATE customer SET erased = 7 WHERE id = 5", "UPDATE customer SET erased = 0 WHERE id = 4",
		} {
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), lie)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		var found []string
		for _, d := range drifts(t, url, "") {
			found = append(found, d.Fold+" "+d.Reason)
		}
		slices.Sort(found)
		want := []string{
			"erasures customer 4: 1 by the facts, 0 in the table",
			"erasures customer 5 was erased and has identities that can be read",
			"erasures customer 5: 0 by the facts, 7 in the table",
			"merges customer 1: 2 by the facts, 0 in the table",
			"merges customer 2: 0 by the facts, 3 in the table",
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("found: %s", diff)
		}
	})
}
