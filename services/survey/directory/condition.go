package directory

import (
	"strings"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Holds tests a condition against a response's answers, by question id. An
// unanswered question fails every test.
func Holds(c *surveyv1.Condition, answers map[string]*surveyv1.Answer) bool {
	a := answers[c.GetQuestionId()]
	if !Answered(a) {
		return false
	}
	switch t := c.GetTest().(type) {
	case *surveyv1.Condition_Score:
		s, ok := a.GetValue().(*surveyv1.Answer_Score)
		return ok && s.Score >= t.Score.GetMin() && s.Score <= t.Score.GetMax()
	case *surveyv1.Condition_Chosen:
		for _, id := range a.GetChoice().GetOptionIds() {
			for _, want := range t.Chosen.GetOptionIds() {
				if id == want {
					return true
				}
			}
		}
		return false
	case *surveyv1.Condition_Answered:
		return t.Answered
	}
	return false
}

// Answered tells whether there is an answer: not skipped, and not a blank text.
func Answered(a *surveyv1.Answer) bool {
	switch v := a.GetValue().(type) {
	case nil:
		return false
	case *surveyv1.Answer_Text:
		return strings.TrimSpace(v.Text) != ""
	case *surveyv1.Answer_Choice:
		return len(v.Choice.GetOptionIds()) > 0
	}
	return true
}
