package report_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

func subject(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: kind, Id: id}
}

var (
	sellerOne = subject(commonv1.SubjectKind_SUBJECT_KIND_SELLER, "one")
	sellerTwo = subject(commonv1.SubjectKind_SUBJECT_KIND_SELLER, "two")
	courier   = subject(commonv1.SubjectKind_SUBJECT_KIND_COURIER, "k")
	buyer     = subject(commonv1.SubjectKind_SUBJECT_KIND_BUYER, "anna")
)

// market declares who rates whom in a marketplace.
func (w *world) market(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := w.survey.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "csat.order", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT}, {Name: "csat.deal", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT}}})
	must(t, err)
	_, err = w.survey.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{
		{Ref: sellerOne}, {Ref: sellerTwo}, {Ref: courier}, {Ref: buyer}}})
	must(t, err)
	for id, metric := range map[string]string{"order": "csat.order", "deal": "csat.deal"} {
		_, err = w.survey.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{Id: id, Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED,
			Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
				{Id: "stars", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: metric}, {Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT}}}}})
		must(t, err)
		_, err = w.survey.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: id})
		must(t, err)
	}
}

// rates is one part.
func rates(who *commonv1.SubjectRef, survey string, stars int32) *reportv1.FeedbackPart {
	return &reportv1.FeedbackPart{Subject: who, SurveyId: survey, Answers: []*surveyv1.Answer{
		{QuestionId: "stars", Value: &surveyv1.Answer_Score{Score: stars}},
		{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: fmt.Sprint(stars, " for ", who.GetId())}}}}
}

func (w *world) feedback(order string, parts ...*reportv1.FeedbackPart) *reportv1.ReportFeedbackRequest {
	return &reportv1.ReportFeedbackRequest{Brand: brand, OrderId: order, ExperiencedAt: stamp(w.now.Add(-time.Hour)), AnsweredAt: stamp(w.now.Add(-time.Minute)),
		Author: &reportv1.FeedbackAuthor{Author: &reportv1.FeedbackAuthor_Customer{Customer: anna}}, Parts: parts}
}

// bySeller is the same of the seller's.
func bySeller(in *reportv1.ReportFeedbackRequest, who *commonv1.SubjectRef) *reportv1.ReportFeedbackRequest {
	in.Author = &reportv1.FeedbackAuthor{Author: &reportv1.FeedbackAuthor_Subject{Subject: who}}
	return in
}

func (w *world) report(t *testing.T, in *reportv1.ReportFeedbackRequest) *reportv1.ReportFeedbackResponse {
	t.Helper()
	out, err := w.reports.ReportFeedback(t.Context(), in)
	must(t, err)
	return out
}

// Both sides of an order rate each other, each in one call, and both are seen in their
// scorecards; the same call again adds nothing.
func TestFeedback(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	w.market(t)
	said := w.feedback("o1", rates(sellerOne, "order", 5), rates(sellerTwo, "order", 2), rates(courier, "order", 4))
	first := w.report(t, said)
	answered := bySeller(w.feedback("o1", rates(buyer, "deal", 1)), sellerOne)
	w.report(t, answered)
	// Another seller of the same order, and more words of the first, are words of their own.
	w.report(t, bySeller(w.feedback("o1", rates(buyer, "deal", 3)), sellerTwo))
	more := bySeller(w.feedback("o1", rates(buyer, "deal", 5)), sellerOne)
	more.Key = "after-return"
	w.report(t, more)
	if !first.GetComplete() || len(first.GetResults()) != 3 || first.GetResults()[0].GetReplayed() {
		t.Fatal(first)
	}
	for range 2 {
		again := w.report(t, said)
		for i, r := range again.GetResults() {
			if !again.GetComplete() || !r.GetReplayed() || r.GetResponseId() != first.GetResults()[i].GetResponseId() {
				t.Fatal(again)
			}
		}
	}
	for who, want := range map[*commonv1.SubjectRef]struct {
		n       int64
		metric  string
		comment string
	}{sellerOne: {1, "csat.order", "5 for one"}, sellerTwo: {1, "csat.order", "2 for two"}, courier: {1, "csat.order", "4 for k"}, buyer: {3, "csat.deal", "5 for anna"}} {
		card, err := w.reports.GetSubjectScorecard(t.Context(), &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: who, MinN: 1})
		must(t, err)
		main := card.GetScores()[0]
		if main.GetMetric().GetName() != want.metric || main.GetScore().GetN() != want.n || len(card.GetComments()) != int(want.n) ||
			card.GetComments()[0].GetAnswers()[1].GetText() != want.comment || card.GetComments()[0].GetOrderId() != "o1" {
			t.Errorf("%v: %v", who, card)
		}
	}
}

