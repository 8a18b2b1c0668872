package segmentation_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// What is said of a metric before and after is what Survey itself says of the two, for
// metrics of every kind, and the plan was made of what was there before.
func TestHypothesesOfMetrics(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 30)
		createSegment(t, l.r, listOf("few", upTo(20)...))
		rnd := rand.New(rand.NewPCG(5, 6))
		for range 120 {
			customer, ago := 1+rnd.Int64N(30), 1+rnd.IntN(28)
			score := rnd.Int32N(11)
			if ago <= 14 {
				score = max(score, rnd.Int32N(11), rnd.Int32N(11))
			}
			l.says(customer, score, ago)
		}
		for i, m := range scored {
			l.asSurveySays(hypothesis(m.metric.GetName()[:3], metricOf(m.metric.GetName()), []float64{20, 10, 0.5, -1, 300}[i]))
		}
		l.asSurveySays(hypothesis("low", metricOf("low.share"), -10))
	})
}

func (l *lab) asSurveySays(h *segmentationv1.Hypothesis) {
	t := l.t
	t.Helper()
	is, err := l.supposes(h)
	if err != nil {
		t.Fatal(h.GetId(), err)
	}
	side := func(r *commonv1.DateRange) *surveyv1.MetricSide {
		return &surveyv1.MetricSide{Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: r}}, Scope: &surveyv1.Scope{SegmentId: "few"}}
	}
	want, err := l.s.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Brand: brand, Metric: h.GetMeasure().GetMetric(), A: side(h.GetAfter()), B: side(h.GetBefore())})
	if err != nil {
		t.Fatal(err)
	}
	got := l.hypothesis(h.GetId()).GetData()
	same := func(what string, got, want float64) {
		t.Helper()
		if math.IsNaN(got) || math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
			t.Errorf("%s: %s is %v, want %v", h.GetId(), what, got, want)
		}
	}
	same("before", got.GetBefore().GetValue(), want.GetB().GetValue())
	same("after", got.GetAfter().GetValue(), want.GetA().GetValue())
	same("change", got.GetChange(), want.GetDifference())
	same("low", got.GetLow(), want.GetDifference()-want.GetMargin())
	same("high", got.GetHigh(), want.GetDifference()+want.GetMargin())
	same("baseline", is.GetPlan().GetBaseline(), want.GetB().GetValue())
	if is.GetPlan().GetN() != want.GetB().GetN() || got.GetSignificant() != want.GetSignificant() || got.GetVerdict() == segmentationv1.Verdict_VERDICT_UNSPECIFIED {
		t.Errorf("%s: %v of %v, want %v", h.GetId(), got, is.GetPlan(), want)
	}
	if is.GetPlan().GetNeeded() < 2 || is.GetPlan().GetPower() <= 0 || is.GetPlan().GetPower() > 100 {
		t.Errorf("%s: %v", h.GetId(), is.GetPlan())
	}
}

// A hypothesis goes around once: written down, looked at while data come, concluded with
// those of that moment, which nothing changes any more.
func TestHypothesisGoesAround(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 12)
		createSegment(t, l.r, listOf("few", upTo(10)...))
		for id := int64(1); id <= 10; id++ {
			l.buys(id, 20, 100*id)
		}
		l.followed(12, 1)
		spent := purchasesBy(segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_SPENT)
		h, err := l.supposes(hypothesis("till", spent, 200))
		if err != nil {
			t.Fatal(err)
		}
		if p := h.GetPlan(); p.GetBaseline() != 550 || p.GetN() != 10 || math.Abs(p.GetDeviation()-302.765) > 0.001 {
			t.Errorf("plan %v", p)
		}
		again, err := l.supposes(hypothesis("till", spent, 200))
		if diff := cmp.Diff(h, again, protocmp.Transform()); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if _, err := l.supposes(hypothesis("till", spent, 300)); !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
			t.Errorf("another one: %v", err)
		}
		for id := int64(1); id <= 10; id++ {
			l.buys(id, 7, 1000+100*id)
			l.buys(id, 6, -200)
		}
		l.followed(12, 2)
		data := l.hypothesis("till").GetData()
		if data.GetBefore().GetValue() != 550 || data.GetAfter().GetValue() != 1350 || data.GetChange() != 800 ||
			data.GetVerdict() != segmentationv1.Verdict_VERDICT_CONFIRMED {
			t.Errorf("data %v", data)
		}
		l.concludes(url, data)
	})
}

