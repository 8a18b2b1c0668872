package survey

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// maxText bounds a text, as the contract does.
const maxText = 10_000

// Names of a question's fields in a form: "q." and its id; with another letter before the
// dot what else belongs to it.
const (
	valueField      = "q."
	importanceField = "i."
	worstField      = "w."
)

// flaw is what is wrong with an answer.
type flaw int

const (
	good flaw = iota
	required
	importanceMissing
	scoreMissing
	worstMissing
	worstAboveBest
	tooLong
	notAnAnswer
)

// parse reads the answers of a screen out of a form. What a form cannot say by itself is
// taken for what a person meant: no box ticked or an empty text clears the answer, no
// point of a scale chosen leaves it as it was.
func parse(questions []*surveyv1.PageQuestion, form url.Values) (answers []*surveyv1.Answer, flaws map[string]flaw) {
	flaws = map[string]flaw{}
	for _, q := range questions {
		id := q.GetQuestion().GetId()
		a, flaw := parseOne(q, form)
		if flaw != good {
			flaws[id] = flaw
			continue
		}
		if a != nil {
			a.QuestionId = id
			answers = append(answers, a)
		}
	}
	return answers, flaws
}

func parseOne(q *surveyv1.PageQuestion, form url.Values) (*surveyv1.Answer, flaw) {
	id := q.GetQuestion().GetId()
	switch q.GetQuestion().GetKind() {
	case surveyv1.QuestionKind_QUESTION_KIND_TEXT:
		return parseText(form, valueField+id)
	case surveyv1.QuestionKind_QUESTION_KIND_SINGLE, surveyv1.QuestionKind_QUESTION_KIND_MULTI:
		return parseChoice(q.GetQuestion(), form[valueField+id])
	case surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION:
		return parseSpan(form.Get(valueField+id), form.Get(worstField+id))
	case surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM:
		return parseItem(form.Get(valueField+id), form.Get(importanceField+id))
	}
	score, given, ok := number(form.Get(valueField + id))
	switch {
	case !ok || given && (score < q.GetScaleMin() || score > q.GetScaleMax()):
		return nil, notAnAnswer
	case !given:
		return nil, good
	}
	return &surveyv1.Answer{Value: &surveyv1.Answer_Score{Score: score}}, good
}

func parseText(form url.Values, name string) (*surveyv1.Answer, flaw) {
	if !form.Has(name) {
		return nil, good
	}
	text := strings.TrimSpace(strings.ReplaceAll(form.Get(name), "\r\n", "\n"))
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return nil, notAnAnswer
	case len(text) > maxText:
		return nil, tooLong
	case text == "":
		return &surveyv1.Answer{}, good
	}
	return &surveyv1.Answer{Value: &surveyv1.Answer_Text{Text: text}}, good
}

func parseChoice(q *surveyv1.Question, chosen []string) (*surveyv1.Answer, flaw) {
	single := q.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_SINGLE
	if len(chosen) == 0 {
		if single {
			return nil, good
		}
		return &surveyv1.Answer{}, good
	}
	for i, id := range chosen {
		known := slices.ContainsFunc(q.GetOptions(), func(o *surveyv1.Option) bool { return o.GetId() == id })
		if !known || slices.Contains(chosen[:i], id) || single && i > 0 {
			return nil, notAnAnswer
		}
	}
	return &surveyv1.Answer{Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: chosen}}}, good
}

// parseItem needs both sides: what is good and does not matter is another thing than what
// is good and does.
func parseItem(satisfaction, importance string) (*surveyv1.Answer, flaw) {
	s, hasS, okS := number(satisfaction)
	i, hasI, okI := number(importance)
	switch {
	case !okS || !okI || hasS && (s < 1 || s > 10) || hasI && (i < 1 || i > 10):
		return nil, notAnAnswer
	case !hasS && !hasI:
		return nil, good
	case !hasS:
		return nil, scoreMissing
	case !hasI:
		return nil, importanceMissing
	}
	return &surveyv1.Answer{Value: &surveyv1.Answer_Score{Score: s}, Importance: &i}, good
}

func parseSpan(best, worst string) (*surveyv1.Answer, flaw) {
	b, hasB, okB := number(best)
	w, hasW, okW := number(worst)
	switch {
	case !okB || !okW:
		return nil, notAnAnswer
	case !hasB && !hasW:
		return nil, good
	case !hasB || !hasW:
		return nil, worstMissing
	case w > b:
		return nil, worstAboveBest
	}
	return &surveyv1.Answer{Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: b, Worst: w}}}, good
}

// number reads a point of a scale; ok: it is one, or none was chosen.
func number(text string) (n int32, given, ok bool) {
	if text == "" {
		return 0, false, true
	}
	v, err := strconv.ParseUint(text, 10, 8)
	return int32(v), true, err == nil
}
