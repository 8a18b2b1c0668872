package suite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// brand is one of those that are built in: its zone is Moscow's, its money roubles.
const brand = "demo"

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

// whom is an identity by a short name: mail:7 or card:7.
func whom(who string) *commonv1.Identity {
	kind, value, _ := strings.Cut(who, ":")
	if kind == "card" {
		return &commonv1.Identity{Kind: commonv1.Identity_KIND_CARD, Value: "77 " + value}
	}
	return &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: value + "@example.com"}
}

func byName(who string) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: whom(who)}}
}

func byNumber(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

var shop = &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}

// happened is an event of somebody.
func happened(id, kind, who string, at time.Time) *journeyv1.Event {
	return &journeyv1.Event{
		Source: "till", ExternalId: id, Kind: kind, Actor: &journeyv1.Event_Customer{Customer: byName(who)},
		Channel: commonv1.Channel_CHANNEL_COURIER, Subjects: []*commonv1.SubjectRef{shop}, OccurredAt: stamp(at),
	}
}

// sold is a purchase or a return.
func sold(id, kind, who string, at time.Time, roubles int64) *journeyv1.Event {
	e := happened(id, kind, who, at)
	e.Channel = commonv1.Channel_CHANNEL_STORE
	e.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 100 * roubles}
	return e
}

// answered is a response of somebody, perhaps about an order.
func answered(id, who, order string, at time.Time, score int32) *surveyv1.Response {
	return &surveyv1.Response{
		SurveyId: "delivery", Source: "app", ExternalId: id, OrderId: order, Customer: byName(who),
		Subjects: []*commonv1.SubjectRef{shop}, Channel: commonv1.Channel_CHANNEL_COURIER, Mode: commonv1.ContactMode_CONTACT_MODE_PUSH,
		Answers:       []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: score}}},
		ExperiencedAt: stamp(at), AnsweredAt: stamp(at.Add(time.Hour)),
	}
}

func commented(r *surveyv1.Response, text string) *surveyv1.Response {
	r.Answers = append(r.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: text}})
	return r
}

// metric is what the survey asks for, late the facet that is joined to its answers.
const (
	metric = "nps.delivery"
	late   = "order.late"
)

// define declares what facts need: a metric, a shop, a survey that wants to know
// whether orders were late and opens cases, and an attribute that is personal.
func define(t *testing.T, c clients) {
	t.Helper()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	low := &surveyv1.Condition{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 6}}}
	must(c.survey.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: brand, Metrics: []*surveyv1.Metric{
		{Name: metric, Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
	}}))
	must(c.survey.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: brand, Subjects: []*surveyv1.Subject{{Ref: shop}}}))
	must(c.survey.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: brand, Survey: &surveyv1.Survey{
		Id: "delivery", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
			Questions: []*surveyv1.Question{
				{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: metric},
				{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT},
			},
			Facets:    []string{late},
			CaseRules: []*surveyv1.CaseRule{{Cause: "low", Queue: "logistics", Conditions: []*surveyv1.Condition{low}}},
		},
	}}))
	must(c.survey.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "delivery"}))
	must(c.segmentation.DeclareAttributes(ctx, &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
		{Name: "nick", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT, Personal: true},
		{Name: "visits", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_NUMBER},
	}}))
}

// upserted is what a customer row says of somebody.
func upserted(who, nick string, visits int) *segmentationv1.Customer {
	return &segmentationv1.Customer{
		Identities: []*commonv1.Identity{whom(who)},
		Attributes: map[string]*segmentationv1.AttributeValue{
			"nick":   {Value: &segmentationv1.AttributeValue_Text{Text: nick}},
			"visits": {Value: &segmentationv1.AttributeValue_Number{Number: float64(visits)}},
		},
	}
}

func orderName(k int) string { return fmt.Sprint("order-", k) }
