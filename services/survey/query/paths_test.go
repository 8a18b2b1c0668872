package query

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// randomQuestion asks anything that histograms may know.
func randomQuestion(r *rand.Rand) *surveyv1.GetMetricRequest {
	pick := func(n int) bool { return r.IntN(n) == 0 }
	q := &surveyv1.GetMetricRequest{
		Metric: []string{"nps", "low.share", "csi.queue", "csi"}[r.IntN(4)],
		Clock:  surveyv1.Clock(1 + r.IntN(2)), Scope: &surveyv1.Scope{},
		Grain: []commonv1.Grain{0, commonv1.Grain_GRAIN_DAY, commonv1.Grain_GRAIN_WEEK, commonv1.Grain_GRAIN_MONTH}[r.IntN(4)],
	}
	switch r.IntN(3) {
	case 0:
		q.Window = &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 30}}
	case 1:
		q.Window = &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2024-03-25", End: "2024-04-03"}}}
	}
	if q.Clock == surveyv1.Clock_CLOCK_ANSWER && pick(2) {
		start := time.Date(2024, 3, 30, 5, 15, 0, 0, time.UTC)
		q.Window = &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{
			Start: timestamppb.New(start), End: timestamppb.New(start.Add(53 * time.Hour))}}}
		q.Grain = commonv1.Grain(1 + r.IntN(3))
	} else if q.Grain >= commonv1.Grain_GRAIN_DAY && pick(2) {
		q.RollingDays = int32(1 + r.IntN(10))
	}
	if pick(3) {
		q.Scope.Channels = []commonv1.Channel{1, 3, commonv1.Channel(r.IntN(12))}
	}
	switch r.IntN(6) {
	case 0:
		q.Scope.Subjects = []*commonv1.SubjectRef{ref(region, "r1")}
	case 1:
		q.Scope.Subjects = []*commonv1.SubjectRef{ref(store, "s001"), ref(store, "s003"), ref(seller, "x1")}
	case 2:
		q.Scope.Labels = map[string]string{"format": "hyper"}
	}
	dimensions := []*surveyv1.GroupBy{
		{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL},
		{Dimension: surveyv1.Dimension_DIMENSION_DAY_OF_WEEK},
		{Dimension: surveyv1.Dimension_DIMENSION_HOUR},
		{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: region},
		{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: store},
		{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT_KIND},
		{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Key: "format"},
		{Dimension: surveyv1.Dimension_DIMENSION_LABEL, Key: "format", Kind: store},
	}
	r.Shuffle(len(dimensions), func(i, j int) { dimensions[i], dimensions[j] = dimensions[j], dimensions[i] })
	q.GroupBy = dimensions[:r.IntN(3)]
	return q
}

// Histograms and rows give the same answer wherever both may be asked.
func TestBothWaysAgree(t *testing.T) {
	for _, several := range []bool{false, true} {
		w := newWorld(t, "Europe/Berlin")
		w.chain(3, 70)
		r := rand.New(rand.NewPCG(11, 12))
		w.random(r, 1500, 70, several)
		for range 20 {
			w.retract(r.IntN(len(w.truth)))
		}
		byCells := 0
		for range 200 {
			req := randomQuestion(r)
			p, err := w.b.Metric(t.Context(), req, w.now)
			w.ok(err)
			if p.fromCells() {
				byCells++
			}
			got, gotErr := p.Answer(t.Context())
			again, err := w.b.Metric(t.Context(), req, w.now)
			w.ok(err)
			again.rowsOnly = true
			want, wantErr := again.Answer(t.Context())
			if (gotErr == nil) != (wantErr == nil) {
				t.Fatalf("%v\nhistograms: %v, rows: %v", req, gotErr, wantErr)
			}
			// Equal first: a diff of thousands of points takes its time.
			if !proto.Equal(want, got) {
				t.Fatalf("%v\n%s", req, cmp.Diff(want, got, protocmp.Transform()))
			}
			if gotErr == nil {
				sumsUp(t, req, got)
			}
		}
		if byCells < 100 {
			t.Errorf("only %d of 200 questions went by histograms", byCells)
		}
	}
}

// sumsUp checks what must hold of every answer.
func sumsUp(t *testing.T, req *surveyv1.GetMetricRequest, a *surveyv1.GetMetricResponse) {
	t.Helper()
	check := func(s *surveyv1.Score) {
		var n int64
		for _, c := range s.GetHistogram() {
			n += c
		}
		if n != s.GetN() && len(s.GetHistogram()) > 0 {
			t.Fatalf("%v: buckets sum to %d of %d", req, n, s.GetN())
		}
		if req.GetMetric() == "nps" && s.GetPromoters()+s.GetPassives()+s.GetDetractors() != s.GetN() {
			t.Fatalf("%v: groups of NPS do not sum to n: %v", req, s)
		}
		if (s.GetN() == 0) != (s.Value == nil) || math.IsNaN(s.GetValue()) {
			t.Fatalf("%v: %v", req, s)
		}
	}
	check(a.GetTotal())
	for _, s := range a.GetSeries() {
		check(s.GetTotal())
		n := int64(0)
		for _, p := range s.GetPoints() {
			check(p.GetScore())
			n += p.GetScore().GetN()
		}
		if req.GetGrain() != 0 && req.GetRollingDays() == 0 && n != s.GetTotal().GetN() {
			t.Fatalf("%v: points of %v sum to %d of %d", req, s.GetKey(), n, s.GetTotal().GetN())
		}
	}
}
