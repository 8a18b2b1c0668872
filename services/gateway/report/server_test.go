package report_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// What a request names and is not there is refused, whichever section finds out.
func TestRefusals(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	nowhere := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "nowhere"}
	ctx := t.Context()
	for name, tt := range map[string]struct {
		ask    func() (proto.Message, error)
		code   codes.Code
		reason commonv1.Reason
	}{
		"brand": {func() (proto.Message, error) {
			return w.reports.GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: "nobody"})
		}, codes.NotFound, commonv1.Reason_REASON_BRAND_UNKNOWN},
		"subject": {func() (proto.Message, error) {
			return w.reports.GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: brand, Subject: nowhere})
		}, codes.NotFound, commonv1.Reason_REASON_SUBJECT_UNKNOWN},
		"section": {func() (proto.Message, error) {
			return w.reports.GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: brand, Sections: []string{"weather"}})
		}, codes.InvalidArgument, commonv1.Reason_REASON_FIELD_INVALID},
		"window": {func() (proto.Message, error) {
			return w.reports.GetMetricTree(ctx, &reportv1.GetMetricTreeRequest{Brand: brand, Window: dates("2026-02-02", "2026-02-01")})
		}, codes.InvalidArgument, commonv1.Reason_REASON_FIELD_INVALID},
		"scorecard": {func() (proto.Message, error) {
			return w.reports.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: nowhere})
		}, codes.NotFound, commonv1.Reason_REASON_SUBJECT_UNKNOWN},
		"metric": {func() (proto.Message, error) {
			return w.reports.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop, Metric: "nps.weather"})
		}, codes.NotFound, commonv1.Reason_REASON_METRIC_UNKNOWN},
		"customer": {func() (proto.Message, error) {
			return w.reports.GetCustomer360(ctx, &reportv1.GetCustomer360Request{Brand: brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 77}}})
		}, codes.NotFound, commonv1.Reason_REASON_CUSTOMER_UNKNOWN},
		"nobody": {func() (proto.Message, error) {
			return w.reports.GetCustomer360(ctx, &reportv1.GetCustomer360Request{Brand: brand, Customer: &commonv1.CustomerRef{}})
		}, codes.InvalidArgument, commonv1.Reason_REASON_FIELD_INVALID},
		"tree": {func() (proto.Message, error) {
			return w.reports.SetMetricTree(ctx, &reportv1.SetMetricTreeRequest{Brand: brand, Tree: &reportv1.MetricTree{Version: 3}})
		}, codes.Aborted, commonv1.Reason_REASON_VERSION_CONFLICT},
	} {
		if _, err := tt.ask(); status.Code(err) != tt.code || !fault.Is(err, tt.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An identity leads to the same person as a number, and a region to all its stores.
func TestWaysToTheSame(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.live(t)
	byNumber, err := w.reports.GetCustomer360(t.Context(), &reportv1.GetCustomer360Request{Brand: brand, Customer: anna, Events: 3})
	must(t, err)
	byMail, err := w.reports.GetCustomer360(t.Context(), &reportv1.GetCustomer360Request{Brand: brand, Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: mail}}, Events: 3})
	must(t, err)
	if !proto.Equal(bare(byNumber), bare(byMail)) || len(byMail.GetEvents()) != 3 {
		t.Errorf("%v\n%v", byNumber, byMail)
	}
	whole, err := w.reports.GetOmnichannelReport(t.Context(), &reportv1.GetOmnichannelReportRequest{Brand: brand})
	must(t, err)
	region, err := w.reports.GetOmnichannelReport(t.Context(), &reportv1.GetOmnichannelReportRequest{Brand: brand, Subject: north})
	must(t, err)
	if whole.GetTotal().GetOrders() == 0 || region.GetTotal().GetOrders() != whole.GetTotal().GetOrders() || region.GetTotal().GetResponses() != whole.GetTotal().GetResponses() {
		t.Errorf("region %v\nwhole %v", region.GetTotal(), whole.GetTotal())
	}
	alike, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop, MinN: 1, PeersByLabel: "class"})
	must(t, err)
	all, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop, MinN: 1})
	must(t, err)
	if !proto.Equal(bare(alike), bare(all)) || len(all.GetGaps()) != 3 || all.GetPeers() != 2 {
		t.Errorf("%v\n%v", alike.GetGaps(), all.GetGaps())
	}
	none, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop, MinN: 1, PeersByLabel: "colour"})
	must(t, err)
	if of := states(none); of["rank"] != reportv1.Section_STATUS_FAILED || of["gaps"] != reportv1.Section_STATUS_FAILED || of["scores"] != reportv1.Section_STATUS_OK {
		t.Error(of)
	}
}

