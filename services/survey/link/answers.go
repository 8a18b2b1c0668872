package link

import (
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// Merged are answers with later ones in the place of those to the same question. One
// that says nothing takes the earlier one away.
func Merged(saved, later []*surveyv1.Answer) []*surveyv1.Answer {
	out := slices.DeleteFunc(slices.Clone(saved), func(a *surveyv1.Answer) bool {
		return slices.ContainsFunc(later, func(l *surveyv1.Answer) bool { return l.GetQuestionId() == a.GetQuestionId() })
	})
	for _, a := range later {
		if directory.Answered(a) {
			out = append(out, a)
		}
	}
	return out
}

// Shown are the questions of a questionnaire that are shown for answers, in their order.
// An answer to a question that is not shown shows nothing either.
func Shown(q *surveyv1.Questionnaire, answers []*surveyv1.Answer) []string {
	given := make(map[string]*surveyv1.Answer, len(answers))
	for _, a := range answers {
		given[a.GetQuestionId()] = a
	}
	var out []string
	for _, one := range q.GetQuestions() {
		if one.GetShowIf() != nil && !directory.Holds(one.GetShowIf(), given) {
			delete(given, one.GetId())
			continue
		}
		out = append(out, one.GetId())
	}
	return out
}

// Final are the answers to what is shown, in the order of asking: the same however often
// and in which order they were saved.
func Final(q *surveyv1.Questionnaire, answers []*surveyv1.Answer) []*surveyv1.Answer {
	var out []*surveyv1.Answer
	for _, id := range Shown(q, answers) {
		for _, a := range answers {
			if a.GetQuestionId() == id {
				out = append(out, a)
			}
		}
	}
	return out
}
