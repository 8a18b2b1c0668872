package query

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

func dates(start, end string) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: start, End: end}}}
}

func instants(start, end time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{Start: timestamppb.New(start), End: timestamppb.New(end)}}}
}

// scored records one answer to a metric, experienced and answered at once.
func (w *world) scored(at time.Time, metric string, score, importance uint8, named ...uint32) {
	w.t.Helper()
	f := w.answer(at, at, named...)
	f.Scores = []tally.Score{{Metric: w.number(metric), Score: score, Importance: importance}}
	w.submit(f)
}

func (w *world) get(req *surveyv1.GetMetricRequest) *surveyv1.GetMetricResponse {
	w.t.Helper()
	a, err := w.b.GetMetric(context.Background(), req, w.now)
	w.ok(err)
	return a
}

func TestNothingIsAbsentNotZero(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 1)
	a := w.get(&surveyv1.GetMetricRequest{Metric: "nps", Grain: commonv1.Grain_GRAIN_DAY})
	if s := a.Total; s.N != 0 || s.Value != nil || s.Low != nil || s.Mean != nil || len(s.Histogram) != 0 {
		t.Errorf("a score of nothing: %v", s)
	}
	if a.AsOf != nil || len(a.Series) != 1 || len(a.Series[0].Points) != 0 {
		t.Errorf("an answer about nothing: %v", a)
	}
}

// The handbook's vector: weights 7,5,9,3,6, scores 8,4,8,3,4 of five parameters.
func TestCSIVector(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 1)
	weights, scores := []uint8{7, 5, 9, 3, 6}, []uint8{8, 4, 8, 3, 4}
	var names []string
	for i := range weights {
		name := "csi.p" + string(rune('1'+i))
		w.metric(name, surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, 1, 10, 0)
		names = append(names, name)
		w.scored(w.now, name, scores[i], weights[i])
	}
	w.metric("csi.all", surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, 0, 0, 0, names...)
	s := w.get(&surveyv1.GetMetricRequest{Metric: "csi.all"}).Total
	near := func(got, want float64) bool { return got > want-1e-9 && got < want+1e-9 }
	if !near(s.GetValue(), 36.2) || !near(s.GetWeighted(), 181.0/30) || !near(s.GetWeightedPercent(), 1810.0/30) || s.Low != nil {
		t.Errorf("overall CSI: %v", s)
	}
}

// The day on which clocks go forward has 23 hours, the one on which they go
// back 25; none is lost and none counts twice.
func TestDaysOfClockChange(t *testing.T) {
	w := newWorld(t, "Europe/Berlin")
	w.chain(1, 1)
	for _, c := range []struct {
		day   string
		next  string
		hours int
	}{{"2024-03-31", "2024-04-01", 23}, {"2023-10-29", "2023-10-30", 25}} {
		date, err := time.ParseInLocation(time.DateOnly, c.day, w.b.Zone.Location())
		w.ok(err)
		for h := range c.hours {
			w.scored(date.Add(time.Duration(h)*time.Hour+30*time.Minute), "nps", 10, 0)
		}
		a := w.get(&surveyv1.GetMetricRequest{Metric: "nps", Window: dates(c.day, c.next), Grain: commonv1.Grain_GRAIN_HOUR})
		if got := len(a.Series[0].Points); got != c.hours || a.Total.N != int64(c.hours) {
			t.Errorf("%s: %d answers at %d hours, want %d", c.day, a.Total.N, got, c.hours)
		}
		byHour := w.get(&surveyv1.GetMetricRequest{
			Metric: "nps", Window: dates(c.day, c.next), Clock: surveyv1.Clock_CLOCK_ANSWER,
			GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_HOUR}},
		})
		for _, s := range byHour.Series {
			want := int64(1)
			if s.Key[0] == "02" {
				want = 2 // the hour that repeats; the one that is skipped has no series
			}
			if s.Total.N != want {
				t.Errorf("%s, hour %s: %d answers", c.day, s.Key[0], s.Total.N)
			}
		}
	}
}

