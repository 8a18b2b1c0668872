package survey_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/survey"
)

// verify is `rapport verify`, beside a server or without one.
func verify(t *testing.T, data, db, redis string) {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	u, err := survey.OpenUpkeep(t.Context(), processConfig(data, db, redis), brands, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Verify(t.Context(), brand, func(d survey.Drift) { t.Errorf("drift: %+v", d) }); err != nil {
		t.Error(err)
	}
	if err := u.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// audit holds a server against what clients were told and against the refold of
// the log that it shows.
func (l *load) audit(c surveyv1.SurveyServiceClient) {
	l.t.Helper()
	w := l.refold(c)
	for tries := 0; ; tries++ {
		wrong := l.wrongNumbers(c, w)
		// What a killed server had sent may still be committed by its database.
		again := l.refold(c)
		if len(again.entries) == len(w.entries) {
			for _, d := range wrong {
				l.t.Error(d)
			}
			break
		}
		if w = again; tries > 20 {
			l.t.Fatal("the log goes on by itself")
		}
	}
	byKey := map[string][]string{}
	for _, e := range w.entries {
		byKey[e.in.GetOrderId()] = append(byKey[e.in.GetOrderId()], e.in.GetId())
	}
	for key, ids := range byKey {
		if len(ids) > 1 {
			l.t.Errorf("%s stands in the log %d times: %v", key, len(ids), ids)
		}
	}
	for i, id := range l.acked {
		if got := byKey[fmt.Sprint("key ", i)]; len(got) != 1 || got[0] != id {
			l.t.Errorf("key %d was acknowledged as response %s, the log has %v", i, id, got)
		}
	}
	l.again(c)
	l.auditCases(c, w)
}

// again submits and reads what was acknowledged of late.
func (l *load) again(c surveyv1.SurveyServiceClient) {
	fresh := l.fresh
	l.fresh = nil
	var g errgroup.Group
	g.SetLimit(16)
	for _, i := range fresh {
		g.Go(func() error {
			out, err := c.SubmitResponse(l.t.Context(), l.told(i))
			if err != nil {
				return fmt.Errorf("key %d again: %w", i, err)
			}
			if !out.GetReplayed() || out.GetId() != l.acked[i] {
				l.t.Errorf("key %d again = %v, want a replay of %s", i, out, l.acked[i])
			}
			got, err := c.GetResponse(l.t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: out.GetId()})
			if got.GetResponse().GetOrderId() != fmt.Sprint("key ", i) {
				l.t.Errorf("response %s of key %d = %v, %v", out.GetId(), i, got, err)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		l.t.Error(err)
	}
}

// refold makes a reference of the log from its beginning to now.
func (l *load) refold(c surveyv1.SurveyServiceClient) *reference {
	l.t.Helper()
	l.marks++
	mark := fmt.Sprint("mark ", l.marks)
	// It has no score, so that it moves no number.
	submit(l.t, c, mark, &surveyv1.Response{
		SurveyId: "visit", OrderId: mark, AnsweredAt: stamp(l.base),
		Answers: []*surveyv1.Answer{{QuestionId: "hope", Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: 9, Worst: 1}}}},
	})
	w := newReference("Europe/Moscow")
	l.directory(c, w)
	stream, err := c.WatchResponses(l.t.Context(), &surveyv1.WatchResponsesRequest{Brand: brand})
	if err != nil {
		l.t.Fatal(err)
	}
	for {
		out, err := stream.Recv()
		if err != nil {
			l.t.Fatal(err)
		}
		for _, event := range out.GetEvents() {
			r := event.GetResponse()
			if event.GetKind() != surveyv1.ResponseEvent_KIND_RECORDED {
				l.t.Errorf("nobody changed response %s, the log says %v", r.GetId(), event.GetKind())
			}
			e := w.entry(r, r.GetReceivedAt().AsTime())
			w.touch(e)
			if r.GetOrderId() == mark {
				return w
			}
			if !strings.HasPrefix(r.GetOrderId(), "mark ") {
				w.record(e)
			}
		}
	}
}

func (l *load) directory(c surveyv1.SurveyServiceClient, w *reference) {
	l.t.Helper()
	metrics, err := c.ListMetrics(l.t.Context(), &surveyv1.ListMetricsRequest{Brand: brand})
	if err != nil {
		l.t.Fatal(err)
	}
	subjects, err := c.ListSubjects(l.t.Context(), &surveyv1.ListSubjectsRequest{Brand: brand})
	if err != nil {
		l.t.Fatal(err)
	}
	w.define(metrics.GetMetrics(), []*surveyv1.Survey{visitSurvey()}, subjects.GetSubjects())
}

// wrongNumbers asks for every sort of number.
func (l *load) wrongNumbers(c surveyv1.SurveyServiceClient, w *reference) (wrong []string) {
	l.t.Helper()
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
		got, err := c.GetMetric(l.t.Context(), q)
		if err != nil {
			l.t.Fatal(err)
		}
		want := w.GetMetric(q, now)
		want.Zone = "Europe/Moscow"
		if d := cmp.Diff(want, got, plainAnswer); d != "" {
			wrong = append(wrong, fmt.Sprintf("%v (-refold +server):\n%s", q, d))
		}
	}
	q := &surveyv1.RankSubjectsRequest{Brand: brand, Metric: "nps.network", Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE}
	got, err := c.RankSubjects(l.t.Context(), q)
	if err != nil {
		l.t.Fatal(err)
	}
	if d := cmp.Diff(w.RankSubjects(q, now), got, plainAnswer); d != "" {
		wrong = append(wrong, fmt.Sprintf("%v (-refold +server):\n%s", q, d))
	}
	return wrong
}

// auditCases waits until each low response has led to a case, and then looks
// whether there is one for each customer and none too many.
func (l *load) auditCases(c surveyv1.SurveyServiceClient, w *reference) {
	l.t.Helper()
	low := map[string]int64{} // customers by response
	for _, e := range w.entries {
		if a, ok := e.scores["nps.network"]; ok && a.score <= 6 {
			low[e.in.GetId()] = e.in.GetCustomer().GetId()
		}
	}
	var list []*surveyv1.Case
	for deadline := time.Now().Add(30 * time.Second); ; {
		list = allCases(l.t, c)
		n := 0
		for _, one := range list {
			n += len(one.GetResponseIds())
		}
		if n >= len(low) {
			break
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("%d low responses, %d in cases", len(low), n)
		}
	}
	ofCustomer := map[int64]int{}
	for _, one := range list {
		ids := one.GetResponseIds()
		if one.GetCause() != "low_score" || one.GetState() != surveyv1.CaseState_CASE_STATE_OPEN || one.GetCustomerId() == 0 && len(ids) != 1 {
			l.t.Errorf("strange case: %v", one)
		}
		if k := one.GetCustomerId(); k != 0 {
			if ofCustomer[k]++; ofCustomer[k] == 2 {
				l.t.Errorf("customer %d has two open cases of one cause", k)
			}
		}
		for _, id := range ids {
			if customer, ok := low[id]; !ok || customer != one.GetCustomerId() {
				l.t.Errorf("case %s of customer %d has response %s a second time, or wrongly", one.GetId(), one.GetCustomerId(), id)
			}
			delete(low, id)
		}
		if !slices.IsSortedFunc(ids, func(x, y string) int { return len(x) - len(y) }) {
			l.t.Errorf("case %s has its responses out of order: %v", one.GetId(), ids)
		}
	}
	for id := range low {
		l.t.Errorf("low response %s has no case", id)
	}
}

func allCases(t *testing.T, c surveyv1.SurveyServiceClient) (all []*surveyv1.Case) {
	t.Helper()
	q := &surveyv1.ListCasesRequest{Brand: brand, PageSize: 1000, States: []surveyv1.CaseState{
		surveyv1.CaseState_CASE_STATE_OPEN, surveyv1.CaseState_CASE_STATE_CLAIMED, surveyv1.CaseState_CASE_STATE_RESOLVED}}
	for {
		out, err := c.ListCases(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, out.GetCases()...)
		if q.PageToken = out.GetNextPageToken(); q.GetPageToken() == "" {
			return all
		}
	}
}
