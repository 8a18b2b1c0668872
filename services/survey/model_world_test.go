package survey_test

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func region(n int) *commonv1.SubjectRef {
	return ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, fmt.Sprint("r", n))
}

// defineAll fills the directory with every kind of metric, two surveys that
// share one, and six stores in three regions beside a courier and a seller.
func (m *model) defineAll() {
	m.measure([]*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		{Name: "csi.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		{Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
		{Name: "csi.staff", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM, LowAtMost: proto.Int32(-1)},
		{Name: "ces.return", Kind: surveyv1.MetricKind_METRIC_KIND_CES},
		{Name: "rating.app", Kind: surveyv1.MetricKind_METRIC_KIND_RATING, ScaleMin: 0, ScaleMax: 10},
	})
	m.measure([]*surveyv1.Metric{{Name: "csi.overall", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL, Parameters: []string{"csi.queue", "csi.staff"}}})
	all, err := m.server.ListMetrics(m.t.Context(), &surveyv1.ListMetricsRequest{Brand: m.brand})
	m.must(err)
	ask := func(id string, kind surveyv1.QuestionKind, metric string) *surveyv1.Question {
		return &surveyv1.Question{Id: id, Kind: kind, Metric: metric}
	}
	nps := ask("nps", surveyv1.QuestionKind_QUESTION_KIND_NPS, "nps.network")
	survey := func(id string, questions ...*surveyv1.Question) *surveyv1.Survey {
		return &surveyv1.Survey{Id: id, Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED,
			Draft: &surveyv1.Questionnaire{Questions: questions, Facets: []string{"order.late", "age"}}}
	}
	surveys := []*surveyv1.Survey{
		survey("visit", nps, ask("visit", surveyv1.QuestionKind_QUESTION_KIND_CSAT, "csi.visit"),
			ask("queue", surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, "csi.queue"), ask("staff", surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, "csi.staff")),
		survey("delivery", ask("effort", surveyv1.QuestionKind_QUESTION_KIND_CES, "ces.return"), nps,
			ask("app", surveyv1.QuestionKind_QUESTION_KIND_RATING, "rating.app")),
	}
	for _, s := range surveys {
		_, err := m.server.CreateSurvey(m.t.Context(), &surveyv1.CreateSurveyRequest{Brand: m.brand, Survey: s})
		m.must(err)
		_, err = m.server.PublishSurvey(m.t.Context(), &surveyv1.PublishSurveyRequest{Brand: m.brand, SurveyId: s.GetId()})
		m.must(err)
	}
	m.define(all.GetMetrics(), surveys, nil)
	subjects := []*surveyv1.Subject{{Ref: network, Name: "Network"},
		{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_COURIER, "c1"), Name: "Courier", Labels: map[string]string{"format": "small"}},
		{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_SELLER, "x1")}}
	for i := range 3 {
		subjects = append(subjects, &surveyv1.Subject{Ref: region(i + 1), Parents: below(network), Labels: map[string]string{"turnover": "AAB"[i : i+1]}})
	}
	for i := range 6 {
		subjects = append(subjects, &surveyv1.Subject{Ref: store(fmt.Sprint("s", i+1)), Name: fmt.Sprint("Store ", i+1),
			Parents: below(region(i/2 + 1)), Labels: map[string]string{"format": []string{"hyper", "small"}[i%2]}})
	}
	m.upsert(subjects...)
}

func (m *model) measure(metrics []*surveyv1.Metric) {
	m.t.Helper()
	out, err := m.server.UpsertMetrics(m.t.Context(), &surveyv1.UpsertMetricsRequest{Brand: m.brand, Metrics: metrics})
	m.must(err)
	for _, r := range out.GetResults() {
		if r.GetError() != nil {
			m.t.Fatal(r.GetError())
		}
	}
}