// A month ends at midnight in the brand's zone, not in another.
func TestMonthBoundaryIsTheBrands(t *testing.T) {
	w := newWorld(t, "Asia/Vladivostok")
	w.chain(1, 1)
	midnight := time.Date(2024, 2, 1, 0, 0, 0, 0, w.b.Zone.Location())
	w.scored(midnight.Add(-time.Second), "nps", 0, 0)
	w.scored(midnight, "nps", 10, 0)
	a := w.get(&surveyv1.GetMetricRequest{Metric: "nps", Grain: commonv1.Grain_GRAIN_MONTH, Window: dates("2024-01-01", "2024-03-01")})
	p := a.Series[0].Points
	if len(p) != 2 || p[0].Score.GetValue() != -100 || p[1].Score.GetValue() != 100 || !p[1].Start.AsTime().Equal(midnight) {
		t.Errorf("points: %v", p)
	}
}

// Rolling points pool the days, also those before the window.
func TestRollingPoolsDays(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 1)
	day := func(d int) time.Time { return time.Date(2024, 3, d, 12, 0, 0, 0, time.UTC) }
	for range 3 {
		w.scored(day(1), "nps", 10, 0)
	}
	w.scored(day(3), "nps", 0, 0)
	w.scored(day(5), "nps", 10, 0)
	a := w.get(&surveyv1.GetMetricRequest{
		Metric: "nps", Window: dates("2024-03-03", "2024-03-10"), Grain: commonv1.Grain_GRAIN_DAY, RollingDays: 3,
	})
	got := map[int]float64{}
	for _, p := range a.Series[0].Points {
		got[p.Start.AsTime().Day()] = p.Score.GetValue()
	}
	want := map[int]float64{3: 50, 4: -100, 5: 0, 6: 100, 7: 100}
	if diff := cmp.Diff(want, got); diff != "" || a.Total.N != 2 {
		t.Errorf("total of %d\n%s", a.Total.N, diff)
	}
}

// An amended or retracted answer leaves nothing behind, and is seen at once.
func TestAmendedAnswerIsGone(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 1)
	req := &surveyv1.GetMetricRequest{Metric: "nps", Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 1}}}
	w.scored(w.now, "nps", 0, 0)
	w.scored(w.now, "nps", 9, 0)
	if a := w.get(req); a.Total.N != 2 || a.Total.GetValue() != 0 {
		t.Fatalf("before: %v", a.Total)
	}
	w.retract(0)
	if a := w.get(req); a.Total.N != 1 || a.Total.GetValue() != 100 || a.Total.Histogram[0] != 0 {
		t.Errorf("after: %v", a.Total)
	}
	w.now = w.now.Add(24 * time.Hour)
	if a := w.get(req); a.Total.N != 0 {
		t.Errorf("today moved on and the answer did not: %v", a.Total)
	}
}

// What a definition changes is seen by the next question.
func TestNewDefinitionIsUsed(t *testing.T) {
	w := newWorld(t, "UTC")
	w.chain(1, 1)
	s := w.subject(store, "s000")
	w.scored(w.now, "nps", 9, 0, s)
	req := &surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{Labels: map[string]string{"format": "city"}}}
	if a := w.get(req); a.Total.N != 0 {
		t.Fatalf("before: %v", a.Total)
	}
	w.define(record.Subject, &surveyv1.Subject{Ref: ref(store, "s000"), Labels: map[string]string{"format": "city"}})
	if a := w.get(req); a.Total.N != 1 {
		t.Errorf("after: %v", a.Total)
	}
}

