package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

const (
	// system writes the steps that no person took.
	system = "rapport"
	// rootRetracted resolves a case that has lost its reason.
	rootRetracted = "response retracted"
)

// slot is what may have one open case: a person and a cause.
type slot struct{ key, cause string }

// opening is a batch of events on its way into cases. It is filled with what is
// stored, decides without further reading, and is then saved as a whole.
type opening struct {
	brand Brand
	last  int64 // number of the brand's last case
	// open are the cases not resolved, of the people in this batch.
	open map[slot]*file
	// of are the cases of the responses that this batch amends or retracts.
	of map[int64][]*file
	// files keeps one copy of each case.
	files   map[int64]*file
	opened  []*file
	shares  []*share
	byShare map[[2]int64]*share
}

func newOpening(b Brand, last int64) *opening {
	return &opening{brand: b, last: last, open: map[slot]*file{}, of: map[int64][]*file{},
		files: map[int64]*file{}, byShare: map[[2]int64]*share{}}
}

// know takes in a stored case and gives the copy that counts.
func (o *opening) know(f *file) *file {
	if known := o.files[f.id]; known != nil {
		return known
	}
	o.files[f.id] = f
	if f.State != resolved {
		o.open[f.slot()] = f
	}
	return f
}

func (f *file) slot() slot { return slot{string(f.key), f.Cause} }

// apply gives an event its effect.
func (o *opening) apply(e *event) {
	switch {
	case e.response == nil:
		o.retract(e)
	case e.amended:
		o.amend(e)
	default:
		for _, rule := range e.met {
			o.admit(e, rule)
		}
	}
}

// admit puts a response into the person's open case of the cause, or opens one.
func (o *opening) admit(e *event, rule *surveyv1.CaseRule) {
	f := o.open[slot{string(e.key), rule.GetCause()}]
	if f == nil {
		o.start(e, rule)
		return
	}
	id := strconv.FormatInt(e.first, 10)
	f.ResponseIds = append(f.ResponseIds, id)
	if extra := len(f.ResponseIds) - maxResponses; extra > 0 {
		f.ResponseIds = slices.Clone(f.ResponseIds[extra:])
	}
	f.live++
	f.take(e.at, stepResponse, system, "response "+id+scoreText(e.response), "")
	o.belongs(f, e, false)
}

// start opens a case. Its time to be due runs from when this version of the
// response was received: nobody could have acted on it before.
func (o *opening) start(e *event, rule *surveyv1.CaseRule) {
	o.last++
	r := e.response
	f := &file{id: o.last, key: e.key, response: e.first, live: 1, Case: &surveyv1.Case{
		Id: strconv.FormatInt(o.last, 10), State: open, Cause: rule.GetCause(), Queue: rule.GetQueue(),
		ResponseIds: []string{strconv.FormatInt(e.first, 10)}, SurveyId: r.GetSurveyId(),
		OpenedAt: timestamppb.New(e.at), DueAt: timestamppb.New(o.brand.Hours.Due(e.at, dueIn(rule))),
	}}
	f.describe(e)
	f.take(e.at, stepOpened, system, "opened: "+rule.GetCause()+scoreText(r), "")
	o.files[f.id], o.open[f.slot()] = f, f
	o.opened = append(o.opened, f)
	o.belongs(f, e, false)
}

// describe copies what a case shows of the response that opened it.
func (f *file) describe(e *event) {
	f.Subjects, f.Channel = e.response.GetSubjects(), e.response.GetChannel()
	f.CustomerId = e.response.GetCustomer().GetId()
	f.Score, f.Comment = lowestScore(e.response), e.comment
}

// belongs notes in which subjects the response lets the case be found.
func (o *opening) belongs(f *file, e *event, replace bool) {
	at := [2]int64{f.id, e.first}
	s := o.byShare[at]
	if s == nil {
		s = &share{id: f.id, response: e.first, replace: replace}
		o.byShare[at] = s
		o.shares = append(o.shares, s)
		if !replace {
			o.of[e.first] = append(o.of[e.first], f)
		}
	}
	s.subjects = e.response.GetCountedIn()
}

// amend tells the response's cases, resolved ones too, and opens what it newly
// meets. A case whose rule no longer holds stays: somebody may be at work on it.
func (o *opening) amend(e *event) {
	had := map[string]bool{}
	for _, f := range o.of[e.first] {
		had[f.Cause] = true
		text := fmt.Sprintf("response %d was amended%s", e.first, scoreText(e.response))
		if !slices.ContainsFunc(e.met, func(r *surveyv1.CaseRule) bool { return r.GetCause() == f.Cause }) {
			text += "; it no longer meets the rule"
		}
		if f.response == e.first {
			f.describe(e)
			o.rekey(f, e.key)
		}
		f.take(e.at, stepAmended, system, because(text, e.reason), "")
		o.belongs(f, e, true)
	}
	for _, rule := range e.met {
		if !had[rule.GetCause()] {
			o.admit(e, rule)
		}
	}
}

// rekey follows an amendment that names the customer, unless that customer has
// an open case of the cause already: then both stay.
func (o *opening) rekey(f *file, key []byte) {
	if f.State == resolved {
		f.key = key
		return
	}
	to := slot{string(key), f.Cause}
	if o.open[to] != nil {
		return
	}
	delete(o.open, f.slot())
	f.key = key
	o.open[to] = f
}

// retract tells the response's cases. One that nobody has taken and that has no
// other response is over: there is nobody to call back.
func (o *opening) retract(e *event) {
	for _, f := range o.of[e.first] {
		f.live--
		f.take(e.at, stepRetracted, system, because(fmt.Sprintf("response %d was retracted", e.first), e.reason), "")
		if f.State != open || f.live > 0 {
			continue
		}
		delete(o.open, f.slot())
		// It cannot be refused: the case is open and no revision is asked for.
		_ = f.resolve(e.at, o.brand.Hours, system, rootRetracted, "", 0, step{})
	}
}

// changed are the stored cases that took steps, by number.
func (o *opening) changed() []*file {
	var list []*file
	for _, f := range o.files {
		if len(f.steps) > 0 && f.Revision > 0 {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *file) int { return cmp.Compare(a.id, b.id) })
	return list
}

func scoreText(r *surveyv1.Response) string {
	if s := lowestScore(r); s != nil {
		return fmt.Sprintf(", lowest score %d", *s)
	}
	return ""
}

func because(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + ": " + reason
}
