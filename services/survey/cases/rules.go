package cases

import (
	"strings"
	"time"
	"unicode/utf8"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

const (
	// defaultDue is how long a case may take where its rule does not say.
	defaultDue = 8 * time.Hour
	// maxComment bounds the excerpt a case shows, in bytes.
	maxComment = 500
)

// matching gives the rules a response meets, in the order of the questionnaire.
// Each opens a case of its own.
func matching(q *surveyv1.Questionnaire, r *surveyv1.Response) []*surveyv1.CaseRule {
	if len(q.GetCaseRules()) == 0 {
		return nil
	}
	answers := make(map[string]*surveyv1.Answer, len(r.GetAnswers()))
	for _, a := range r.GetAnswers() {
		answers[a.GetQuestionId()] = a
	}
	var met []*surveyv1.CaseRule
	for _, rule := range q.GetCaseRules() {
		if meets(rule, r, answers) {
			met = append(met, rule)
		}
	}
	return met
}

// meets tells whether all conditions hold. A rule without any never does: it
// would open a case for everybody.
func meets(rule *surveyv1.CaseRule, r *surveyv1.Response, answers map[string]*surveyv1.Answer) bool {
	if len(rule.GetChannels()) > 0 {
		of := false
		for _, c := range rule.GetChannels() {
			of = of || c == r.GetChannel()
		}
		if !of {
			return false
		}
	}
	for _, c := range rule.GetConditions() {
		if !directory.Holds(c, answers) {
			return false
		}
	}
	return len(rule.GetConditions()) > 0
}

// dueIn is the business time a rule allows.
func dueIn(rule *surveyv1.CaseRule) time.Duration {
	if d := rule.GetDueIn().AsDuration(); d > 0 {
		return d
	}
	return defaultDue
}

// lowestScore is the lowest score of any answer; nil if nothing was scored.
func lowestScore(r *surveyv1.Response) *int32 {
	var low *int32
	for _, a := range r.GetAnswers() {
		if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok && (low == nil || s.Score < *low) {
			low = &s.Score
		}
	}
	return low
}

// firstComment is the first text that is not blank, in the order of asking;
// answers may come in any order.
func firstComment(q *surveyv1.Questionnaire, r *surveyv1.Response) string {
	texts := make(map[string]string, 1)
	for _, a := range r.GetAnswers() {
		if directory.Answered(a) && a.GetText() != "" {
			texts[a.GetQuestionId()] = strings.TrimSpace(a.GetText())
		}
	}
	for _, question := range q.GetQuestions() {
		if text := texts[question.GetId()]; text != "" {
			return cut(text, maxComment)
		}
	}
	return ""
}

// cut shortens to at most n bytes and never within a rune.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// DueAt is when the cases that a response opens are due, the first of them; false: it
// opens none.
func DueAt(b Brand, q *surveyv1.Questionnaire, r *surveyv1.Response, received time.Time) (due time.Time, ok bool) {
	for _, rule := range matching(q, r) {
		if at := b.Hours.Due(received, dueIn(rule)); !ok || at.Before(due) {
			due, ok = at, true
		}
	}
	return due, ok
}
