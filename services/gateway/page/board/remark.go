package board

import (
	"context"
	"fmt"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// remark is one response, as people want to read it.
type remark struct {
	When, Channel, Customer, CustomerLink string
	Scores                                []string
	Texts                                 []string
	Low                                   bool
}

// remarks are responses in words. Of the answers the scores stand as they were given.
func (p *Pages) remarks(ctx context.Context, s *scene, all []*surveyv1.Response) (out []remark) {
	metrics := map[string]*surveyv1.Metric{}
	if p.survey != nil {
		if list, err := p.survey.ListMetrics(ctx, &surveyv1.ListMetricsRequest{Brand: s.Brand}); err == nil {
			for _, m := range list.GetMetrics() {
				metrics[m.GetName()] = m
			}
		}
	}
	surveys := map[string]map[string]*surveyv1.Metric{}
	for _, r := range all {
		id := r.GetSurveyId()
		if surveys[id] == nil {
			surveys[id] = p.questions(ctx, s, id, metrics)
		}
		out = append(out, s.remark(r, surveys[id]))
	}
	return out
}

// questions are the metrics that a survey's questions count in; what cannot be read
// leaves the questions' own names.
func (p *Pages) questions(ctx context.Context, s *scene, id string, metrics map[string]*surveyv1.Metric) map[string]*surveyv1.Metric {
	out := map[string]*surveyv1.Metric{}
	if p.survey == nil {
		return out
	}
	got, err := p.survey.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Brand: s.Brand, SurveyId: id})
	if err != nil {
		return out
	}
	// A question keeps its meaning through all versions, so the last word holds.
	for _, v := range got.GetSurvey().GetVersions() {
		for _, q := range v.GetQuestionnaire().GetQuestions() {
			if m := metrics[q.GetMetric()]; m != nil {
				out[q.GetId()] = m
			}
		}
	}
	return out
}

func (s *scene) remark(r *surveyv1.Response, asked map[string]*surveyv1.Metric) remark {
	at := r.GetExperiencedAt()
	if at == nil {
		at = r.GetAnsweredAt()
	}
	out := remark{When: s.moment(at)}
	if r.GetChannel() != commonv1.Channel_CHANNEL_UNSPECIFIED {
		out.Channel = s.Lang.Channel(r.GetChannel())
	}
	if id := r.GetCustomer().GetId(); id > 0 {
		out.Customer = fmt.Sprintf(s.Lang.CustomerOf, id)
		out.CustomerLink = s.To("/customers", fmt.Sprint(id), nil).String()
	}
	for _, a := range r.GetAnswers() {
		if text := strings.TrimSpace(a.GetText()); text != "" {
			out.Texts = append(out.Texts, text)
		}
		v, scored := a.GetValue().(*surveyv1.Answer_Score)
		if !scored {
			continue
		}
		if m := asked[a.GetQuestionId()]; m != nil {
			out.Low = out.Low || v.Score <= m.GetLowAtMost()
			out.Scores = append(out.Scores, fmt.Sprintf("%s: %d/%d", s.Lang.MetricTitle(m, s.brand.Locales), v.Score, m.GetScaleMax()))
		} else {
			out.Scores = append(out.Scores, fmt.Sprintf("%s: %d", a.GetQuestionId(), v.Score))
		}
	}
	return out
}
