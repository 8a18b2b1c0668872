package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

func TestAnswers(t *testing.T) {
	judge := rules(t, "UTC")
	nine := scored("nps", 9)
	for _, tt := range []struct {
		name    string
		answers []*surveyv1.Answer
		want    string
	}{
		{"the required one alone", []*surveyv1.Answer{nine}, ""},
		{"all kinds", []*surveyv1.Answer{
			expected("hope5", 5, 1), expected("hope", 10, 10), text("text", "good"), chosen("any", "b", "a"), chosen("one", "b"),
			scored("never", 1), weighted("csi", 1, 10), scored("csat", 5), nine,
		}, ""},
		{"skipped ones", []*surveyv1.Answer{nine, {QuestionId: "csat"}, text("text", " \t"), chosen("one")}, ""},
		{"none", nil, "FIELD_INVALID answers"},
		{"the required one skipped", []*surveyv1.Answer{{QuestionId: "nps"}}, "FIELD_INVALID answers"},
		{"of another survey", []*surveyv1.Answer{nine, scored("other", 1)}, "FIELD_INVALID answers[1].question_id"},
		{"twice", []*surveyv1.Answer{nine, nine}, "FIELD_INVALID answers[1].question_id"},
		{"twice, one skipped", []*surveyv1.Answer{{QuestionId: "nps"}, nine}, "FIELD_INVALID answers[1].question_id answers"},
		{"above the scale", []*surveyv1.Answer{scored("nps", 11)}, "FIELD_INVALID answers[0].score"},
		{"below the scale", []*surveyv1.Answer{nine, scored("csat", 0)}, "FIELD_INVALID answers[1].score"},
		{"below zero", []*surveyv1.Answer{scored("nps", -1)}, "FIELD_INVALID answers[0].score"},
		{"a score that would wrap", []*surveyv1.Answer{scored("nps", 256)}, "FIELD_INVALID answers[0].score"},
		{"a score for a text", []*surveyv1.Answer{nine, scored("text", 1)}, "FIELD_INVALID answers[1].score"},
		{"a text for a score", []*surveyv1.Answer{text("nps", "nine")}, "FIELD_INVALID answers[0].text"},
		{"no importance", []*surveyv1.Answer{nine, scored("csi", 5)}, "FIELD_INVALID answers[1].importance"},
		{"importance off the scale", []*surveyv1.Answer{nine, weighted("csi", 5, 11)}, "FIELD_INVALID answers[1].importance"},
		{"importance of an NPS", []*surveyv1.Answer{weighted("nps", 9, 5)}, "FIELD_INVALID answers[0].importance"},
		{"two for one", []*surveyv1.Answer{nine, chosen("one", "a", "b")}, "FIELD_INVALID answers[1].choice.option_ids"},
		{"no such option", []*surveyv1.Answer{nine, chosen("any", "a", "z")}, "FIELD_INVALID answers[1].choice.option_ids[1]"},
		{"an option twice", []*surveyv1.Answer{nine, chosen("any", "a", "a")}, "FIELD_INVALID answers[1].choice.option_ids[1]"},
		{"a choice for a text", []*surveyv1.Answer{nine, chosen("text", "a")}, "FIELD_INVALID answers[1].choice"},
		{"the worst above the best", []*surveyv1.Answer{nine, expected("hope", 5, 6)}, "FIELD_INVALID answers[1].expectation.worst"},
		{"expected off the default scale", []*surveyv1.Answer{nine, expected("hope", 11, 0)}, "FIELD_INVALID answers[1].expectation.best answers[1].expectation.worst"},
		{"expected off its own scale", []*surveyv1.Answer{nine, expected("hope5", 6, 1)}, "FIELD_INVALID answers[1].expectation.best"},
		{"an expectation for a score", []*surveyv1.Answer{expected("nps", 9, 9)}, "FIELD_INVALID answers[0].expectation"},
		{"shown and required", []*surveyv1.Answer{scored("nps", 3), text("why", "late")}, ""},
		{"shown, required, blank", []*surveyv1.Answer{scored("nps", 3), text("why", " ")}, "FIELD_INVALID answers"},
		{"not shown", []*surveyv1.Answer{nine, text("why", "late")}, "FIELD_INVALID answers"},
		{"everything at once", []*surveyv1.Answer{scored("csat", 9), scored("other", 1)}, "FIELD_INVALID answers[0].score answers[1].question_id answers"},
	} {
		if _, err := judge.Prepare(visit(tt.answers...), noon); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestWhatAnswersCountFor(t *testing.T) {
	judge := rules(t, "UTC")
	low := func(is uint8) tally.Score { return tally.Score{Metric: lowShare, Score: is} }
	for _, tt := range []struct {
		name      string
		answers   []*surveyv1.Answer
		want      []tally.Score
		commented bool
	}{
		{"fine", []*surveyv1.Answer{scored("nps", 7)}, []tally.Score{low(0), {Metric: nps, Score: 7}}, false},
		{"a detractor", []*surveyv1.Answer{scored("nps", 6)}, []tally.Score{low(1), {Metric: nps, Score: 6}}, false},
		{"low once, however many are", []*surveyv1.Answer{scored("csat", 1), weighted("csi", 4, 9), scored("nps", 5)},
			[]tally.Score{low(1), {Metric: nps, Score: 5}, {Metric: csat, Score: 1}, {Metric: csi, Score: 4, Importance: 9}}, false},
		{"low by one", []*surveyv1.Answer{scored("nps", 10), scored("csat", 2)},
			[]tally.Score{low(1), {Metric: nps, Score: 10}, {Metric: csat, Score: 2}}, false},
		{"what never is low", []*surveyv1.Answer{scored("nps", 10), scored("never", 1)},
			[]tally.Score{low(0), {Metric: nps, Score: 10}, {Metric: never, Score: 1}}, false},
		{"a text", []*surveyv1.Answer{scored("nps", 10), text("text", "thanks")}, []tally.Score{low(0), {Metric: nps, Score: 10}}, true},
		{"a blank", []*surveyv1.Answer{scored("nps", 10), text("text", "\n")}, []tally.Score{low(0), {Metric: nps, Score: 10}}, false},
		{"no score counts nothing", []*surveyv1.Answer{scored("nps", 10), {QuestionId: "csat"}, chosen("any", "a")},
			[]tally.Score{low(0), {Metric: nps, Score: 10}}, false},
	} {
		ready, err := judge.Prepare(visit(tt.answers...), noon)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, ready.Tally.Scores); diff != "" || ready.Tally.Commented != tt.commented {
			t.Errorf("%s: commented %v %s", tt.name, ready.Tally.Commented, diff)
		}
	}
	// The first version requires nothing: a questionnaire without a score, or with
	// none that can be low, is in no share.
	empty := visit()
	empty.SurveyVersion = 1
	ready, err := judge.Prepare(empty, noon)
	if err != nil || ready.Tally.Scores != nil {
		t.Errorf("no answers: %+v, %v", ready, err)
	}
}

func TestFacets(t *testing.T) {
	judge := rules(t, "UTC")
	for _, tt := range []struct {
		given map[string]string
		want  []tally.Facet
		fails string
	}{
		{nil, nil, ""},
		{map[string]string{"order.late": "yes", "basket": "big"}, []tally.Facet{{Name: "basket", Value: "big"}, {Name: "order.late", Value: "yes"}}, ""},
		{map[string]string{"basket": ""}, nil, ""},
		{map[string]string{"basket": "big", "weather": "rain"}, nil, `FIELD_INVALID facets["weather"]`},
	} {
		r := visit(scored("nps", 9))
		r.Facets = tt.given
		ready, err := judge.Prepare(r, noon)
		if refusal(err) != tt.fails {
			t.Errorf("%v: %v", tt.given, err)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(tt.want, ready.Tally.Facets); diff != "" {
			t.Errorf("%v: %s", tt.given, diff)
		}
	}
}
