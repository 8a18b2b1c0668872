package query

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// benchWorld is a chain of 1,000 stores with 30 days of 10,000 answers a day.
func benchWorld(b *testing.B) *world {
	b.Helper()
	w := newWorld(b, "Europe/Moscow")
	w.chain(8, 1000)
	stores := w.book.OfKind(store)
	nps := w.number("nps")
	r := rand.New(rand.NewPCG(1, 2))
	for day := range 30 {
		at := time.Date(2024, 3, 22+day, 9, 0, 0, 0, time.UTC)
		paths := map[uint32][]uint32{}
		for range 10 {
			batch := make([]*tally.Tally, 1000)
			for i := range batch {
				n := stores[r.IntN(len(stores))]
				if paths[n] == nil {
					paths[n] = w.book.PathAt([]uint32{n}, at)
				}
				live, quarter := w.b.Zone.Quarter(at)
				batch[i] = &tally.Tally{
					Sign: 1, Day: int32(live), Live: int32(live), Quarter: uint8(quarter), Channel: uint8(1 + r.IntN(7)),
					Named: []uint32{n}, Path: paths[n], Scores: []tally.Score{{Metric: nps, Score: uint8(r.IntN(11))}},
				}
			}
			w.submit(batch...)
			w.truth = nil
		}
	}
	return w
}

func BenchmarkQuestions(b *testing.B) {
	w := benchWorld(b)
	month := &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 30}}
	w.now = time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)
	one := []*commonv1.SubjectRef{ref(store, "s500")}
	metric := func(name string, req *surveyv1.GetMetricRequest, rows bool) {
		b.Run(name, func(b *testing.B) {
			req.Metric, req.Window = "nps", month
			ask := func() {
				p, err := w.b.Metric(b.Context(), req, w.now)
				w.ok(err)
				p.rowsOnly = rows
				a, err := p.Answer(b.Context())
				w.ok(err)
				if a.Total.N == 0 {
					b.Fatal("no answers")
				}
			}
			ask() // loads the slabs
			for b.Loop() {
				ask()
			}
		})
	}
	metric("store", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{Subjects: one}, Grain: commonv1.Grain_GRAIN_DAY}, false)
	metric("store/rows", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{Subjects: one}, Grain: commonv1.Grain_GRAIN_DAY}, true)
	metric("network by region", &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{{Dimension: 1, Kind: region}}, Grain: commonv1.Grain_GRAIN_DAY}, false)
	metric("network by store", &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{{Dimension: 1, Kind: store}}}, false)
	metric("network by label", &surveyv1.GetMetricRequest{GroupBy: []*surveyv1.GroupBy{{Dimension: 7, Key: "format", Kind: store}}}, false)
	metric("region by store", &surveyv1.GetMetricRequest{Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{ref(region, "r1")}}, GroupBy: []*surveyv1.GroupBy{{Dimension: 1, Kind: store}}}, false)
	b.Run("store/cached", func(b *testing.B) {
		req := &surveyv1.GetMetricRequest{Metric: "nps", Window: month, Scope: &surveyv1.Scope{Subjects: one}, Grain: commonv1.Grain_GRAIN_DAY}
		for b.Loop() {
			_, err := w.b.GetMetric(b.Context(), req, w.now)
			w.ok(err)
		}
	})
	b.Run("ranking", func(b *testing.B) {
		req := &surveyv1.RankSubjectsRequest{Metric: "nps", Kind: store, Window: month}
		for b.Loop() {
			r, err := w.b.Ranking(b.Context(), req, w.now)
			w.ok(err)
			a, err := r.Page(b.Context(), 0, 100)
			w.ok(err)
			if a.Ranked != 1000 {
				b.Fatal(fmt.Sprint(a.Ranked))
			}
		}
	})
}
