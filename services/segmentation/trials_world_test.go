package segmentation_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// lab is all there is to put beliefs to the test: a Survey that asks one replica about
// segments, another replica that asks Survey, and a Journey.
type lab struct {
	t *testing.T
	c *clock
	w *watcher
	r *replica
	s surveyv1.SurveyServiceClient
	j journeyv1.JourneyServiceClient
	// leave takes Survey away.
	leave func()
	n     int
}

func newLab(t *testing.T, url string, customers int) *lab {
	t.Helper()
	c := &clock{now: start}
	first := newReplica(t, url, "", c.Now)
	numbered(t, first, customers)
	all := brands(t)
	guard, err := access.New(access.Config{}, all, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey.New(all, guard, sqldbtest.Open(t, sqldbtest.SQLite(t)), nil, fold.Config{SweepEvery: -1}, secret,
		survey.Neighbours{Segmentation: first}, c.Now, quiet)
	if err != nil {
		t.Fatal(err)
	}
	conn, leave := run(t, "survey", guard, s, func(r grpc.ServiceRegistrar) { surveyv1.RegisterSurveyServiceServer(r, s) })
	l := &lab{t: t, c: c, w: newWatcher(t, url, c), s: surveyv1.NewSurveyServiceClient(conn), j: newJourney(t, c), leave: leave}
	l.asks()
	l.r = newReplicaBeside(t, url, "", c.Now, segmentation.Neighbours{Survey: l.s, Journey: l.j})
	return l
}

// scored are the metrics of the lab's questions, each with its scale.
var scored = []struct {
	metric   *surveyv1.Metric
	question surveyv1.QuestionKind
	low, top int32
}{
	{&surveyv1.Metric{Name: "nps.lab", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, surveyv1.QuestionKind_QUESTION_KIND_NPS, 0, 10},
	{&surveyv1.Metric{Name: "csat.lab", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT}, surveyv1.QuestionKind_QUESTION_KIND_CSAT, 1, 5},
	{&surveyv1.Metric{Name: "ces.lab", Kind: surveyv1.MetricKind_METRIC_KIND_CES}, surveyv1.QuestionKind_QUESTION_KIND_CES, 1, 7},
	{&surveyv1.Metric{Name: "rating.lab", Kind: surveyv1.MetricKind_METRIC_KIND_RATING}, surveyv1.QuestionKind_QUESTION_KIND_RATING, 1, 5},
	{&surveyv1.Metric{Name: "csi.lab", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM}, surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, 1, 10},
}

// asks publishes a survey with a question for each metric.
func (l *lab) asks() {
	l.t.Helper()
	ctx, draft := l.t.Context(), &surveyv1.Questionnaire{}
	var metrics []*surveyv1.Metric
	for _, m := range scored {
		metrics = append(metrics, m.metric)
		draft.Questions = append(draft.Questions, &surveyv1.Question{Id: m.metric.GetName()[:3], Kind: m.question, Metric: m.metric.GetName()})
	}
	must := func(_ any, err error) {
		l.t.Helper()
		if err != nil {
			l.t.Fatal(err)
		}
	}
	must(l.s.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: metrics}))
	must(l.s.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{Id: "lab", Kind: surveyv1.SurveyKind_SURVEY_KIND_PASSIVE, Draft: draft}}))
	must(l.s.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "lab"}))
}

// says lets a customer answer all questions some days before start; score is from 0 to
// 10 and put on each scale.
func (l *lab) says(customer int64, score int32, daysAgo int) {
	l.t.Helper()
	l.n++
	at := timestamppb.New(start.AddDate(0, 0, -daysAgo))
	r := &surveyv1.Response{SurveyId: "lab", Channel: commonv1.Channel_CHANNEL_WEB, AnsweredAt: at, Customer: byNumber(customer)}
	for _, m := range scored {
		a := &surveyv1.Answer{QuestionId: m.metric.GetName()[:3], Value: &surveyv1.Answer_Score{Score: m.low + score*(m.top-m.low)/10}}
		if m.metric.GetKind() == surveyv1.MetricKind_METRIC_KIND_CSI_ITEM {
			importance := 1 + score*int32(l.n%3)/3
			a.Importance = &importance
		}
		r.Answers = append(r.Answers, a)
	}
	if _, err := l.s.SubmitResponse(l.t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: fmt.Sprint("lab", l.n), Response: r}); err != nil {
		l.t.Fatal(err)
	}
}

