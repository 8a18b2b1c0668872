package sqldb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// A closure reads beside its transaction while a crowd waits for the row it has
// locked: there is always a connection left for that.
func TestCrowdLeavesRoomToRead(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		migrate(t, db)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		const crowd = 64
		var wg sync.WaitGroup
		for i := range crowd {
			wg.Go(func() {
				if i%2 == 0 {
					b := sqldb.NewBatch()
					b.Exec("UPDATE counter SET n = n + 1")
					if err := db.Run(ctx, b); err != nil {
						t.Error(err)
					}
					return
				}
				if err := db.Write(ctx, func(tx *sqldb.Tx) error {
					if _, err := tx.Exec(ctx, "UPDATE counter SET n = n + 1"); err != nil {
						return err
					}
					var n int64
					return db.QueryRow(ctx, "SELECT n FROM counter").Scan(&n)
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := value(t, db, "SELECT n FROM counter"); n != crowd {
			t.Errorf("%d of %d were counted", n, crowd)
		}
	})
}