func (l *lab) concludes(url string, data *segmentationv1.Difference) {
	t := l.t
	t.Helper()
	end := &segmentationv1.HypothesisConclusion{Decision: segmentationv1.HypothesisConclusion_DECISION_ADOPT, Insight: "Two tills pay."}
	conclude := func(c *segmentationv1.HypothesisConclusion) (*segmentationv1.Hypothesis, error) {
		out, err := l.r.ConcludeHypothesis(t.Context(), &segmentationv1.ConcludeHypothesisRequest{Brand: brand, Id: "till", Conclusion: c})
		return out.GetHypothesis(), err
	}
	h, err := conclude(end)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(data, h.GetConclusion().GetResult(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	l.buys(1, 5, 1_000_000)
	l.followed(12, 3)
	again, err := conclude(end)
	if diff := cmp.Diff(h, again, protocmp.Transform()); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if diff := cmp.Diff(data, l.hypothesis("till").GetData(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	other := proto.CloneOf(end)
	other.Decision = segmentationv1.HypothesisConclusion_DECISION_REJECT
	if _, err := conclude(other); !fault.Is(err, commonv1.Reason_REASON_HYPOTHESIS_CONCLUDED) {
		t.Errorf("concluded otherwise: %v", err)
	}
	// A replica that starts now reads the same.
	late := newReplica(t, url, "", l.c.Now)
	for open, want := range map[bool]int{false: 1, true: 0} {
		out, err := late.ListHypotheses(t.Context(), &segmentationv1.ListHypothesesRequest{Brand: brand, SegmentId: "few", Open: open})
		if err != nil || len(out.GetHypotheses()) != want {
			t.Fatal(out, err)
		}
		for _, one := range out.GetHypotheses() {
			if diff := cmp.Diff(h, one, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		}
	}
	audit(t, url, "")
}

// Until the days after are over nobody has had the time to buy as much as before.
func TestHypothesisStaysOpenWhileDaysGoOn(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 12)
		createSegment(t, l.r, listOf("few", upTo(10)...))
		for id := int64(1); id <= 10; id++ {
			l.buys(id, 10, 1000+id)
		}
		l.followed(12, 1)
		h := hypothesis("early", purchasesBy(segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_COUNT), 1)
		h.Before, h.After = dateRange(start.AddDate(0, 0, -14), start.AddDate(0, 0, -7)), dateRange(start.AddDate(0, 0, -6), start.AddDate(0, 0, 1))
		if _, err := l.supposes(h); err != nil {
			t.Fatal(err)
		}
		// In the last days after somebody bought something, so that both sides vary.
		l.buys(1, 1, 50)
		l.buys(2, 8, 50)
		l.followed(12, 2)
		if got := l.hypothesis("early").GetData(); !got.GetSignificant() || got.GetVerdict() != segmentationv1.Verdict_VERDICT_OPEN {
			t.Errorf("while they go on: %v", got)
		}
		l.c.Add(24 * time.Hour)
		if got := l.hypothesis("early").GetData(); got.GetVerdict() != segmentationv1.Verdict_VERDICT_REVERSED {
			t.Errorf("when they are over: %v", got)
		}
	})
}

// Without Survey what needs it is not written, and what is read says why it lacks data.
func TestHypothesesWithoutSurvey(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 12)
		createSegment(t, l.r, listOf("few", upTo(10)...))
		l.says(1, 5, 20)
		if _, err := l.supposes(hypothesis("known", metricOf("nps.lab"), 5)); err != nil {
			t.Fatal(err)
		}
		l.leave()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		_, err := l.r.CreateHypothesis(ctx, &segmentationv1.CreateHypothesisRequest{Brand: brand, Hypothesis: hypothesis("new", metricOf("nps.lab"), 5)})
		if fault.Code(err) != codes.Unavailable || !fault.Retryable(err) {
			t.Errorf("created: %v", err)
		}
		got, err := l.r.GetHypothesis(ctx, &segmentationv1.GetHypothesisRequest{Brand: brand, Id: "known"})
		if err != nil || got.GetData() != nil || got.GetMissing() == "" {
			t.Errorf("read: %v %v", got, err)
		}
		_, err = l.r.ConcludeHypothesis(t.Context(), &segmentationv1.ConcludeHypothesisRequest{Brand: brand, Id: "known",
			Conclusion: &segmentationv1.HypothesisConclusion{Decision: segmentationv1.HypothesisConclusion_DECISION_REPEAT, Insight: "Nothing yet."}})
		if fault.Code(err) != codes.Unavailable {
			t.Errorf("concluded: %v", err)
		}
		if _, err := l.r.GetHypothesis(t.Context(), &segmentationv1.GetHypothesisRequest{Brand: brand, Id: "new"}); !fault.Is(err, commonv1.Reason_REASON_HYPOTHESIS_UNKNOWN) {
			t.Errorf("was written: %v", err)
		}
		alone := newReplica(t, url, "", l.c.Now)
		_, err = alone.CreateHypothesis(t.Context(), &segmentationv1.CreateHypothesisRequest{Brand: brand, Hypothesis: hypothesis("new", metricOf("nps.lab"), 5)})
		if fault.Code(err) != codes.InvalidArgument || fault.From(err).Fields[0].Path != "hypothesis.measure.metric" {
			t.Errorf("without Survey at all: %v", err)
		}
	})
}

