package directory

import (
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// metricKinds is the kind of metric that answers of a question count in.
var metricKinds = map[surveyv1.QuestionKind]surveyv1.MetricKind{
	surveyv1.QuestionKind_QUESTION_KIND_NPS:      surveyv1.MetricKind_METRIC_KIND_NPS,
	surveyv1.QuestionKind_QUESTION_KIND_CSAT:     surveyv1.MetricKind_METRIC_KIND_CSAT,
	surveyv1.QuestionKind_QUESTION_KIND_CES:      surveyv1.MetricKind_METRIC_KIND_CES,
	surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM,
	surveyv1.QuestionKind_QUESTION_KIND_RATING:   surveyv1.MetricKind_METRIC_KIND_RATING,
}

// Scored tells whether a question's answers are scores of a metric.
func Scored(kind surveyv1.QuestionKind) bool {
	_, ok := metricKinds[kind]
	return ok
}

// CheckQuestionnaire judges what stands in a draft by itself: ids, options,
// conditions and rules. Metrics are checked when it is published.
func CheckQuestionnaire(q *surveyv1.Questionnaire) error {
	f := fault.Invalid()
	seen := map[string]*surveyv1.Question{}
	metrics := map[string]bool{}
	for i, one := range q.GetQuestions() {
		path := fmt.Sprintf("survey.draft.questions[%d]", i)
		if seen[one.GetId()] != nil {
			f.Field(path+".id", "%q stands twice", one.GetId())
		}
		checkQuestion(f, path, one)
		if m := one.GetMetric(); m != "" {
			if metrics[m] {
				f.Field(path+".metric", "%q is asked twice: an answer would count twice in one response", m)
			}
			metrics[m] = true
		}
		if c := one.GetShowIf(); c != nil {
			checkCondition(f, path+".show_if", c, seen)
		}
		seen[one.GetId()] = one
	}
	causes := map[string]bool{}
	for i, r := range q.GetCaseRules() {
		path := fmt.Sprintf("survey.draft.case_rules[%d]", i)
		if causes[r.GetCause()] {
			f.Field(path+".cause", "%q stands twice", r.GetCause())
		}
		causes[r.GetCause()] = true
		for j, c := range r.GetConditions() {
			checkCondition(f, fmt.Sprintf("%s.conditions[%d]", path, j), c, seen)
		}
	}
	return f.Err()
}

func checkQuestion(f *fault.Fields, path string, q *surveyv1.Question) {
	kind := q.GetKind()
	if Scored(kind) == (q.GetMetric() == "") {
		if Scored(kind) {
			f.Field(path+".metric", "a scored question names its metric")
		} else {
			f.Field(path+".metric", "answers of this kind count in no metric")
		}
	}
	choice := kind == surveyv1.QuestionKind_QUESTION_KIND_SINGLE || kind == surveyv1.QuestionKind_QUESTION_KIND_MULTI
	if choice == (len(q.GetOptions()) == 0) {
		f.Field(path+".options", "SINGLE and MULTI have options, other kinds none")
	}
	ids := map[string]bool{}
	for i, o := range q.GetOptions() {
		if ids[o.GetId()] {
			f.Field(fmt.Sprintf("%s.options[%d].id", path, i), "%q stands twice", o.GetId())
		}
		ids[o.GetId()] = true
	}
	if kind == surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION {
		if q.GetScaleMin() > q.GetScaleMax() {
			f.Field(path+".scale_max", "must not be below scale_min")
		}
	} else if q.GetScaleMin() != 0 || q.GetScaleMax() != 0 {
		f.Field(path+".scale_max", "the scale is the metric's")
	}
}

func checkCondition(f *fault.Fields, path string, c *surveyv1.Condition, earlier map[string]*surveyv1.Question) {
	q := earlier[c.GetQuestionId()]
	if q == nil {
		f.Field(path+".question_id", "%q is not an earlier question", c.GetQuestionId())
		return
	}
	switch t := c.GetTest().(type) {
	case *surveyv1.Condition_Score:
		if !Scored(q.GetKind()) {
			f.Field(path+".score", "question %q has no score", q.GetId())
		} else if t.Score.GetMin() > t.Score.GetMax() {
			f.Field(path+".score.max", "must not be below min")
		}
	case *surveyv1.Condition_Chosen:
		for i, id := range t.Chosen.GetOptionIds() {
			if !hasOption(q, id) {
				f.Field(fmt.Sprintf("%s.chosen.option_ids[%d]", path, i), "question %q has no option %q", q.GetId(), id)
			}
		}
	}
}

func hasOption(q *surveyv1.Question, id string) bool {
	for _, o := range q.GetOptions() {
		if o.GetId() == id {
			return true
		}
	}
	return false
}

// CheckPublish judges a draft against the metrics and the versions before it: a
// question keeps its kind and metric for ever, so that its answers stay one
// series.
func (b *Book) CheckPublish(s *Survey) error {
	mismatch := func(q *surveyv1.Question, format string, args ...any) error {
		return fault.Precondition(commonv1.Reason_REASON_METRIC_MISMATCH,
			"question %q: %s", q.GetId(), fmt.Sprintf(format, args...)).With("question", q.GetId())
	}
	for _, q := range s.Def.GetDraft().GetQuestions() {
		if want, scored := metricKinds[q.GetKind()]; scored {
			m, ok := b.Metric(q.GetMetric())
			if !ok {
				return mismatch(q, "metric %q is not defined", q.GetMetric())
			}
			if m.Def.GetKind() != want {
				return mismatch(q, "metric %q is of another kind", q.GetMetric())
			}
		}
		for _, v := range s.Versions {
			if old := v.Questions[q.GetId()]; old != nil && (old.Def.GetKind() != q.GetKind() || old.Def.GetMetric() != q.GetMetric()) {
				return mismatch(q, "version %d asked it with another kind or metric: give the new question an id of its own", v.Def.GetVersion())
			}
		}
	}
	return nil
}
