package directory_test

import (
	"testing"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// draft asks one question of every kind; each test spoils a copy.
func draft() *surveyv1.Questionnaire {
	return &surveyv1.Questionnaire{
		Questions: []*surveyv1.Question{
			{Id: "q1", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
			{Id: "q2", Kind: surveyv1.QuestionKind_QUESTION_KIND_SINGLE, Options: []*surveyv1.Option{{Id: "a"}, {Id: "b"}}, ShowIf: scored("q1", 0, 6)},
			{Id: "q3", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT, ShowIf: chosen("q2", "b")},
			{Id: "q4", Kind: surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION, ScaleMin: 1, ScaleMax: 5},
			{Id: "q5", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csat.visit"},
		},
		CaseRules: []*surveyv1.CaseRule{{Cause: "low", Conditions: []*surveyv1.Condition{scored("q5", 1, 2), answered("q3")}}},
	}
}

func scored(question string, low, top int32) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: low, Max: top}}}
}

func chosen(question string, options ...string) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Chosen{Chosen: &surveyv1.OptionSet{OptionIds: options}}}
}

func answered(question string) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Answered{Answered: true}}
}

func TestCheckQuestionnaire(t *testing.T) {
	const text = surveyv1.QuestionKind_QUESTION_KIND_TEXT
	for _, tt := range []struct {
		name  string
		spoil func(q []*surveyv1.Question, r *surveyv1.CaseRule)
		want  string
	}{
		{"as it is", func([]*surveyv1.Question, *surveyv1.CaseRule) {}, ""},
		{"an id twice", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[3].Id = "q1" }, "questions[3].id"},
		{"no metric", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[0].Metric = "" }, "questions[0].metric"},
		{"a metric of a text", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[2].Metric = "csat.text" }, "questions[2].metric"},
		{"a metric twice", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[4].Metric = "nps.network" }, "questions[4].metric"},
		{"no options", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[1].Options = nil }, "questions[1].options"},
		{"options of a text", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[2].Options = q[1].GetOptions() }, "questions[2].options"},
		{"an option twice", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[1].Options[1].Id = "a" }, "questions[1].options[1].id"},
		{"a scale of its own", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[0].ScaleMax = 5 }, "questions[0].scale_max"},
		{"a scale downwards", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[3].ScaleMin = 6 }, "questions[3].scale_max"},
		{"on what comes later", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[1].ShowIf = answered("q3") }, "questions[1].show_if.question_id"},
		{"on itself", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[1].ShowIf = answered("q2") }, "questions[1].show_if.question_id"},
		{"on the score of a text", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) {
			q[1].Kind, q[1].Options, q[2].ShowIf = text, nil, scored("q2", 1, 2)
		}, "questions[2].show_if.score"},
		{"on scores downwards", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[1].ShowIf = scored("q1", 6, 0) }, "questions[1].show_if.score.max"},
		{"on no option", func(q []*surveyv1.Question, _ *surveyv1.CaseRule) { q[2].ShowIf = chosen("q2", "a", "z") }, "questions[2].show_if.chosen.option_ids[1]"},
		{"a case on nothing", func(_ []*surveyv1.Question, r *surveyv1.CaseRule) { r.Conditions[1] = answered("q9") }, "case_rules[0].conditions[1].question_id"},
	} {
		d := draft()
		tt.spoil(d.GetQuestions(), d.GetCaseRules()[0])
		want := tt.want
		if want != "" {
			want = "FIELD_INVALID survey.draft." + want
		}
		if got := refusal(directory.CheckQuestionnaire(d)); got != want {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
	}
	d := draft()
	d.CaseRules = append(d.CaseRules, d.GetCaseRules()[0])
	if got := refusal(directory.CheckQuestionnaire(d)); got != "FIELD_INVALID survey.draft.case_rules[1].cause" {
		t.Errorf("a cause twice: %q", got)
	}
}

// published is a ledger with one survey of one version.
func published(t *testing.T) *ledger {
	l := newLedger(t)
	l.metric(&surveyv1.Metric{Name: "nps.network", Kind: nps})
	l.metric(&surveyv1.Metric{Name: "nps.other", Kind: nps})
	l.metric(&surveyv1.Metric{Name: "csat.visit", Kind: csat})
	l.survey(&surveyv1.Survey{Id: "visit", Draft: draft()})
	l.survey(&surveyv1.Survey{Id: "visit", Draft: draft(), PublishedVersion: 1, Revision: 2, Versions: []*surveyv1.SurveyVersion{{Version: 1, Questionnaire: draft()}}})
	return l
}