// Good parts are kept beside bad ones, which say what is wrong in the words of the
// request; once mended, the rest is added. What was said is not changed by other words.
func TestFeedbackInParts(t *testing.T) {
	w := newWorld(t, monday, report.Config{})
	w.defined(t)
	w.market(t)
	nowhere := subject(commonv1.SubjectKind_SUBJECT_KIND_SELLER, "nowhere")
	in := w.feedback("o1", rates(sellerOne, "order", 5), rates(nowhere, "order", 5), rates(sellerTwo, "order", 9), rates(courier, "none", 3),
		rates(sellerOne, "order", 5), &reportv1.FeedbackPart{SurveyId: "order"})
	got := w.report(t, in)
	if got.GetComplete() || got.GetResults()[0].GetError() != nil || got.GetResults()[0].GetResponseId() == "" {
		t.Fatal(got)
	}
	for i, want := range []struct {
		code  codes.Code
		field string
	}{{}, {codes.InvalidArgument, "parts[1].subject"}, {codes.InvalidArgument, "parts[2].answers[0].score"}, {codes.NotFound, ""},
		{codes.InvalidArgument, "parts[4].subject"}, {codes.InvalidArgument, "parts[5].subject"}} {
		e := fault.FromStatus(got.GetResults()[i].GetError())
		if want.code == codes.OK {
			continue
		}
		if e == nil || e.Code != want.code && !(i == 1 && e.Code == codes.NotFound) || got.GetResults()[i].GetResponseId() != "" ||
			want.field != "" && len(e.Fields) > 0 && e.Fields[0].Path != want.field || want.field != "" && len(e.Fields) == 0 && i != 1 {
			t.Errorf("part %d: %v", i, got.GetResults()[i])
		}
	}
	mended := w.report(t, w.feedback("o1", rates(sellerOne, "order", 5), rates(sellerTwo, "order", 4), rates(courier, "order", 3)))
	if !mended.GetComplete() || !mended.GetResults()[0].GetReplayed() || mended.GetResults()[1].GetReplayed() {
		t.Fatal(mended)
	}
	other := w.report(t, w.feedback("o1", rates(sellerOne, "order", 1)))
	e := fault.FromStatus(other.GetResults()[0].GetError())
	if e == nil || e.Code != codes.AlreadyExists || e.Meta["field"] != "parts[0].answers[0].score" {
		t.Error(other, e)
	}
	for name, bad := range map[string]*reportv1.ReportFeedbackRequest{
		"no parts": w.feedback("o1"), "no order": w.feedback("", rates(sellerOne, "order", 5)),
		"nobody": {Brand: brand, OrderId: "o", Author: &reportv1.FeedbackAuthor{}, Parts: []*reportv1.FeedbackPart{rates(sellerOne, "order", 5)}},
	} {
		if _, err := w.reports.ReportFeedback(t.Context(), bad); fault.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	self := w.report(t, bySeller(w.feedback("o2", rates(sellerOne, "order", 5)), sellerOne))
	if e := fault.FromStatus(self.GetResults()[0].GetError()); e == nil || e.Code != codes.InvalidArgument {
		t.Error("rates itself:", self)
	}
}

// Survey fails at random while orders are told of again and again: in the end each part
// was recorded once, and is what the first answer for it said.
func TestFeedbackReplayed(t *testing.T) {
	w := newWorld(t, monday, report.Config{Rest: 10 * time.Millisecond})
	w.defined(t)
	w.market(t)
	f := &flaky{random: rng(3)}
	w.served["survey"].fault.set(f.in)
	const orders = 15
	partly := 0
	for i := range orders {
		in := w.feedback(fmt.Sprint("o", i), rates(sellerOne, "order", 5), rates(sellerTwo, "order", 4), rates(courier, "order", 3))
		told := map[int]string{}
		for complete := false; !complete; {
			out := w.report(t, proto.CloneOf(in))
			complete = out.GetComplete()
			good := 0
			for k, r := range out.GetResults() {
				if r.GetError() != nil {
					if m := r.GetError().GetMessage(); containsAddress(m) {
						t.Error("told outside:", m)
					}
					continue
				}
				if good++; told[k] != "" && told[k] != r.GetResponseId() {
					t.Errorf("order %d part %d: response %s, then %s", i, k, told[k], r.GetResponseId())
				}
				told[k] = r.GetResponseId()
			}
			if good > 0 && good < 3 {
				partly++
			}
		}
	}
	w.served["survey"].fault.set(nil)
	all, err := w.survey.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000})
	must(t, err)
	if len(all.GetResponses()) != 3*orders || partly == 0 || f.failed == 0 {
		t.Errorf("%d responses of %d parts, %d calls answered in part, %d failed", len(all.GetResponses()), 3*orders, partly, f.failed)
	}
}
