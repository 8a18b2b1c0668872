package demo

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Names of surveys and metrics.
const (
	surveyVisit    = "visit"
	surveyPickup   = "pickup"
	surveyDelivery = "delivery"

	metricNPS     = "nps.network"
	metricVisit   = "csi.visit"
	metricPickup  = "ces.pickup"
	metricDeliver = "ces.delivery"
	metricCourier = "rating.courier"
	metricOverall = "csi.overall"
	metricLow     = "low.share"
)

// parameters of a visit, in the order of the questionnaire.
const parameters = 5

var parameterOf = [parameters]struct {
	id, ru, en string
	importance float64
	// mood is how the chain fares at it beside the visit as a whole.
	mood  float64
	topic topic
}{
	{"queue", "Скорость обслуживания на кассе", "Speed at the till", 8.2, -0.25, queue},
	{"staff", "Внимание сотрудников", "Attention of the staff", 7.9, 0.15, staff},
	{"assortment", "Наличие нужных товаров", "Goods in stock", 8.8, -0.05, assortment},
	{"prices", "Цены и честность ценников", "Prices and honest price tags", 9.2, -0.30, prices},
	{"cleanliness", "Чистота и порядок", "Cleanliness and order", 7.3, 0.20, cleanliness},
}

func text(ru, en string) *commonv1.LocalizedText {
	return &commonv1.LocalizedText{Texts: map[string]string{"ru": ru, "en": en}}
}

// Metrics are what is measured. Those that are made of others come last.
func Metrics() []*surveyv1.Metric {
	out := []*surveyv1.Metric{
		{Name: metricNPS, Kind: surveyv1.MetricKind_METRIC_KIND_NPS, Title: text("NPS сети", "NPS of the network")},
		{Name: metricVisit, Kind: surveyv1.MetricKind_METRIC_KIND_CSAT, ScaleMin: 1, ScaleMax: 5, Threshold: 4,
			Title: text("Удовлетворённость визитом", "Satisfaction with the visit")},
		{Name: metricDeliver, Kind: surveyv1.MetricKind_METRIC_KIND_CES, Title: text("Лёгкость получения доставки", "Ease of delivery")},
		{Name: metricPickup, Kind: surveyv1.MetricKind_METRIC_KIND_CES, Title: text("Лёгкость самовывоза", "Ease of collecting")},
		{Name: metricCourier, Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 1, ScaleMax: 5, Title: text("Оценка курьера", "Rating of the courier")},
	}
	overall := &surveyv1.Metric{Name: metricOverall, Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, Title: text("CSI магазина", "CSI of the store")}
	for _, p := range parameterOf {
		out = append(out, &surveyv1.Metric{Name: "csi." + p.id, Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, Title: text(p.ru, p.en)})
		overall.Parameters = append(overall.Parameters, "csi."+p.id)
	}
	return append(out, overall)
}

var (
	recommend = &surveyv1.Question{
		Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: metricNPS, Required: true,
		Text: text("Порекомендуете ли вы нас друзьям и близким?", "Would you recommend us to friends and family?"),
	}
	satisfied = &surveyv1.Question{
		Id: "csat", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: metricVisit, Required: true,
		Text: text("Насколько вы довольны последним визитом или заказом?", "How satisfied are you with your last visit or order?"),
	}
	comment = &surveyv1.Question{
		Id: "comment", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT,
		Text: text("Расскажите, что понравилось или что исправить", "Tell us what you liked or what to mend"),
	}
)

func easy(metric, ru, en string) *surveyv1.Question {
	return &surveyv1.Question{Id: "ces", Kind: surveyv1.QuestionKind_QUESTION_KIND_CES, Metric: metric, Text: text(ru, en)}
}

// reason is asked of those who were not satisfied.
func reason(options ...*surveyv1.Option) *surveyv1.Question {
	return &surveyv1.Question{
		Id: "reason", Kind: surveyv1.QuestionKind_QUESTION_KIND_SINGLE, Options: options,
		Text:   text("Что было не так?", "What went wrong?"),
		ShowIf: scoreOf("csat", 1, 3),
	}
}

func scoreOf(question string, low, high int32) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: low, Max: high}}}
}

func answered(question string) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Answered{Answered: true}}
}

func rule(cause, queue string, due time.Duration, conditions ...*surveyv1.Condition) *surveyv1.CaseRule {
	return &surveyv1.CaseRule{Cause: cause, Queue: queue, DueIn: durationpb.New(due), Conditions: conditions}
}

// Surveys are the questionnaires, with the rules that open cases if so wanted:
// the first version of each has none, since nobody called back in those days.
func Surveys(withRules bool) []*surveyv1.Survey {
	visit := []*surveyv1.Question{recommend, satisfied}
	for _, p := range parameterOf {
		visit = append(visit, &surveyv1.Question{Id: p.id, Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "csi." + p.id, Text: text(p.ru, p.en)})
	}
	out := []*surveyv1.Survey{
		{Id: surveyVisit, Title: text("После визита", "After a visit"), Draft: &surveyv1.Questionnaire{
			Facets:    []string{facetTier},
			Questions: append(visit, reason(reasonsOf(visitTopics)...), comment),
			CaseRules: []*surveyv1.CaseRule{
				rule("low_score", "store", 8*time.Hour, scoreOf("csat", 1, 2)),
				rule("detractor_comment", "care", 16*time.Hour, scoreOf("nps", 0, 4), answered("comment")),
			},
		}},
		{Id: surveyPickup, Title: text("После самовывоза", "After collecting"), Draft: &surveyv1.Questionnaire{
			Facets: []string{facetTier},
			Questions: []*surveyv1.Question{
				recommend, satisfied, easy(metricPickup, "Легко ли было забрать заказ?", "Was it easy to collect your order?"),
				reason(reasonsOf(pickupTopics)...), comment,
			},
			CaseRules: []*surveyv1.CaseRule{rule("low_score", "store", 8*time.Hour, scoreOf("csat", 1, 2))},
		}},
		{Id: surveyDelivery, Title: text("После доставки", "After a delivery"), Draft: &surveyv1.Questionnaire{
			Facets: []string{facetLate, facetTier},
			Questions: []*surveyv1.Question{
				recommend, satisfied, easy(metricDeliver, "Легко ли было получить заказ?", "Was it easy to receive your order?"),
				{Id: "courier", Kind: surveyv1.QuestionKind_QUESTION_KIND_RATING, Metric: metricCourier, Text: text("Как вам курьер?", "How was the courier?")},
				reason(reasonsOf(deliveryTopics)...), comment,
			},
			CaseRules: []*surveyv1.CaseRule{
				rule("courier_low", "logistics", 4*time.Hour, scoreOf("courier", 1, 2)),
				rule("low_score", "care", 8*time.Hour, scoreOf("csat", 1, 2)),
			},
		}},
	}
	for _, s := range out {
		s.Kind = surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED
		if !withRules {
			s.Draft.CaseRules = nil
		}
	}
	return out
}

// Goals are the targets of the anchor's year.
func (w *World) Goals() []*surveyv1.Goal {
	year := w.opts.Anchor.Year()
	days := &commonv1.DateRange{
		Start: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
		End:   time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly),
	}
	out := []*surveyv1.Goal{
		{Metric: metricNPS, Days: days, Target: 40},
		{Metric: metricVisit, Days: days, Target: 85},
		{Metric: metricDeliver, Days: days, Target: 5.5},
		{Metric: metricLow, Days: days, Target: 15},
	}
	for r := range regions {
		out = append(out, &surveyv1.Goal{Metric: metricNPS, Subject: regionRef(r), Days: days, Target: 38})
	}
	return out
}
