package lake

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// events is how many a benchmark goes over: a million, or what
// RAPPORT_BENCH_LAKE_EVENTS says; of a tenth as many customers, over a year.
func events(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("RAPPORT_BENCH_LAKE_EVENTS"))
	if err != nil {
		return 1e6
	}
	return n
}

var kinds = []string{"visit", "cart", "checkout", "order.placed", "purchase", "order.shipped", "order.delivered", "contact.call", "return", "review"}

// year fills a lake with a year of months, written by its own writer without a log.
func year(b *testing.B, w *world, l *Lake, n int) {
	r := rand.New(rand.NewPCG(1, 2))
	first := calendar.DayOn(2024, 1, 1)
	w.today(first + 400)
	number := int64(0)
	at := newManifest(0, nil)
	for days := range (calendar.Days{From: first, Until: first + 366}).Split(calendar.GrainMonth) {
		var rows [Buckets][]Row
		for range n * days.Len() / 366 {
			number++
			who := 1 + r.Int64N(int64(n/10))
			p := record.Packed{Number: number, Who: who, Kind: kinds[r.IntN(len(kinds))], Channel: commonv1.Channel(1 + r.IntN(11)),
				Subjects: []record.Subject{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: strconv.Itoa(r.IntN(500))}},
				Order:    fmt.Sprintf("order-%d-%d", who, days.From), At: calendar.UTC.StartOf(days.From).UnixMicro() + r.Int64N(int64(days.Len())*86400e6)}
			f := fact(p, record.Event, 0)
			rows[bucket(who, "")] = append(rows[bucket(who, "")], newRow(&f, &p))
		}
		c := swap{days: days}
		for i := range rows {
			sortRows(rows[i])
			f := File{Path: name(brand, days, i), Days: days, Bucket: int32(i), Events: int64(len(rows[i]))}
			var err error
			if f.Size, err = write(l.local(f.Path), rows[i]); err != nil {
				b.Fatal(err)
			}
			c.born = append(c.born, f)
		}
		if err := l.store.swap(b.Context(), brand, at.version, c, w.clock()); err != nil {
			b.Fatal(err)
		}
		at = at.after(c)
	}
}

func BenchmarkLoad(b *testing.B) {
	w := newWorld(b, sqldbtest.Open(b, sqldbtest.SQLite(b)))
	l := w.lake(0)
	n := events(b)
	year(b, w, l, n)
	load := func(b *testing.B, l *Lake, unit journeyv1.Unit, days calendar.Days) {
		all, err := l.Load(b.Context(), brand, unit, days)
		if err != nil {
			b.Fatal(err)
		}
		if len(all.Parts) < Buckets {
			b.Fatalf("%d parts", len(all.Parts))
		}
	}
	first := calendar.DayOn(2024, 1, 1)
	for name, days := range map[string]calendar.Days{"ever": Ever, "week": {From: first + 40, Until: first + 47}} {
		for _, unit := range []journeyv1.Unit{journeyv1.Unit_UNIT_PERSON, journeyv1.Unit_UNIT_ORDER} {
			b.Run(fmt.Sprintf("cold/%s/%s", name, unit), func(b *testing.B) {
				for b.Loop() {
					load(b, w.lake(0), unit, days)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
	for _, k := range []string{"same", "moved"} {
		b.Run("warm/"+k, func(b *testing.B) {
			l := New(w.lake(0).cfg, w.db, w.log, w.clock, w.lake(0).warn)
			l.cache.budget = 1 << 30
			load(b, l, journeyv1.Unit_UNIT_PERSON, Ever)
			minute := 0
			for b.Loop() {
				if k == "moved" {
					minute++
					w.record(fact(happening(int64(1+minute%100), "visit", first+399, minute), record.Event, 0))
				}
				load(b, l, journeyv1.Unit_UNIT_PERSON, Ever)
			}
			b.ReportMetric(float64(l.cache.used)/float64(n), "B/event")
		})
	}
}

// BenchmarkSeal writes a month of a twelfth of the events out of the log.
func BenchmarkSeal(b *testing.B) {
	w := newWorld(b, sqldbtest.Open(b, sqldbtest.SQLite(b)))
	n := events(b) / 12
	r := rand.New(rand.NewPCG(1, 2))
	w.today(start + 1)
	for range n / 1000 {
		facts := make([]feed.Fact, 1000)
		for i := range facts {
			facts[i] = fact(happening(1+r.Int64N(int64(n)), kinds[r.IntN(len(kinds))], start-calendar.Day(r.IntN(31)), r.IntN(1440)), record.Event, 0)
		}
		w.record(facts...)
	}
	for b.Loop() {
		l := w.lake(0)
		l.bounds.atOnce = 1 << 20
		if done := w.seal(l, true); done.Events != int64(n/1000*1000) {
			b.Fatalf("sealed %+v", done)
		}
		m, err := l.store.manifest(b.Context(), brand)
		if err != nil {
			b.Fatal(err)
		}
		if err := l.store.swap(b.Context(), brand, m.version, swap{dead: m.files}, w.clock()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