// buys tells of a purchase, or of a return if minor is negative.
func (l *lab) buys(customer int64, daysAgo int, minor int64) {
	l.t.Helper()
	l.n++
	kind := "purchase"
	if minor < 0 {
		kind, minor = "return", -minor
	}
	record(l.t, l.j, fmt.Sprint("lab", l.n), kind, customer, daysAgo, minor)
}

// followed waits until purchases before the call are known: one more, of a customer who
// has no part in anything, comes after them.
func (l *lab) followed(marker int64, n int64) {
	l.t.Helper()
	l.buys(marker, 0, 1)
	purchasesOnce(l.t, l.r, marker, n)
}

func metricOf(name string) *segmentationv1.Measure {
	return &segmentationv1.Measure{Measure: &segmentationv1.Measure_Metric{Metric: name}}
}

func purchasesBy(m segmentationv1.PurchaseMeasure) *segmentationv1.Measure {
	return &segmentationv1.Measure{Measure: &segmentationv1.Measure_Purchases{Purchases: m}}
}

func dateRange(from, until time.Time) *commonv1.DateRange {
	return &commonv1.DateRange{Start: from.Format(time.DateOnly), End: until.Format(time.DateOnly)}
}

// fortnights are the days before an action two weeks before start, and those after.
func fortnights() (before, after *commonv1.DateRange) {
	return dateRange(start.AddDate(0, 0, -28), start.AddDate(0, 0, -14)), dateRange(start.AddDate(0, 0, -14), start)
}

func hypothesis(id string, m *segmentationv1.Measure, expected float64) *segmentationv1.Hypothesis {
	before, after := fortnights()
	return &segmentationv1.Hypothesis{Id: id, SegmentId: "few", Statement: "They wait too long.", Action: "A second till.", Measure: m,
		Expected: expected, Before: before, After: after}
}

func (l *lab) supposes(h *segmentationv1.Hypothesis) (*segmentationv1.Hypothesis, error) {
	out, err := l.r.CreateHypothesis(l.t.Context(), &segmentationv1.CreateHypothesisRequest{Brand: brand, Hypothesis: h})
	return out.GetHypothesis(), err
}

func (l *lab) hypothesis(id string) *segmentationv1.GetHypothesisResponse {
	l.t.Helper()
	out, err := l.r.GetHypothesis(l.t.Context(), &segmentationv1.GetHypothesisRequest{Brand: brand, Id: id})
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

func (l *lab) splits(e *segmentationv1.Experiment) (*segmentationv1.Experiment, error) {
	out, err := l.r.CreateExperiment(l.t.Context(), &segmentationv1.CreateExperimentRequest{Brand: brand, Experiment: e})
	return out.GetExperiment(), err
}

func (l *lab) experiment(in *segmentationv1.GetExperimentRequest) *segmentationv1.GetExperimentResponse {
	l.t.Helper()
	in.Brand = brand
	out, err := l.r.GetExperiment(l.t.Context(), in)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// assigned are the persons of an arm.
func (l *lab) assigned(id, arm string) (ids []int64) {
	l.t.Helper()
	in := &segmentationv1.ListAssignmentsRequest{Brand: brand, Id: id, Arm: arm, PageSize: 7}
	for {
		out, err := l.r.ListAssignments(l.t.Context(), in)
		if err != nil {
			l.t.Fatal(err)
		}
		ids = append(ids, out.GetIds()...)
		if in.PageToken = out.GetNextPageToken(); in.PageToken == "" {
			if int64(len(ids)) != out.GetPersons() {
				l.t.Errorf("%d persons listed of %d", len(ids), out.GetPersons())
			}
			return ids
		}
	}
}

// upTo are numbers from 1.
func upTo(n int64) (ids []int64) {
	for id := int64(1); id <= n; id++ {
		ids = append(ids, id)
	}
	return ids
}
