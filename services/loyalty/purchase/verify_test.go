package purchase

import (
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// Pages of any size tell each return once, also where one article has several.
func TestUnmatchedPages(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		feed.tell(false, event("return", "1", 7, 0, line("a", 1, 100), line("b", 1, 100), line("a", 2, 100)),
			event("return", "2", 8, 1, line("a", 3, 100)), event("return", "3", 7, 2, line("a", 4, 100)))
		s.follow(feed, 100)
		for size := 1; size < 7; size++ {
			for _, c := range []struct {
				numbers []int64
				want    string
			}{{nil, "1 1 3 1 2"}, {[]int64{7}, "1 1 3 1"}, {[]int64{9}, ""}} {
				var got []string
				for after := (&After{}); after != nil; {
					page, next, err := Unmatched(t.Context(), db, brand, c.numbers, *after, size)
					if err != nil || len(page) > size {
						t.Fatal(page, err)
					}
					for _, u := range page {
						got = append(got, u.GetExternalId())
					}
					after = next
				}
				if list := strings.Join(got, " "); list != c.want {
					t.Errorf("by %d of %v: %s, want %s", size, c.numbers, list, c.want)
				}
			}
		}
	})
}

// What was changed behind the service's back is found, and standings are made anew.
func TestVerifyFindsDrift(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s, feed := open(t, db, plain()), &stream{}
		feed.tell(false, event("purchase", "1", 7, 0, line("a", 2, 500)), event("return", "2", 7, 1, line("a", 3, 500)))
		s.follow(feed, 100)
		s.counted()
		for _, spoil := range []string{"UPDATE bought SET unmatched = 0", "UPDATE counted SET points = points + 1", "DELETE FROM lifetime"} {
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), spoil); return err }); err != nil {
				t.Fatal(err)
			}
		}
		var wrong []string
		note := func(_ int64, reason string) { wrong = append(wrong, reason) }
		if _, err := standing.Verify(t.Context(), db, brand, note); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(t.Context(), db, brand, s.f.Book(), func(int64) bool { return true }, note); err != nil {
			t.Fatal(err)
		}
		if len(wrong) != 3 {
			t.Errorf("%q", wrong)
		}
		err := db.Write(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(t.Context(), "UPDATE bought SET unmatched = 1"); err != nil {
				return err
			}
			return standing.Forget(t.Context(), tx, brand)
		})
		if err != nil {
			t.Fatal(err)
		}
		s.counted()
	})
}
