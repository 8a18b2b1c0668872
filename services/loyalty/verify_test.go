package loyalty_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// A row that somebody changed is told, whatever it is, and made anew from the log.
func TestVerifyTellsWhatWasChanged(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 12})
		for i := range 4 {
			earned(t, r, fmt.Sprint(i), int64(1+i%2), 100, "o")
		}
		if _, err := hold(t, r, "h", 1, 30, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Transfer(t.Context(), &loyaltyv1.TransferRequest{
			Brand: brand, RequestId: "t", ProgrammeId: club, From: number(1), To: number(2), Points: 10,
		}); err != nil {
			t.Fatal(err)
		}
		verify(t, r)
		r.stop()
		db := sqldbtest.Open(t, url)
		for table, change := range map[string]string{
			"account":     "UPDATE account SET available = available + 1 WHERE customer = 1",
			"lot":         "UPDATE lot SET expires_at = expires_at + 1 WHERE id = (SELECT min(id) FROM lot)",
			"hold":        "UPDATE hold SET ends_at = ends_at + 1",
			"order_entry": "DELETE FROM order_entry WHERE seq = (SELECT min(seq) FROM order_entry)",
			"other_entry": "UPDATE other_entry SET customer = 3",
		} {
			if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), change); return err }); err != nil {
				t.Fatal(err)
			}
			next := newReplica(t, url, c.Now, loyalty.Neighbours{})
			var told []string
			if _, err := next.server.Verify(t.Context(), brand, func(d floor.Drift) { told = append(told, d.Fold) }); err != nil {
				t.Fatal(err)
			}
			if len(told) == 0 || strings.Trim(strings.Join(told, ""), table) != "" {
				t.Errorf("%s was changed, told is %q", table, told)
			}
			if err := next.server.Rebuild(t.Context(), brand); err != nil {
				t.Fatal(err)
			}
			verify(t, next)
			next.stop()
		}
	})
}