func TestCheckPublish(t *testing.T) {
	l := published(t)
	for _, tt := range []struct {
		name  string
		spoil func(q []*surveyv1.Question)
		want  string
	}{
		{"as it is", func([]*surveyv1.Question) {}, ""},
		{"another order and wording", func(q []*surveyv1.Question) { q[3], q[4] = q[4], q[3] }, ""},
		{"an undefined metric", func(q []*surveyv1.Question) { q[4].Metric = "csat.none" }, "METRIC_MISMATCH q5"},
		{"a metric of another kind", func(q []*surveyv1.Question) { q[4].Metric = "nps.other" }, "METRIC_MISMATCH q5"},
		{"another metric for an old question", func(q []*surveyv1.Question) { q[0].Metric = "nps.other" }, "METRIC_MISMATCH q1"},
		{"another kind for an old question", func(q []*surveyv1.Question) { q[2].Kind = surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION }, "METRIC_MISMATCH q3"},
		{"a new question with another metric", func(q []*surveyv1.Question) { q[0].Id, q[0].Metric = "q6", "nps.other" }, ""},
	} {
		d := draft()
		tt.spoil(d.GetQuestions())
		s, _ := l.Survey("visit")
		if got := refusal(l.CheckPublish(&directory.Survey{Def: &surveyv1.Survey{Draft: d}, Versions: s.Versions})); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestVersionsAddUp(t *testing.T) {
	l := published(t)
	first, _ := l.Survey("visit")
	second := draft()
	second.Questions, second.Facets = second.GetQuestions()[:1], []string{"order.late"}
	l.survey(&surveyv1.Survey{Id: "visit", Draft: second, Revision: 3, Versions: []*surveyv1.SurveyVersion{{Version: 2, Questionnaire: second}}})
	s, ok := l.Survey("visit")
	if !ok || len(s.Versions) != 2 || len(s.Def.GetVersions()) != 0 || s.Revision() != 3 || (*directory.Survey)(nil).Revision() != 0 {
		t.Fatalf("%+v", s)
	}
	for n, want := range map[int32]int{0: 1, 1: 5, 2: 1} {
		if v := s.Version(n); v == nil || len(v.Questions) != want {
			t.Errorf("version %d: %+v", n, v)
		}
	}
	if s.Version(3) != nil || s.Version(-1) != nil || !s.Version(2).Facets["order.late"] || s.Version(1).Facets["order.late"] {
		t.Error("versions are mixed up")
	}
	if s.Version(1).Questions["q5"].Order != 4 {
		t.Errorf("q5 is asked at %d", s.Version(1).Questions["q5"].Order)
	}
	if len(first.Versions) != 1 || first.Revision() != 2 {
		t.Error("what was handed out before has changed")
	}
	n, ok := l.SurveyNumber("visit")
	if !ok || l.SurveyID(n) != "visit" || l.SurveyID(9) != "" || len(l.Surveys()) != 1 {
		t.Errorf("number %d of %d surveys", n, len(l.Surveys()))
	}
	if _, ok := l.SurveyNumber("none"); ok {
		t.Error("a survey that is not there")
	}
}

func TestHolds(t *testing.T) {
	answers := map[string]*surveyv1.Answer{
		"score":   {Value: &surveyv1.Answer_Score{Score: 6}},
		"zero":    {Value: &surveyv1.Answer_Score{}},
		"choice":  {Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: []string{"a", "b"}}}},
		"none":    {Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{}}},
		"text":    {Value: &surveyv1.Answer_Text{Text: " late "}},
		"blank":   {Value: &surveyv1.Answer_Text{Text: " \n"}},
		"skipped": {QuestionId: "skipped"},
	}
	for _, tt := range []struct {
		condition *surveyv1.Condition
		holds     bool
	}{
		{scored("score", 0, 6), true}, {scored("score", 6, 6), true}, {scored("score", 7, 10), false}, {scored("score", 0, 5), false},
		{scored("zero", 0, 0), true}, {scored("choice", 0, 10), false}, {scored("skipped", 0, 10), false},
		{chosen("choice", "b", "z"), true}, {chosen("choice", "z"), false}, {chosen("none", "a"), false}, {chosen("score", "a"), false},
		{answered("score"), true}, {answered("zero"), true}, {answered("choice"), true}, {answered("none"), false},
		{answered("text"), true}, {answered("blank"), false}, {answered("skipped"), false}, {answered("unknown"), false},
		{&surveyv1.Condition{QuestionId: "text"}, false},
	} {
		if got := directory.Holds(tt.condition, answers); got != tt.holds {
			t.Errorf("%v: %v", tt.condition, got)
		}
	}
}

func TestOnlyScoredQuestionsHaveAMetric(t *testing.T) {
	for n := range surveyv1.QuestionKind_name {
		kind := surveyv1.QuestionKind(n)
		q := &surveyv1.Questionnaire{Questions: []*surveyv1.Question{{Id: "q", Kind: kind, Metric: "m"}}}
		if accepted := directory.CheckQuestionnaire(q) == nil; accepted != directory.Scored(kind) {
			t.Errorf("%v with a metric: %v", kind, accepted)
		}
	}
}