func TestHypothesesAreRefused(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := newLab(t, url, 12)
		createSegment(t, l.r, listOf("few", upTo(10)...))
		createSegment(t, l.r, listOf("others", 11))
		if _, err := l.splits(&segmentationv1.Experiment{Id: "theirs", SegmentId: "others", HoldOutBp: 1000, Arms: []*segmentationv1.Arm{{Name: "a"}}}); err != nil {
			t.Fatal(err)
		}
		buyers := purchasesBy(segmentationv1.PurchaseMeasure_PURCHASE_MEASURE_BUYERS)
		for want, change := range map[string]func(*segmentationv1.Hypothesis){
			"hypothesis.expected":         func(h *segmentationv1.Hypothesis) { h.Expected = 0 },
			"hypothesis.plan":             func(h *segmentationv1.Hypothesis) { h.Plan = &segmentationv1.HypothesisPlan{} },
			"hypothesis.before.start":     func(h *segmentationv1.Hypothesis) { h.Before.Start = "2026-13-01" },
			"hypothesis.after.end":        func(h *segmentationv1.Hypothesis) { h.After.End = h.GetAfter().GetStart() },
			"hypothesis.after.start":      func(h *segmentationv1.Hypothesis) { h.After.Start = h.GetBefore().GetStart() },
			"hypothesis.after.end ":       func(h *segmentationv1.Hypothesis) { h.After.End = "2026-03-09" },
			"hypothesis.experiment_id":    func(h *segmentationv1.Hypothesis) { h.ExperimentId = "theirs" },
			"hypothesis.measure.metric":   func(h *segmentationv1.Hypothesis) { h.Measure = metricOf("nps.nobody") },
			"hypothesis.measure":          func(h *segmentationv1.Hypothesis) { h.Measure = nil },
			"SEGMENT_UNKNOWN":             func(h *segmentationv1.Hypothesis) { h.SegmentId = "nobody" },
			"EXPERIMENT_UNKNOWN":          func(h *segmentationv1.Hypothesis) { h.ExperimentId = "none" },
			"hypothesis.measure.metric  ": func(h *segmentationv1.Hypothesis) { h.Measure = metricOf("") },
		} {
			h := hypothesis("wrong", buyers, 5)
			change(h)
			_, err := l.supposes(h)
			f := fault.From(err)
			if got := blamed(f); err == nil || got != strings.TrimSpace(want) {
				t.Errorf("%s: told %q: %v", want, got, err)
			}
		}
		if out, err := l.r.ListHypotheses(t.Context(), &segmentationv1.ListHypothesesRequest{Brand: brand}); err != nil || len(out.GetHypotheses()) > 0 {
			t.Error(out, err)
		}
	})
}

// blamed is the first field of a refusal, or else its reason.
func blamed(f *fault.Error) string {
	if f == nil {
		return ""
	}
	if len(f.Fields) > 0 {
		return f.Fields[0].Path
	}
	return f.Reason
}
