package query

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// manyAnswers is how many answers are scanned: RAPPORT_BENCH_ANSWERS, or 1 million.
func manyAnswers(b *testing.B) int {
	n := 1_000_000
	if text := os.Getenv("RAPPORT_BENCH_ANSWERS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// BenchmarkSegment scans a year of answers of a million customers, warm: what a
// question of an arbitrary segment costs once its slabs are in memory.
func BenchmarkSegment(b *testing.B) {
	c := newCrowded(b, "UTC")
	c.chain(8, 1000)
	const days, customers, merged = 365, 1_000_000, 10_000
	first := calendar.Day(19_700)
	r := rand.New(rand.NewPCG(1, 2))
	nps, stores := c.number("nps"), c.book.OfKind(store)
	slabs, row := make([]*tally.Rows, days), int64(0)
	n := manyAnswers(b)
	paths := map[uint32][]uint32{}
	for day := range slabs {
		slabs[day] = tally.NewRows(nps, false)
		for range n / days {
			at := stores[r.IntN(len(stores))]
			if paths[at] == nil {
				paths[at] = c.book.PathAt([]uint32{at}, c.now)
			}
			row++
			slabs[day].Apply(0, &tally.Tally{
				Sign: 1, Row: row, Customer: 1 + r.Int64N(customers), Channel: uint8(1 + r.IntN(7)), Hour: uint8(r.IntN(24)),
				Named: []uint32{at}, Path: paths[at], Scores: []tally.Score{{Metric: nps, Score: uint8(r.IntN(11))}},
			})
		}
	}
	var fifth, half []uint64
	for id := uint64(1); id <= customers; id++ {
		if r.IntN(5) == 0 {
			fifth = append(fifth, id)
		}
		if r.IntN(2) == 0 {
			half = append(half, id)
		}
	}
	c.enter("fifth", first, fifth...)
	c.enter("half", first, half...)
	for id := int64(1); id <= merged; id++ {
		c.people.Merge(id, id+merged)
	}
	window := &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: first.String(), End: (first + days).String()}}}
	ask := func(name string, req *surveyv1.GetMetricRequest) {
		req.Metric, req.Window = "nps", window
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, err := c.b.Metric(b.Context(), req, c.now)
				c.ok(err)
				for k := range p.by {
					p.by[k].learn(p.b)
				}
				s := p.b.cut(p.window, p.grain, p.rolling, false)
				counted := newCounter(p, s)
				sum := newRowSum(p, counted)
				for i := range s.day {
					sum.day(slabs[i], s.first+calendar.Day(i), &s.day[i], 0)
				}
				if counted.total[0].N() == 0 {
					b.Fatal("no answers")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(row), "ns/answer")
		})
	}
	in := &surveyv1.Scope{SegmentId: "fifth"}
	ask("total", &surveyv1.GetMetricRequest{Scope: in})
	ask("total of half", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{SegmentId: "half"}})
	ask("by week", &surveyv1.GetMetricRequest{Scope: in, Grain: commonv1.Grain_GRAIN_WEEK})
	set := packed(b, fifth...)
	ask("given", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{Customers: set}})
	ask("both outside", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{Customers: set, SegmentId: "half", Outside: true}})
	ask("of a region", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{SegmentId: "fifth", Subjects: []*commonv1.SubjectRef{ref(region, "r1")}}})
	ask("by store", &surveyv1.GetMetricRequest{Scope: in, GroupBy: []*surveyv1.GroupBy{{Dimension: 1, Kind: store}}})
	ask("by two segments", &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{{Dimension: 10, SegmentIds: []string{"fifth", "half"}}}})
	b.Run("sql", func(b *testing.B) { joinBySQL(b, slabs, fifth) })
	b.Run("widen", func(b *testing.B) {
		set, err := c.b.Segments.Now(b.Context(), c.b.Name, "fifth")
		c.ok(err)
		for i := 0; b.Loop(); i++ {
			one := people.NewBook()
			one.Merge(1, 2)
			set.Bits(one.Now())
			set.Bits(c.people.Now())
		}
	})
}

// joinBySQL asks SQL for the same of the first million answers: what is compared is
// the time per answer.
func joinBySQL(b *testing.B, slabs []*tally.Rows, members []uint64) {
	var customers, scores, ids []int64
	for _, slab := range slabs {
		for i, c := range slab.Customer[:min(slab.Len(), 1_000_000-len(customers))] {
			customers, scores = append(customers, c), append(scores, int64(slab.Score[i]))
		}
	}
	for _, id := range members {
		ids = append(ids, int64(id))
	}
	for name, url := range map[string]string{"sqlite": sqldbtest.SQLite(b), "postgres": sqldbtest.Postgres(b)} {
		b.Run(name, func(b *testing.B) {
			db := sqldbtest.Open(b, url)
			err := db.Write(b.Context(), func(tx *sqldb.Tx) error {
				for _, q := range []string{"CREATE TABLE answer (customer BIGINT NOT NULL, score BIGINT NOT NULL)", "CREATE TABLE member (customer BIGINT PRIMARY KEY)"} {
					if _, err := tx.Exec(b.Context(), q); err != nil {
						return err
					}
				}
				_, err := tx.Insert(b.Context(), sqldb.Insert{Into: "answer", Columns: []sqldb.Column{{Name: "customer", Data: customers}, {Name: "score", Data: scores}}})
				if err == nil {
					_, err = tx.Insert(b.Context(), sqldb.Insert{Into: "member", Columns: []sqldb.Column{{Name: "customer", Data: ids}}})
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				var n, sum int64
				err := db.QueryRow(b.Context(), "SELECT count(*), sum(score) FROM answer JOIN member USING (customer)").Scan(&n, &sum)
				if err != nil || n == 0 {
					b.Fatal(n, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(customers)), "ns/answer")
		})
	}
}
