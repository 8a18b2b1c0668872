package feed

import (
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Of two replicas one has the turn until it stops asking.
func TestTurnIsOneReplicas(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		if err := Migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1_800_000_000, 0)
		clock := func() time.Time { return now }
		one, other := NewTurn("due", "demo", db, clock), NewTurn("due", "demo", db, clock)
		check := func(of *Turn, want bool) {
			t.Helper()
			if mine, err := of.Mine(t.Context()); err != nil || mine != want {
				t.Errorf("mine is %v, %v, want %v", mine, err, want)
			}
		}
		for range 5 {
			check(one, true)
			check(other, false)
			now = now.Add(6 * time.Second)
		}
		now = now.Add(5 * time.Second)
		check(other, true)
		check(one, false)
	})
}
