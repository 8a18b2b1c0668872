package survey

import (
	"slices"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// most questions stand on one screen: as many as a telephone shows without a long way.
const most = 4

// screens lays questions out. A question stands on a later screen than the one that
// decides whether it is shown, so that nothing has to change under the reader's hands.
// The layout depends on nothing that is answered: a screen keeps its number.
func screens(all []*surveyv1.PageQuestion) [][]*surveyv1.PageQuestion {
	var out [][]*surveyv1.PageQuestion
	var now []*surveyv1.PageQuestion
	for _, q := range all {
		decided := slices.ContainsFunc(now, func(on *surveyv1.PageQuestion) bool {
			return q.GetQuestion().GetShowIf() != nil && on.GetQuestion().GetId() == q.GetQuestion().GetShowIf().GetQuestionId()
		})
		if len(now) == most || decided {
			out, now = append(out, now), nil
		}
		now = append(now, q)
	}
	return append(out, now)
}

// book is a questionnaire as it stands for the answers so far.
type book struct {
	screens [][]*surveyv1.PageQuestion
	shown   []string
	answers map[string]*surveyv1.Answer
}

func newBook(questions []*surveyv1.PageQuestion, shown []string, answers []*surveyv1.Answer) *book {
	b := &book{screens: screens(questions), shown: shown, answers: map[string]*surveyv1.Answer{}}
	for _, a := range answers {
		b.answers[a.GetQuestionId()] = a
	}
	return b
}

// on are the questions shown on a screen, which is counted from 1.
func (b *book) on(screen int) []*surveyv1.PageQuestion {
	if screen < 1 || screen > len(b.screens) {
		return nil
	}
	var out []*surveyv1.PageQuestion
	for _, q := range b.screens[screen-1] {
		if slices.Contains(b.shown, q.GetQuestion().GetId()) {
			out = append(out, q)
		}
	}
	return out
}

// beside is the next screen in a direction that shows anything; 0: there is none.
func (b *book) beside(screen, step int) int {
	for at := screen + step; at >= 1 && at <= len(b.screens); at += step {
		if len(b.on(at)) > 0 {
			return at
		}
	}
	return 0
}

// first is the screen to begin with; missing tells whether a question holds one up.
func (b *book) first(missing func(*surveyv1.PageQuestion) bool) int {
	for at := 1; at <= len(b.screens); at++ {
		if slices.ContainsFunc(b.on(at), missing) {
			return at
		}
	}
	return 0
}

// unanswered is a question that nothing was said to yet.
func (b *book) unanswered(q *surveyv1.PageQuestion) bool {
	return b.answers[q.GetQuestion().GetId()] == nil
}

// owed is a question that must be answered and is not.
func (b *book) owed(q *surveyv1.PageQuestion) bool {
	return q.GetQuestion().GetRequired() && b.unanswered(q)
}

// place is the how manieth screen that shows anything this one is, and of how many.
func (b *book) place(screen int) (at, of int) {
	for i := 1; i <= len(b.screens); i++ {
		if len(b.on(i)) == 0 {
			continue
		}
		if of++; i <= screen {
			at++
		}
	}
	return at, of
}
