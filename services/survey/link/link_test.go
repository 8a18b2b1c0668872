package link

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestState(t *testing.T) {
	day := 24 * time.Hour
	at := func(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(now.Add(d)) }
	for name, c := range map[string]struct {
		k    Known
		want surveyv1.SurveyLinkState
	}{
		"usable":                 {Known{Link: &surveyv1.SurveyLink{ExpiresAt: at(1)}}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE},
		"without end":            {Known{Link: &surveyv1.SurveyLink{Open: true}}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE},
		"expires now":            {Known{Link: &surveyv1.SurveyLink{ExpiresAt: at(0)}}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED},
		"revoked and expired":    {Known{Link: &surveyv1.SurveyLink{ExpiresAt: at(-day)}, Revoked: now}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED},
		"erased":                 {Known{Link: &surveyv1.SurveyLink{}, Erased: true}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED},
		"answered, then revoked": {Known{Link: &surveyv1.SurveyLink{ExpiresAt: at(-day)}, Revoked: now, Answered: now.Add(-day)}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED},
		"survey closed":          {Known{Link: &surveyv1.SurveyLink{}, Closed: now.Add(-day)}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED},
		"experienced before":     {Known{Link: &surveyv1.SurveyLink{ExperiencedAt: at(-2 * day)}, Closed: now.Add(-day)}, surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE},
	} {
		if got, _ := c.k.State(now); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func scored(id string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: id, Value: &surveyv1.Answer_Score{Score: score}}
}

// branching is a questionnaire of which each question depends on the one before.
func branching(n int) *surveyv1.Questionnaire {
	q := &surveyv1.Questionnaire{Questions: []*surveyv1.Question{{Id: "0"}}}
	for i := 1; i < n; i++ {
		q.Questions = append(q.Questions, &surveyv1.Question{Id: strconv.Itoa(i), ShowIf: &surveyv1.Condition{
			QuestionId: strconv.Itoa(i - 1), Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 6}}}})
	}
	return q
}

// However answers are saved, one after the other, again or all at once, in the end there
// is one a question, the last, and of shown ones alone.
func TestAnswersAreTheSameHoweverSaved(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		q, last := branching(6), map[string]*surveyv1.Answer{}
		var saved []*surveyv1.Answer
		for range 1 + r.IntN(20) {
			var some []*surveyv1.Answer
			for _, i := range r.Perm(6)[:1+r.IntN(3)] {
				a := scored(strconv.Itoa(i), int32(r.IntN(11)))
				if r.IntN(4) == 0 {
					a.Value = nil
				}
				some, last[a.GetQuestionId()] = append(some, a), a
			}
			saved = Merged(saved, some)
		}
		var want []*surveyv1.Answer
		for i, shown := 0, true; i < 6 && shown; i++ {
			a := last[strconv.Itoa(i)]
			if directory.Answered(a) {
				want = append(want, a)
			}
			shown = directory.Answered(a) && a.GetScore() <= 6
		}
		if diff := cmp.Diff(want, Final(q, saved), protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
		if len(saved) > 6 {
			t.Fatalf("%d answers are kept", len(saved))
		}
	}
}

func TestShownFollowsAnswers(t *testing.T) {
	q := branching(3)
	for want, answers := range map[string][]*surveyv1.Answer{
		"0": nil, "01": {scored("0", 3)}, "012": {scored("0", 3), scored("1", 0)},
		// What is hidden shows nothing, though an answer to it was saved.
		"0 ": {scored("0", 9), scored("1", 0)},
	} {
		got := ""
		for _, id := range Shown(q, answers) {
			got += id
		}
		if got != want[:len(got)] || len(got) != len(slices.DeleteFunc([]byte(want), func(b byte) bool { return b == ' ' })) {
			t.Errorf("shown %s, want %s", got, want)
		}
	}
}

func TestCounts(t *testing.T) {
	got := Counts([]int64{8, 6, 4, 2, 30, 20, 10})
	if got.GetResponseRate() != 25 || got.GetSent() != 8 || got.GetOpenAnswered() != 10 || got.GetLow() >= 25 || got.GetHigh() <= 25 {
		t.Errorf("%v", got)
	}
	if none := Counts(nil); none.ResponseRate != nil {
		t.Errorf("of none: %v", none)
	}
}
