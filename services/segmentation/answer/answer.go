// Package answer keeps, for each customer number, what it scored each metric, as
// Survey's feed tells it.
//
// All answers of a number are kept, since an amendment, a retraction or a customer
// that becomes known later moves the last one. A number keeps what came with it; the
// last score of a person is found over its numbers on read, so that merges and
// unmerges change nothing here. Every response that counts is also a fact of
// Segmentation's own log, under the response's key and in the transaction that moves
// the cursor: so it counts once however often it is told, and what the table says can
// be recounted without asking Survey.
package answer

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Answer is what one response scored one metric.
type Answer struct {
	// At is when it was answered, in Unix microseconds; Response is its number in
	// Survey's log. The last answer is the greatest of both.
	At, Response int64
	// Score is on the scale that the metric is asked in.
	Score int32
}

func compare(a, b Answer) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Response, b.Response), cmp.Compare(a.Score, b.Score))
}

// History is what one number answered. Answers are added and taken out again; where
// they came in another order it is the same History.
type History struct {
	// metrics are those with any answer, ordered by name.
	metrics []metric
}

// metric is a metric and its answers, ascending.
type metric struct {
	name    string
	answers []Answer
}

// Response is what one response says of its customer.
type Response struct {
	Customer int64
	scores   []*surveyv1.MetricScore
	answer   Answer
}

// Of reads what Essence left of an event; nothing of a retracted one counts.
func Of(e *surveyv1.ResponseEvent) (r Response, err error) {
	r.Customer = e.GetResponse().GetCustomer().GetId()
	r.answer.At = e.GetResponse().GetAnsweredAt().AsTime().UnixMicro()
	if r.answer.Response, err = strconv.ParseInt(e.GetResponse().GetId(), 10, 64); err != nil {
		return r, errors.New("a response without its number")
	}
	if counts(e) {
		r.scores = e.GetScores()
	}
	return r, nil
}

// counts tells whether an event says anything of a known customer.
func counts(e *surveyv1.ResponseEvent) bool {
	return e.GetResponse().GetCustomer().GetId() != 0 && len(e.GetScores()) > 0 && e.GetKind() != surveyv1.ResponseEvent_KIND_RETRACTED
}

// errTaken says that an answer was taken out of a history that does not have it.
var errTaken = errors.New("an answer was taken out of a history that does not have it")

// Add counts a response in.
func (h *History) Add(r *Response) {
	for _, s := range r.scores {
		i, found := h.find(s.GetMetric())
		if !found {
			h.metrics = slices.Insert(h.metrics, i, metric{name: s.GetMetric()})
		}
		m, a := &h.metrics[i], r.answer
		a.Score = s.GetScore()
		at, _ := slices.BinarySearchFunc(m.answers, a, compare)
		m.answers = slices.Insert(m.answers, at, a)
	}
}

// Take counts a response out that was counted in.
func (h *History) Take(r *Response) error {
	for _, s := range r.scores {
		i, found := h.find(s.GetMetric())
		if !found {
			return errTaken
		}
		m, a := &h.metrics[i], r.answer
		a.Score = s.GetScore()
		at, found := slices.BinarySearchFunc(m.answers, a, compare)
		if !found {
			return errTaken
		}
		// A metric without answers leaves no trace: it must not show that there was one.
		if m.answers = slices.Delete(m.answers, at, at+1); len(m.answers) == 0 {
			h.metrics = slices.Delete(h.metrics, i, i+1)
		}
	}
	return nil
}

func (h *History) find(name string) (int, bool) {
	return slices.BinarySearchFunc(h.metrics, name, func(m metric, name string) int { return cmp.Compare(m.name, name) })
}

// Empty tells that nothing was answered.
func (h *History) Empty() bool { return len(h.metrics) == 0 }

// Last gives the last answer of each metric over the histories of one person; nil
// stands for a number that answered nothing.
func Last(fn func(metric string, last Answer), all ...*History) {
	if len(all) == 1 {
		if all[0] != nil {
			for _, m := range all[0].metrics {
				fn(m.name, m.answers[len(m.answers)-1])
			}
		}
		return
	}
	last := map[string]Answer{}
	for _, h := range all {
		Last(func(metric string, a Answer) {
			if was, has := last[metric]; !has || compare(was, a) < 0 {
				last[metric] = a
			}
		}, h)
	}
	for metric, a := range last {
		fn(metric, a)
	}
}