// response makes up a response of any kind that is good.
func (m *model) response() *surveyv1.Response {
	r := m.r
	in := &surveyv1.Response{
		SurveyId: pick(r, "visit", "delivery"), Channel: commonv1.Channel(r.IntN(12)), Mode: commonv1.ContactMode(r.IntN(11)),
	}
	rated := []*commonv1.SubjectRef{store("s1"), store("s2"), store("s3"), store("s4"), store("s5"), store("s6"), region(2),
		ref(commonv1.SubjectKind_SUBJECT_KIND_COURIER, "c1"), ref(commonv1.SubjectKind_SUBJECT_KIND_SELLER, "x1")}
	r.Shuffle(len(rated), func(i, j int) { rated[i], rated[j] = rated[j], rated[i] })
	in.Subjects = rated[:pick(r, 0, 1, 1, 1, 1, 2, 3)]
	for name, values := range map[string][]string{"order.late": {"", "yes", "no"}, "age": {"", "", "50+"}} {
		if v := values[r.IntN(len(values))]; v != "" {
			in.Facets = map[string]string{name: v}
		}
	}
	m.answers(in)
	now := m.clock.Now()
	answered := m.moment()
	if answered.After(now.Add(24 * time.Hour)) {
		answered = now.Add(24 * time.Hour)
	}
	switch r.IntN(5) {
	case 0: // received is answered
		answered = now
	default:
		in.AnsweredAt = stamp(answered)
	}
	// Experienced up to a day after it was answered: clocks disagree.
	switch r.IntN(6) {
	case 0:
	case 1:
		in.ExperiencedAt = stamp(answered.Add(time.Duration(r.IntN(24*60)) * time.Minute))
	case 2, 3:
		in.ExperiencedAt = stamp(answered.Add(-time.Duration(r.IntN(72*60)) * time.Minute))
	default:
		if at := m.moment(); at.Before(answered) {
			in.ExperiencedAt = stamp(at)
		}
	}
	if e := in.GetExperiencedAt(); e != nil && e.AsTime().After(now.Add(24*time.Hour)) {
		in.ExperiencedAt = stamp(now.Add(24 * time.Hour))
	}
	return in
}

func (m *model) answers(in *surveyv1.Response) {
	r := m.r
	weighted := func(q string) *surveyv1.Answer {
		a := scoreOf(q, int32(1+r.IntN(10)))
		a.Importance = proto.Int32(int32(1 + r.IntN(10)))
		return a
	}
	for q, make := range map[string]func() *surveyv1.Answer{
		"visit/nps":      func() *surveyv1.Answer { return scoreOf("nps", int32(r.IntN(11))) },
		"visit/visit":    func() *surveyv1.Answer { return scoreOf("visit", int32(1+r.IntN(5))) },
		"visit/queue":    func() *surveyv1.Answer { return weighted("queue") },
		"visit/staff":    func() *surveyv1.Answer { return weighted("staff") },
		"delivery/nps":   func() *surveyv1.Answer { return scoreOf("nps", int32(5+r.IntN(6))) },
		"delivery/app":   func() *surveyv1.Answer { return scoreOf("app", int32(r.IntN(11))) },
		"delivery/skips": func() *surveyv1.Answer { return &surveyv1.Answer{QuestionId: "effort"} },
	} {
		if q[:len(in.GetSurveyId())] == in.GetSurveyId() && r.IntN(4) > 0 {
			in.Answers = append(in.Answers, make())
		}
	}
	if in.GetSurveyId() == "delivery" && len(in.GetAnswers()) == 0 {
		in.Answers = append(in.Answers, scoreOf("effort", int32(1+r.IntN(7))))
	}
}

// moment is mostly near now, a change of the clock or the turn of a month, and
// sometimes long ago or in the future.
func (m *model) moment() time.Time {
	r, now := m.r, m.clock.Now()
	about := func(t time.Time, span time.Duration) time.Time {
		return t.Add(time.Duration(r.Int64N(int64(2*span))) - span).Truncate(time.Second)
	}
	var t time.Time
	switch r.IntN(10) {
	case 0, 1, 2:
		t = about(pick(r, m.changes...), 150*time.Minute)
	case 3, 4:
		t = about(m.days.start(date(pick(r, "2017-10-01", "2017-09-01", "2017-03-01"))), 100*time.Minute)
	case 5:
		t = about(now.AddDate(0, 0, -r.IntN(260)), time.Hour)
	case 6:
		t = now.Add(time.Duration(r.IntN(24*60)) * time.Minute)
	default:
		t = about(now.Add(-36*time.Hour), 36*time.Hour)
	}
	return t
}
