package feed_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// responses makes n facts of the size and spread of survey responses: random
// keys, mostly of the last month, from many customers.
func responses(r *rand.Rand, n int) []feed.Fact {
	facts := make([]feed.Fact, n)
	for i := range facts {
		key := binary.LittleEndian.AppendUint64(nil, r.Uint64())
		key = binary.LittleEndian.AppendUint64(key, r.Uint64())
		day := int32(20000 + r.IntN(30))
		facts[i] = feed.Fact{Kind: 1, Key: key, Day: day, Day2: day + int32(r.IntN(2)), Who: r.Int64N(1e6),
			Data: make([]byte, 40), Body: make([]byte, 200)}
	}
	return facts
}

// BenchmarkAppend commits groups of facts with the disk awaited, as in
// production, on both engines.
func BenchmarkAppend(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.PostgresDurable} {
		for _, n := range []int{1, 64, 256, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) { benchmarkAppend(b, url(b), n) })
		}
	}
}

func benchmarkAppend(b *testing.B, url string, n int) {
	db := sqldbtest.Open(b, url)
	if err := feed.Migrate(b.Context(), db); err != nil {
		b.Fatal(err)
	}
	l, r := feed.New(db), rand.New(rand.NewPCG(1, 2))
	var rows int
	for b.Loop() {
		facts := responses(r, n)
		if _, _, err := l.Append(b.Context(), brand, facts, time.UnixMicro(int64(rows))); err != nil {
			b.Fatal(err)
		}
		rows += n
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkReadDay streams one day of thirty, as a fold of it does.
func BenchmarkReadDay(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := sqldbtest.Open(b, url(b))
			if err := feed.Migrate(b.Context(), db); err != nil {
				b.Fatal(err)
			}
			l, r := feed.New(db), rand.New(rand.NewPCG(1, 2))
			for range 60 {
				if _, _, err := l.Append(b.Context(), brand, responses(r, 1000), noon); err != nil {
					b.Fatal(err)
				}
			}
			n := 0
			for b.Loop() {
				err := l.ReadDay(b.Context(), brand, 20010, 0, func(*feed.Fact) error { n++; return nil })
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
