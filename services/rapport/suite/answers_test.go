package suite

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// apart is what two worlds may differ in whose logs have not the same facts: numbers
// of facts, when a feed came to tell of one, and the time of the last one included.
var apart = []cmp.Option{
	protocmp.Transform(),
	protocmp.IgnoreFields(&journeyv1.Event{}, "id"),
	protocmp.IgnoreFields(&surveyv1.Response{}, "id", "version", "changed_at", "change_reason"),
	protocmp.IgnoreFields(&surveyv1.ListResponsesResponse{}, "next_page_token"),
	protocmp.IgnoreFields(&surveyv1.Case{}, "response_ids", "revision"),
	protocmp.IgnoreFields(&surveyv1.GetMetricResponse{}, "as_of"),
	protocmp.IgnoreFields(&segmentationv1.PurchaseFacts{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetSuccessIndexResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetContactRateResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetRetentionResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetFunnelResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetPathsResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetTransitionsResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetStageDurationsResponse{}, "as_of"),
	protocmp.IgnoreFields(&journeyv1.GetMapScoresResponse{}, "as_of"),
}

// ask calls and keeps the answer under a name.
func ask[R proto.Message](w *world, into map[string]proto.Message, name string) func(out R, err error) {
	return func(out R, err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		into[name] = out
	}
}

// answers are what the three services say, of some customers and of everybody.
func (w *world) answers(customers ...int64) map[string]proto.Message {
	w.t.Helper()
	out := map[string]proto.Message{}
	for _, id := range customers {
		w.about(id, out)
	}
	w.measures(out)
	w.analyses(out)
	return out
}

// about asks for one customer.
func (w *world) about(id int64, out map[string]proto.Message) {
	w.t.Helper()
	ctx := w.t.Context()
	name := func(what string) string { return fmt.Sprint(what, " of ", id) }
	ask[*segmentationv1.GetCustomerResponse](w, out, name("customer"))(w.segmentation.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{Brand: brand, Customer: byNumber(id)}))
	ask[*journeyv1.ListJourneyResponse](w, out, name("journey"))(w.journey.ListJourney(ctx, &journeyv1.ListJourneyRequest{Brand: brand, CustomerId: id, PageSize: 1000}))
	ask[*surveyv1.ListResponsesResponse](w, out, name("responses"))(w.survey.ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000,
		Filter: &surveyv1.ResponseFilter{CustomerId: id}}))
	for _, purpose := range []string{"survey", "service", "marketing"} {
		ask[*segmentationv1.ExamineContactResponse](w, out, name(purpose))(w.segmentation.ExamineContact(ctx, &segmentationv1.ExamineContactRequest{Brand: brand,
			Contact: &segmentationv1.ContactRequest{Customer: byNumber(id), Purpose: purpose, Mode: commonv1.ContactMode_CONTACT_MODE_EMAIL}}))
	}
}

// measures asks for what is folded.
func (w *world) measures(out map[string]proto.Message) {
	w.t.Helper()
	ctx := w.t.Context()
	ask[*segmentationv1.ListCustomersResponse](w, out, "customers")(w.segmentation.ListCustomers(ctx, &segmentationv1.ListCustomersRequest{Brand: brand, PersonsOnly: true}))
	ask[*surveyv1.GetMetricResponse](w, out, "metric")(w.survey.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: brand, Metric: metric,
		Window: everything(monday), Grain: commonv1.Grain_GRAIN_DAY, GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: late}}}))
	ask[*surveyv1.ListCasesResponse](w, out, "cases")(w.survey.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand, PageSize: 1000}))
	ask[*journeyv1.GetSuccessIndexResponse](w, out, "success")(w.journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: brand, GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL}))
	ask[*journeyv1.GetContactRateResponse](w, out, "contact rate")(w.journey.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: brand}))
	ask[*journeyv1.GetRetentionResponse](w, out, "retention")(w.journey.GetRetention(ctx, &journeyv1.GetRetentionRequest{Brand: brand}))
	ask[*journeyv1.GetMapScoresResponse](w, out, "map")(w.journey.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: brand, MapId: "way"}))
}

func of(kinds ...string) *journeyv1.EventFilter { return &journeyv1.EventFilter{Kinds: kinds} }

// analyses asks for what reads events.
func (w *world) analyses(out map[string]proto.Message) {
	w.t.Helper()
	ctx, person := w.t.Context(), journeyv1.Unit_UNIT_PERSON
	steps := []*journeyv1.FunnelStep{
		{Filter: of("visit")}, {Filter: of("purchase"), Within: durationpb.New(30 * time.Hour)}, {Filter: of("contact")},
	}
	ask[*journeyv1.GetFunnelResponse](w, out, "funnel")(w.journey.GetFunnel(ctx, &journeyv1.GetFunnelRequest{Brand: brand, Unit: person, Steps: steps}))
	ask[*journeyv1.GetPathsResponse](w, out, "paths")(w.journey.GetPaths(ctx, &journeyv1.GetPathsRequest{Brand: brand, Unit: person, MaxLength: 6, CollapseRepeats: true}))
	ask[*journeyv1.GetTransitionsResponse](w, out, "transitions")(w.journey.GetTransitions(ctx, &journeyv1.GetTransitionsRequest{Brand: brand, Unit: person}))
	ask[*journeyv1.GetStageDurationsResponse](w, out, "durations")(w.journey.GetStageDurations(ctx, &journeyv1.GetStageDurationsRequest{Brand: brand, Unit: person,
		Stages: []*journeyv1.DurationStage{{From: of("visit"), To: of("purchase")}}}))
}