// next reads one report of a watch.
func next(t *testing.T, stream interface {
	Recv() (*reportv1.WatchReportResponse, error)
}) *reportv1.GetOmnichannelReportResponse {
	t.Helper()
	out, err := stream.Recv()
	must(t, err)
	return out.GetReport()
}

// A watch tells of a response at once, and of an order when it next looks.
func TestWatch(t *testing.T) {
	w := newWorld(t, monday, report.Config{Pace: 10 * time.Millisecond, Refresh: 200 * time.Millisecond})
	w.defined(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stream, err := w.reports.WatchReport(ctx, &reportv1.WatchReportRequest{Report: &reportv1.GetOmnichannelReportRequest{Brand: brand, Sections: []string{"responses", "orders"}}})
	must(t, err)
	if first := next(t, stream); first.GetTotal().GetResponses() != 0 {
		t.Fatal(first)
	}
	w.answer(t, "one", shop, monday.Add(-time.Hour), 9)
	for got := next(t, stream); got.GetTotal().GetResponses() != 1; {
		got = next(t, stream)
	}
	w.happen(t, "1", shop, monday)
	for got := next(t, stream); got.GetTotal().GetOrders() != 1; {
		got = next(t, stream)
	}
	w.served["survey"].stop()
	for got := next(t, stream); states(got)["responses"] != reportv1.Section_STATUS_MISSING; {
		got = next(t, stream)
	}
	w.served["survey"].start()
	for got := next(t, stream); states(got)["responses"] != reportv1.Section_STATUS_OK; {
		got = next(t, stream)
	}
	w.answer(t, "two", shop, monday.Add(-time.Hour), 9)
	for got := next(t, stream); got.GetTotal().GetResponses() != 2; {
		got = next(t, stream)
	}
}

// A watch paces itself however much happens: of two reports the second is no sooner.
func TestWatchPaces(t *testing.T) {
	const pace = 300 * time.Millisecond
	w := newWorld(t, monday, report.Config{Pace: pace})
	w.defined(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stream, err := w.reports.WatchReport(ctx, &reportv1.WatchReportRequest{Report: &reportv1.GetOmnichannelReportRequest{Brand: brand, Sections: []string{"responses"}}})
	must(t, err)
	next(t, stream)
	began, told := time.Now(), 0
	for seen := int64(0); seen < 30; told++ {
		for range 10 {
			w.answer(t, time.Now().String(), shop, monday.Add(-time.Hour), 9)
		}
		seen = next(t, stream).GetTotal().GetResponses()
	}
	// The first may already be on its way when the clock starts.
	if most := int(time.Since(began)/pace) + 2; told > most {
		t.Errorf("%d reports in %s", told, time.Since(began))
	}
}

// A goal of the brand stands beside the total alone, of a store beside the store's; of
// two the one that began last counts.
func TestGoals(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.live(t)
	set := func(metric string, subject *commonv1.SubjectRef, start string, target float64) {
		_, err := w.survey.SetGoal(t.Context(), &surveyv1.SetGoalRequest{Brand: brand, Goal: &surveyv1.Goal{
			Metric: metric, Subject: subject, Days: &commonv1.DateRange{Start: start, End: "2027-01-01"}, Target: target}})
		must(t, err)
	}
	set("nps.network", nil, "2025-01-01", 99)
	set("nps.network", nil, "2026-01-01", -100)
	set("low.share", nil, "2026-01-01", 1)
	set("nps.network", shop, "2026-01-01", 98)
	got, err := w.reports.GetOmnichannelReport(t.Context(), &reportv1.GetOmnichannelReportRequest{Brand: brand})
	must(t, err)
	lines := got.GetTotal().GetMetrics()
	if nps, low := lines[0], lines[len(lines)-1]; nps.GetGoal() != -100 || !nps.GetMet() || low.GetGoal() != 1 || low.GetMet() || low.GetScore().GetValue() <= 1 {
		t.Errorf("%v\n%v", nps, low)
	}
	if got.GetChannels()[0].GetMetrics()[0].Goal != nil {
		t.Error("a channel has a goal")
	}
	card, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop})
	must(t, err)
	if nps := card.GetScores()[0]; nps.GetMetric().GetName() != "nps.network" || nps.GetGoal() != 98 || nps.GetMet() {
		t.Error(nps)
	}
}

