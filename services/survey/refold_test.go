package survey_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var marks atomic.Int64

// refold makes a reference of the log from its beginning to now.
func refold(t testing.TB, c surveyv1.SurveyServiceClient) *reference {
	t.Helper()
	mark := fmt.Sprint("mark ", marks.Add(1))
	// It has no score, so that it moves no number.
	submit(t, c, mark, &surveyv1.Response{
		SurveyId: "visit", OrderId: mark, AnsweredAt: stamp(time.Now().Add(-time.Hour)),
		Answers: []*surveyv1.Answer{{QuestionId: "hope", Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: 9, Worst: 1}}}},
	})
	w := newReference("Europe/Moscow")
	readDirectory(t, c, w)
	stream, err := c.WatchResponses(t.Context(), &surveyv1.WatchResponsesRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	for {
		out, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range out.GetEvents() {
			r := event.GetResponse()
			e := w.entry(r, r.GetReceivedAt().AsTime())
			w.touch(e)
			if r.GetOrderId() == mark {
				return w
			}
			at := slices.IndexFunc(w.entries, func(old *entry) bool { return old.in.GetId() == r.GetId() })
			switch recorded := event.GetKind() == surveyv1.ResponseEvent_KIND_RECORDED; {
			case recorded != (at < 0):
				t.Fatalf("%v of response %s, which stands there already or does not yet", event.GetKind(), r.GetId())
			case event.GetKind() == surveyv1.ResponseEvent_KIND_AMENDED:
				w.replace(w.entries[at], e)
			case event.GetKind() == surveyv1.ResponseEvent_KIND_RETRACTED:
				w.remove(w.entries[at])
			case !strings.HasPrefix(r.GetOrderId(), "mark "):
				w.record(e)
			}
		}
	}
}

func readDirectory(t testing.TB, c surveyv1.SurveyServiceClient, w *reference) {
	t.Helper()
	metrics, err := c.ListMetrics(t.Context(), &surveyv1.ListMetricsRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	subjects, err := c.ListSubjects(t.Context(), &surveyv1.ListSubjectsRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	w.define(metrics.GetMetrics(), []*surveyv1.Survey{visitSurvey()}, subjects.GetSubjects())
}

// wrongNumbers asks for every sort of number.
func wrongNumbers(t testing.TB, c surveyv1.SurveyServiceClient, w *reference) (wrong []string) {
	t.Helper()
	kind := func(k commonv1.SubjectKind) []*surveyv1.GroupBy {
		return []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: k}}
	}
	now := time.Now()
	for _, q := range []*surveyv1.GetMetricRequest{
		{Metric: "nps.network"},
		{Metric: "nps.network", GroupBy: kind(commonv1.SubjectKind_SUBJECT_KIND_STORE), Grain: commonv1.Grain_GRAIN_WEEK},
		{Metric: "nps.network", GroupBy: kind(commonv1.SubjectKind_SUBJECT_KIND_REGION)},
		{Metric: "nps.network", Grain: commonv1.Grain_GRAIN_DAY},
		{Metric: "nps.network", Grain: commonv1.Grain_GRAIN_HOUR},
		{Metric: "csi.visit", GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_CHANNEL}}},
		{Metric: "low.share", GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_MODE}}},
	} {
		q.Brand = brand
		got, err := c.GetMetric(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := w.GetMetric(q, now)
		want.Zone = "Europe/Moscow"
		if d := cmp.Diff(want, got, plainAnswer); d != "" {
			wrong = append(wrong, fmt.Sprintf("%v (-refold +server):\n%s", q, d))
		}
	}
	q := &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE}
	got, err := c.RankSubjects(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.RankSubjects(q, now), got, plainAnswer); d != "" {
		wrong = append(wrong, fmt.Sprintf("%v (-refold +server):\n%s", q, d))
	}
	return wrong
}
