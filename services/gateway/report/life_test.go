package report_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

const brand = "demo"

// monday is the time of tests that need no other: noon in Moscow.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var (
	north = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "north"}
	shop  = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "1"}
	other = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "2"}
	mail  = &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: "anna@example.com"}
	// anna is the first customer.
	anna = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1}}
)

func containsAddress(text string) bool { return strings.Contains(text, "10.0.0.7") }

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

// live lets things happen in a brand: every kind of metric, two stores of a region,
// and orders. It returns when all is known that follows from it.
func (w *world) live(t *testing.T) {
	t.Helper()
	w.defined(t)
	for i := range 40 {
		at := w.now.AddDate(0, 0, -i).Add(-time.Hour)
		where := shop
		if i%3 == 0 {
			where = other
		}
		w.answer(t, fmt.Sprint("r", i), where, at, int32(i%11))
		w.happen(t, fmt.Sprint(i), where, at)
	}
	w.rewarded(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for known := false; !known; {
		index, err := w.journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: brand})
		must(t, err)
		cases, err := w.survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand})
		must(t, err)
		people, err := w.reports.GetCustomer360(ctx, &reportv1.GetCustomer360Request{Brand: brand, Customer: anna})
		must(t, err)
		known = index.GetTotal().GetOrders() == 40 && len(cases.GetCases()) == 1 && people.GetValue().GetPurchases() == 40 &&
			len(cases.GetCases()[0].GetResponseIds()) == 28 && len(people.GetResponses()) == 10
	}
}

// rewarded gives Anna points, of which she spends some, and makes a segment that she is
// in. What earns is told by hand.
func (w *world) rewarded(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := w.loyalty.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{
		Id: "club", Titles: map[string]string{"en": "Club"}, EffectiveFrom: stamp(w.now.AddDate(-1, 0, 0))}})
	must(t, err)
	_, err = w.loyalty.Earn(ctx, &loyaltyv1.EarnRequest{Brand: brand, ProgrammeId: "club", RequestId: "e", Customer: anna, Points: 500,
		Origin: &loyaltyv1.Origin{Channel: commonv1.Channel_CHANNEL_STORE}, OccurredAt: stamp(w.now.AddDate(0, 0, -3))})
	must(t, err)
	_, err = w.loyalty.Redeem(ctx, &loyaltyv1.RedeemRequest{Brand: brand, ProgrammeId: "club", RequestId: "r", Customer: anna, Points: 100,
		Origin: &loyaltyv1.Origin{Channel: commonv1.Channel_CHANNEL_STORE}})
	must(t, err)
	_, err = w.segmentation.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{Id: "us",
		Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: &segmentationv1.CustomerList{Ids: []int64{anna.GetId()}}}}}})
	must(t, err)
}

// answer submits a questionnaire of Anna's about a store, with a score of 0 to 10 for
// everything that is asked.
func (w *world) answer(t *testing.T, id string, where *commonv1.SubjectRef, at time.Time, score int32) {
	t.Helper()
	of := func(question string, score int32) *surveyv1.Answer {
		return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
	}
	importance := max(1, 10-score/2)
	item := of("queue", max(1, score))
	item.Importance = &importance
	_, err := w.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, Response: &surveyv1.Response{
		SurveyId: "visit", Source: "app", ExternalId: id, Customer: anna, Subjects: []*commonv1.SubjectRef{where},
		Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_PUSH, ExperiencedAt: stamp(at), AnsweredAt: stamp(at),
		Answers: []*surveyv1.Answer{of("nps", score), of("visit", 1+score*4/10), of("easy", 1+score*6/10), item,
			{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: "because"}}},
	}})
	must(t, err)
}

// happen records an order of Anna's, delivered in time or late.
func (w *world) happen(t *testing.T, id string, where *commonv1.SubjectRef, at time.Time) {
	t.Helper()
	event := func(kind string, after time.Duration) *journeyv1.Event {
		return &journeyv1.Event{Source: "shop", ExternalId: kind + id, Kind: kind, Actor: &journeyv1.Event_Customer{Customer: anna}, OrderId: "o" + id,
			Channel: commonv1.Channel_CHANNEL_COURIER, Subjects: []*commonv1.SubjectRef{where}, OccurredAt: stamp(at.Add(after))}
	}
	placed, bought, arrived := event("order.placed", -20*time.Hour), event("purchase", -20*time.Hour), event("order.delivered", -time.Hour)
	placed.PromisedAt = stamp(at.Add(-time.Duration(len(id)) * time.Hour))
	bought.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 10000}
	out, err := w.journey.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: brand, Events: []*journeyv1.Event{placed, bought, arrived}})
	must(t, err)
	for _, r := range out.GetResults() {
		if r.GetError() != nil {
			t.Fatal(r.GetError())
		}
	}
}

// defined declares what the brand asks and whom it rates.
func (w *world) defined(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	who, err := w.segmentation.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: brand, Identities: []*commonv1.Identity{mail}})
	if err != nil || who.GetResults()[0].GetId() != anna.GetId() {
		t.Fatal(who, err)
	}
	_, err = w.survey.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, {Name: "csat.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		{Name: "ces.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CES}, {Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
		{Name: "csi.overall", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, Parameters: []string{"csi.queue"}},
	}})
	must(t, err)
	above := []*surveyv1.ParentLink{{Parent: north}}
	_, err = w.survey.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{
		{Ref: north}, {Ref: shop, Name: "The first", Parents: above, Labels: map[string]string{"class": "A"}}, {Ref: other, Parents: above, Labels: map[string]string{"class": "A"}}}})
	must(t, err)
	low := &surveyv1.Condition{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 6}}}
	_, err = w.survey.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED,
		Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"}, {Id: "visit", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csat.visit"},
			{Id: "easy", Kind: surveyv1.QuestionKind_QUESTION_KIND_CES, Metric: "ces.visit"}, {Id: "queue", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "csi.queue"},
			{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT}},
			CaseRules: []*surveyv1.CaseRule{{Cause: "low", Queue: "store", Conditions: []*surveyv1.Condition{low}}}}}})
	must(t, err)
	_, err = w.survey.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"})
	must(t, err)
}

// rng is chance that repeats itself.
func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
