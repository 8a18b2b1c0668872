package survey_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
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
	if _, err := u.Verify(t.Context(), brand, func(d floor.Drift) { t.Errorf("drift: %+v", d) }); err != nil {
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
	w := refold(l.t, c)
	for tries := 0; ; tries++ {
		wrong := wrongNumbers(l.t, c, w)
		// What a killed server had sent may still be committed by its database.
		again := refold(l.t, c)
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
