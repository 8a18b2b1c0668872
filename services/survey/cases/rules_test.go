package cases

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func scored(question string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
}

func text(question, words string) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Text{Text: words}}
}

func chose(question string, options ...string) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: options}}}
}

func between(question string, low, high int32) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question,
		Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: low, Max: high}}}
}

func answered(question string) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question, Test: &surveyv1.Condition_Answered{Answered: true}}
}

func chosen(question string, options ...string) *surveyv1.Condition {
	return &surveyv1.Condition{QuestionId: question,
		Test: &surveyv1.Condition_Chosen{Chosen: &surveyv1.OptionSet{OptionIds: options}}}
}

// visit is the questionnaire of these tests.
var visit = &surveyv1.Questionnaire{
	Questions: []*surveyv1.Question{{Id: "nps"}, {Id: "courier"}, {Id: "why"}, {Id: "more"}},
	CaseRules: []*surveyv1.CaseRule{
		{Cause: "detractor", Queue: "store", Conditions: []*surveyv1.Condition{between("nps", 0, 6), answered("more")}},
		{Cause: "courier", Queue: "logistics", Conditions: []*surveyv1.Condition{between("courier", 1, 2)},
			Channels: []commonv1.Channel{commonv1.Channel_CHANNEL_COURIER, commonv1.Channel_CHANNEL_EXPRESS},
			DueIn:    durationpb.New(4 * time.Hour)},
		{Cause: "rude", Queue: "store", Conditions: []*surveyv1.Condition{chosen("why", "rude", "insulted")}},
		{Cause: "never", Queue: "store"},
	},
}

func TestMatching(t *testing.T) {
	courier := commonv1.Channel_CHANNEL_COURIER
	for _, tt := range []struct {
		name    string
		channel commonv1.Channel
		answers []*surveyv1.Answer
		want    string
	}{
		{"nothing answered", courier, nil, ""},
		{"all of a rule's conditions", 0, []*surveyv1.Answer{text("more", "bad"), scored("nps", 6)}, "detractor"},
		{"one of two", 0, []*surveyv1.Answer{scored("nps", 6)}, ""},
		{"the upper end", 0, []*surveyv1.Answer{scored("nps", 7), text("more", "so-so")}, ""},
		{"the lower end", 0, []*surveyv1.Answer{scored("nps", 0), text("more", "no")}, "detractor"},
		{"a blank text is no answer", 0, []*surveyv1.Answer{scored("nps", 0), text("more", " \n")}, ""},
		{"a skipped answer is none", 0, []*surveyv1.Answer{scored("nps", 0), {QuestionId: "more"}}, ""},
		{"its channel", courier, []*surveyv1.Answer{scored("courier", 1)}, "courier"},
		{"another channel", commonv1.Channel_CHANNEL_STORE, []*surveyv1.Answer{scored("courier", 1)}, ""},
		{"an unknown channel", 0, []*surveyv1.Answer{scored("courier", 1)}, ""},
		{"any of the options", 0, []*surveyv1.Answer{chose("why", "late", "insulted")}, "rude"},
		{"none of the options", 0, []*surveyv1.Answer{chose("why", "late")}, ""},
		{"several rules, in order", courier,
			[]*surveyv1.Answer{chose("why", "rude"), scored("courier", 2), scored("nps", 3), text("more", "x")}, "detractor courier rude"},
	} {
		var got []string
		for _, r := range matching(visit, &surveyv1.Response{Channel: tt.channel, Answers: tt.answers}) {
			got = append(got, r.Cause)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	if got := matching(nil, &surveyv1.Response{}); got != nil {
		t.Errorf("no questionnaire: %v", got)
	}
}

func TestWhatACaseShows(t *testing.T) {
	long := strings.Repeat("ж", 300) // two bytes each
	r := &surveyv1.Response{Answers: []*surveyv1.Answer{
		text("more", long), scored("courier", 4), scored("nps", 2), text("why", "  "), scored("x", 9)}}
	if got := lowestScore(r); got == nil || *got != 2 {
		t.Errorf("lowest score %v", got)
	}
	if got := firstComment(visit, r); got != strings.Repeat("ж", 250) {
		t.Errorf("comment of %d bytes", len(got))
	}
	r.Answers = append(r.Answers, text("courier", " first \n"))
	if got := firstComment(visit, r); got != "first" {
		t.Errorf("comment %q is not the first asked for", got)
	}
	if lowestScore(&surveyv1.Response{}) != nil || firstComment(visit, &surveyv1.Response{}) != "" {
		t.Error("an empty response shows something")
	}
	if got := dueIn(visit.CaseRules[0]); got != 8*time.Hour {
		t.Errorf("default due %s", got)
	}
	if got := dueIn(visit.CaseRules[1]); got != 4*time.Hour {
		t.Errorf("due %s", got)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("абв", 3)
	f.Add("a\u0301🙂", 5)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 0 || !utf8.ValidString(s) {
			return
		}
		got := cut(s, n)
		if len(got) > n || !strings.HasPrefix(s, got) || !utf8.ValidString(got) || len(s)-len(got) > 0 && n-len(got) >= utf8.UTFMax {
			t.Errorf("cut(%q, %d) = %q", s, n, got)
		}
	})
}
