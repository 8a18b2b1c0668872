package report

import (
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/score"
)

// kinds are the metrics whose differences can be judged, as Survey counts them.
var kinds = []struct {
	metric *surveyv1.Metric
	def    score.Def
}{
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS, ScaleMax: 10}, score.Def{Kind: score.NPS}},
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_CSAT, ScaleMin: 1, ScaleMax: 5}, score.Def{Kind: score.CSAT, Min: 1, Max: 5, Threshold: 4}},
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_CES, ScaleMin: 1, ScaleMax: 7}, score.Def{Kind: score.CES}},
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 0, ScaleMax: 10}, score.Def{Kind: score.Rating, Min: 0, Max: 10}},
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, ScaleMin: 1, ScaleMax: 10}, score.Def{Kind: score.CSI, Min: 1, Max: 10}},
	{&surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE, ScaleMax: 1}, score.Def{Kind: score.LowShare}},
}

// answers are some at random, leaning to one end of the scale or the other.
func answers(random *rand.Rand, m *surveyv1.Metric) (h score.Hist) {
	low, top := int(m.GetScaleMin()), int(m.GetScaleMax())
	lean := random.Float64()*3 + 0.3
	for range 1 + random.IntN(1+random.IntN(200)) {
		s := low + int(math.Pow(random.Float64(), lean)*float64(top-low+1))
		importance := 0
		if m.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_ITEM {
			importance = low + random.IntN(top-low+1)
		}
		h.Add(s, importance, 1)
	}
	return h
}

// told is what Survey tells of answers.
func told(d score.Def, h score.Hist) *surveyv1.Score {
	r := score.Evaluate(d, h)
	if r.Absent {
		return &surveyv1.Score{}
	}
	out := &surveyv1.Score{N: r.N, Value: proto.Float64(r.Value), Histogram: r.Counts[:],
		Promoters: r.Promoters, Passives: r.Passives, Detractors: r.Detractors, Positive: r.Positive}
	if r.Interval.Known {
		out.Low, out.High = proto.Float64(r.Interval.Low), proto.Float64(r.Interval.High)
	}
	return out
}

// What a report calls beyond chance is what Survey calls so, of the answers themselves.
func TestChangesAreJudgedAsSurveyDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, k := range kinds {
		beyond := 0
		for range 3000 {
			a, b := answers(random, k.metric), answers(random, k.metric)
			want := score.Compare(k.def, a, b)
			got := changed(k.metric, told(k.def, a), told(k.def, b))
			if got.GetSignificant() != want.Significant || math.Abs(got.GetChange()-want.Delta) > 1e-9 {
				t.Fatalf("%v: %v, want %+v", k.metric.GetKind(), got, want)
			}
			if want.Significant {
				beyond++
			}
		}
		if beyond == 0 || beyond == 3000 {
			t.Errorf("%v: %d of 3000 beyond chance", k.metric.GetKind(), beyond)
		}
	}
}

// A subject is held against the others of its kind, not against itself among them.
func TestPeersAreTheOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, k := range kinds {
		for range 1000 {
			own, others := answers(random, k.metric), answers(random, k.metric)
			all := own
			all.Merge(&others)
			want := score.Compare(k.def, own, others).Significant
			of := sampled(k.metric, told(k.def, own))
			if got := apart(of, sampled(k.metric, told(k.def, all)).without(of)); got != want {
				t.Fatalf("%v: %v, want %v", k.metric.GetKind(), got, want)
			}
			if apart(of, of.without(of)) {
				t.Fatalf("%v: differs from nobody", k.metric.GetKind())
			}
		}
	}
}

func TestNothingIsBesideNothing(t *testing.T) {
	m := kinds[0].metric
	some := told(kinds[0].def, answers(rand.New(rand.NewPCG(1, 1)), m))
	if got := changed(m, some, nil); got != nil {
		t.Error("not asked for:", got)
	}
	if got := changed(m, some, &surveyv1.Score{}); got.Then != nil || got.Change != nil || got.GetSignificant() {
		t.Error("nobody answered then:", got)
	}
	if got := changed(m, &surveyv1.Score{}, some); got.GetThen() != some.GetValue() || got.Change != nil || got.GetSignificant() {
		t.Error("nobody answered now:", got)
	}
	overall := &surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL}
	if got := changed(overall, &surveyv1.Score{N: 9, Value: proto.Float64(90)}, &surveyv1.Score{N: 9, Value: proto.Float64(1)}); got.GetSignificant() || got.GetChange() != 89 {
		t.Error("of the overall index chance cannot be told:", got)
	}
}