// The response rate is of the invitations sent in the window, by channel, whoever was
// asked by a code at a place or not at all.
func TestResponseRate(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	ask := func(id string, change func(*surveyv1.SurveyLink)) *surveyv1.SurveyLink {
		l := &surveyv1.SurveyLink{SurveyId: "visit", Customer: anna, Subjects: []*commonv1.SubjectRef{shop}, Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_WIDGET}
		change(l)
		out, err := w.survey.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: id, Link: l})
		must(t, err)
		return out.GetLink()
	}
	finish := func(l *surveyv1.SurveyLink, visit string) {
		_, err := w.survey.AnswerSurveyLink(t.Context(), &surveyv1.AnswerSurveyLinkRequest{Brand: brand, Token: l.GetToken(), Visit: visit, SurveyVersion: 1,
			Answers: []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: 9}}}})
		must(t, err)
	}
	for i := range 8 {
		l := ask(fmt.Sprint(i), func(l *surveyv1.SurveyLink) {
			if i%2 == 1 {
				l.Channel = commonv1.Channel_CHANNEL_COURIER
			}
		})
		if i < 3 {
			finish(l, "")
		}
	}
	finish(ask("open", func(l *surveyv1.SurveyLink) {
		l.Open, l.Customer, l.Mode = true, nil, commonv1.ContactMode_CONTACT_MODE_QR
	}), "0123456789abcdef")
	in := &reportv1.GetOmnichannelReportRequest{Brand: brand, Sections: []string{"invitations", "responses"}}
	var got *reportv1.GetOmnichannelReportResponse
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var err error
		got, err = w.reports.GetOmnichannelReport(t.Context(), in)
		must(t, err)
		if rate(got.GetTotal()).GetNumerator() == 3 {
			break
		}
	}
	if r := rate(got.GetTotal()); r.GetNumerator() != 3 || r.GetDenominator() != 8 || r.GetValue() != 37.5 || r.GetLow() >= 37.5 || r.GetHigh() <= 37.5 {
		t.Errorf("in all: %v", got)
	}
	if got.GetTotal().GetResponses() != 4 {
		t.Errorf("%d responses", got.GetTotal().GetResponses())
	}
	for _, c := range got.GetChannels() {
		want := map[commonv1.Channel]int64{commonv1.Channel_CHANNEL_STORE: 2, commonv1.Channel_CHANNEL_COURIER: 1}[c.GetChannel()]
		if r := rate(c); r.GetNumerator() != want || r.GetDenominator() != 4 {
			t.Errorf("%s: %v", c.GetChannel(), r)
		}
	}
	in.Subject = other
	got, err := w.reports.GetOmnichannelReport(t.Context(), in)
	must(t, err)
	if r := rate(got.GetTotal()); r.GetDenominator() != 0 || r.Value != nil {
		t.Errorf("a store whose visitors nobody asked: %v", r)
	}
}

// rate is the response rate of a report's part.
func rate(of *reportv1.ChannelReport) *reportv1.Rate {
	for _, r := range of.GetRates() {
		if r.GetName() == "response_rate" {
			return r
		}
	}
	return nil
}
