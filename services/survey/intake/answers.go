package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// scored is a score together with whether it makes its questionnaire a low one.
type scored struct {
	tally.Score
	canBeLow, low bool
}

// answers judges each answer against its question, and returns what counts.
func (r Rules) answers(f *fault.Fields, in *surveyv1.Response, v *directory.Version, t *tally.Tally) []scored {
	byID := make(map[string]*surveyv1.Answer, len(in.GetAnswers()))
	var out []scored
	for i, a := range in.GetAnswers() {
		path := fmt.Sprintf("response.answers[%d]", i)
		q := v.Questions[a.GetQuestionId()]
		if q == nil {
			f.Field(path+".question_id", "version %d of the survey has no question %q", v.Def.GetVersion(), a.GetQuestionId())
			continue
		}
		if byID[a.GetQuestionId()] != nil {
			f.Field(path+".question_id", "question %q is answered twice", a.GetQuestionId())
			continue
		}
		byID[a.GetQuestionId()] = a
		if !directory.Answered(a) {
			continue
		}
		if q.Def.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_TEXT {
			t.Commented = true
		}
		if s, ok := r.answer(f, path, q.Def, a); ok {
			out = append(out, s)
		}
	}
	checkShown(f, v, byID)
	slices.SortFunc(out, func(x, y scored) int { return cmp.Compare(x.Metric, y.Metric) })
	return out
}

// checkShown refuses answers to hidden questions, and missing ones that were
// required. It goes in the order of asking, so that paths are found the same
// way whatever the order of the answers.
func checkShown(f *fault.Fields, v *directory.Version, byID map[string]*surveyv1.Answer) {
	for _, q := range v.Def.GetQuestionnaire().GetQuestions() {
		given := directory.Answered(byID[q.GetId()])
		shown := q.GetShowIf() == nil || directory.Holds(q.GetShowIf(), byID)
		switch {
		case given && !shown:
			f.Field("response.answers", "question %q is not shown for these answers", q.GetId())
		case !given && shown && q.GetRequired():
			f.Field("response.answers", "question %q is required", q.GetId())
		}
	}
}

// answer judges one given answer; true if it is a good score.
func (r Rules) answer(f *fault.Fields, path string, q *surveyv1.Question, a *surveyv1.Answer) (scored, bool) {
	if a.Importance != nil && q.GetKind() != surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM {
		f.Field(path+".importance", "question %q has no importance", q.GetId())
	}
	switch v := a.GetValue().(type) {
	case *surveyv1.Answer_Score:
		if !directory.Scored(q.GetKind()) {
			f.Field(path+".score", "question %q takes no score", q.GetId())
			return scored{}, false
		}
		return r.score(f, path, q, a)
	case *surveyv1.Answer_Choice:
		checkChoice(f, path+".choice", q, v.Choice)
	case *surveyv1.Answer_Text:
		if q.GetKind() != surveyv1.QuestionKind_QUESTION_KIND_TEXT {
			f.Field(path+".text", "question %q takes no text", q.GetId())
		}
	case *surveyv1.Answer_Expectation:
		checkExpectation(f, path+".expectation", q, v.Expectation)
	}
	return scored{}, false
}

func (r Rules) score(f *fault.Fields, path string, q *surveyv1.Question, a *surveyv1.Answer) (scored, bool) {
	m, ok := r.Book.Metric(q.GetMetric())
	if !ok {
		f.Field(path+".question_id", "metric %q is not defined", q.GetMetric())
		return scored{}, false
	}
	s := a.GetScore()
	if s < m.Def.GetScaleMin() || s > m.Def.GetScaleMax() {
		f.Field(path+".score", "must be an integer from %d to %d", m.Def.GetScaleMin(), m.Def.GetScaleMax())
		return scored{}, false
	}
	out := scored{Score: tally.Score{Metric: m.Number, Score: uint8(s)}}
	if q.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM {
		if w := a.GetImportance(); w < 1 || w > 10 {
			f.Field(path+".importance", "must be an integer from 1 to 10")
			return scored{}, false
		}
		out.Importance = uint8(a.GetImportance())
	}
	low := m.Def.GetLowAtMost()
	out.canBeLow, out.low = low >= 0, s <= low
	return out, true
}

// withLowShare puts the questionnaire's own score first: 1 if any answer is low.
func withLowShare(answers []scored) []tally.Score {
	if len(answers) == 0 {
		return nil
	}
	out := make([]tally.Score, 0, len(answers)+1)
	var counted bool
	var low uint8
	for _, a := range answers {
		counted = counted || a.canBeLow
		if a.low {
			low = 1
		}
	}
	if counted {
		out = append(out, tally.Score{Metric: tally.LowShare, Score: low})
	}
	for _, a := range answers {
		out = append(out, a.Score)
	}
	return out
}

func checkChoice(f *fault.Fields, path string, q *surveyv1.Question, c *surveyv1.Choice) {
	single := q.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_SINGLE
	if !single && q.GetKind() != surveyv1.QuestionKind_QUESTION_KIND_MULTI {
		f.Field(path, "question %q takes no choice", q.GetId())
		return
	}
	if single && len(c.GetOptionIds()) > 1 {
		f.Field(path+".option_ids", "question %q takes one option", q.GetId())
	}
	known := make(map[string]bool, len(q.GetOptions()))
	for _, o := range q.GetOptions() {
		known[o.GetId()] = true
	}
	for i, id := range c.GetOptionIds() {
		if !known[id] {
			f.Field(fmt.Sprintf("%s.option_ids[%d]", path, i), "question %q has no option %q, or it is given twice", q.GetId(), id)
		}
		delete(known, id)
	}
}

func checkExpectation(f *fault.Fields, path string, q *surveyv1.Question, e *surveyv1.Expectation) {
	if q.GetKind() != surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION {
		f.Field(path, "question %q takes no expectation", q.GetId())
		return
	}
	low, high := q.GetScaleMin(), q.GetScaleMax()
	if low == 0 && high == 0 {
		low, high = 1, 10
	}
	if e.GetBest() < low || e.GetBest() > high {
		f.Field(path+".best", "must be an integer from %d to %d", low, high)
	}
	if e.GetWorst() < low || e.GetWorst() > e.GetBest() {
		f.Field(path+".worst", "must be an integer from %d to best", low)
	}
}

// facets takes the declared ones; an undeclared facet is refused rather than
// dropped, since a split by it would silently miss it.
func facets(f *fault.Fields, in *surveyv1.Response, v *directory.Version, t *tally.Tally) {
	for _, name := range slices.Sorted(maps.Keys(in.GetFacets())) {
		if !v.Facets[name] {
			f.Field(fmt.Sprintf("response.facets[%q]", name), "version %d of the survey declares no such facet", v.Def.GetVersion())
			continue
		}
		if value := in.GetFacets()[name]; value != "" {
			t.Facets = append(t.Facets, tally.Facet{Name: name, Value: value})
		}
	}
}

func subjectPath(i int) string { return fmt.Sprintf("response.subjects[%d]", i) }

func kindName(ref *commonv1.SubjectRef) string {
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_")
}