// A window far wider than the facts is cut to them, and costs no more.
func TestWideWindow(t *testing.T) {
	w := newWorld(t, "Europe/Moscow")
	w.chain(1, 1)
	wide := []*surveyv1.Window{
		dates("1900-01-01", "2100-01-01"),
		instants(time.Date(1950, 1, 1, 0, 0, 0, 0, w.b.Zone.Location()), time.Date(2099, 1, 1, 0, 0, 0, 0, w.b.Zone.Location())),
	}
	for n := range int64(2) {
		for _, window := range wide {
			for _, clock := range []surveyv1.Clock{surveyv1.Clock_CLOCK_EXPERIENCE, surveyv1.Clock_CLOCK_ANSWER} {
				a := w.get(&surveyv1.GetMetricRequest{Metric: "nps", Window: window, Clock: clock, Grain: commonv1.Grain_GRAIN_DAY, RollingDays: 3})
				if got := len(a.Series[0].Points); a.Total.N != n || got != int(3*n) {
					t.Errorf("%v by %v: %d answers, %d points", window, clock, a.Total.N, got)
				}
			}
		}
		w.scored(w.now, "nps", 10, 0)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, "Europe/Moscow")
	w.chain(1, 1)
	midnight := time.Date(2024, 3, 1, 0, 0, 0, 0, w.b.Zone.Location())
	group := func(g ...*surveyv1.GroupBy) []*surveyv1.GroupBy { return g }
	for name, c := range map[string]struct {
		req   *surveyv1.GetMetricRequest
		field string
	}{
		"not a midnight":   {&surveyv1.GetMetricRequest{Window: instants(midnight, midnight.Add(30*time.Hour))}, "window.range.end"},
		"not a quarter":    {&surveyv1.GetMetricRequest{Clock: 2, Window: instants(midnight.Add(time.Minute), midnight.Add(time.Hour))}, "window.range.start"},
		"backwards":        {&surveyv1.GetMetricRequest{Window: instants(midnight, midnight)}, "window.range"},
		"no such date":     {&surveyv1.GetMetricRequest{Window: dates("2024-02-30", "2024-03-02")}, "window.dates.start"},
		"fine grain":       {&surveyv1.GetMetricRequest{Clock: 1, Grain: commonv1.Grain_GRAIN_HOUR}, "grain"},
		"rolling no grain": {&surveyv1.GetMetricRequest{RollingDays: 7}, "rolling_days"},
		"subject no kind":  {&surveyv1.GetMetricRequest{GroupBy: group(&surveyv1.GroupBy{Dimension: 1})}, "group_by[0].kind"},
		"facet no key":     {&surveyv1.GetMetricRequest{GroupBy: group(&surveyv1.GroupBy{Dimension: 6})}, "group_by[0].key"},
		"twice":            {&surveyv1.GetMetricRequest{GroupBy: group(&surveyv1.GroupBy{Dimension: 3}, &surveyv1.GroupBy{Dimension: 3})}, "group_by[1]"},
		"too many points":  {&surveyv1.GetMetricRequest{Window: dates("2020-01-01", "2022-01-01"), Grain: commonv1.Grain_GRAIN_QUARTER_HOUR}, "grain"},
	} {
		c.req.Metric = "nps"
		_, err := w.b.GetMetric(t.Context(), c.req, w.now)
		var bad *fault.Error
		if !errors.As(err, &bad) || len(bad.Fields) == 0 || bad.Fields[0].Path != c.field {
			t.Errorf("%s: %v, want a complaint about %s", name, err, c.field)
		}
	}
	for name, c := range map[string]struct {
		req    *surveyv1.GetMetricRequest
		reason commonv1.Reason
	}{
		"metric":  {&surveyv1.GetMetricRequest{Metric: "npss"}, commonv1.Reason_REASON_METRIC_UNKNOWN},
		"subject": {&surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{ref(store, "?")}}}, commonv1.Reason_REASON_SUBJECT_UNKNOWN},
		"survey":  {&surveyv1.GetMetricRequest{Metric: "nps", Scope: &surveyv1.Scope{SurveyIds: []string{"?"}}}, commonv1.Reason_REASON_SURVEY_UNKNOWN},
	} {
		if _, err := w.b.GetMetric(t.Context(), c.req, w.now); !fault.Is(err, c.reason) {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}
