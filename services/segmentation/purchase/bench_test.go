package purchase

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// BenchmarkFollow is batches of 500 purchases of 20,000 customers, each event new.
func BenchmarkFollow(b *testing.B) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		b.Run(engine.name, func(b *testing.B) {
			db := sqldbtest.Open(b, engine.url(b))
			if err := feed.Migrate(b.Context(), db); err != nil {
				b.Fatal(err)
			}
			if err := Migrate(b.Context(), db); err != nil {
				b.Fatal(err)
			}
			const batch = 500
			f := &Follower{Brand: brand, Zone: calendar.UTC, DB: db, Clock: time.Now, Log: slog.New(slog.DiscardHandler)}
			c := f.Consumer(func(_ context.Context, _ string, from feed.Cursor, _ int) ([]feed.Fact, error) {
				facts := make([]feed.Fact, batch)
				for i := range facts {
					n := from.Seq + int64(i) + 1
					kind, body := essential(recorded, bought(fmt.Sprint(n), 1+n*7919%20_000, n%9000, noon.AddDate(0, 0, -int(n%300))))
					facts[i] = feed.Fact{Seq: n, CommitID: n, Kind: kind, Body: body, At: n}
				}
				return facts, nil
			})
			b.ResetTimer()
			for b.Loop() {
				if _, err := c.Step(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
