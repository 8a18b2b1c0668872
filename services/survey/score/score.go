// Package score turns counted answers into scores that say what they are worth:
// the value, n, the 95 % interval, whether a difference is one, and who may rank
// before whom. Everything here is a pure function of sums that are exact
// integers; nothing is rounded, and no answers at all is absent, never 0.
//
// Intervals stand at ±1.96 standard errors. The plain ones describe a value. Where
// something is decided (is this a change, who is better, is the goal met), one
// pseudo-answer is added at each end of the scale first: three answers of ten out
// of ten have a plain margin of zero, and would otherwise win every comparison.
package score

import (
	"fmt"

	"github.com/rapport-cx/rapport/internal/stat"
)

// z is the normal quantile of a 95 % interval.
const z = stat.Z

// Kind is how answers become a score.
type Kind uint8

// The kinds of score.
const (
	// NPS is % of 9-10 minus % of 0-6, from -100 to 100.
	NPS Kind = iota + 1
	// CSAT is the % of answers at or above the threshold.
	CSAT
	// CES is the mean of 1-7, where 7 is very easy.
	CES
	// CSI is one parameter of the handbook's index: the mean of importance times
	// satisfaction, each over the scale's top, in %.
	CSI
	// Rating is the mean.
	Rating
	// LowShare is the % of questionnaires with a low answer. A questionnaire is
	// counted once, as 1 if it has one and as 0 if it has none.
	LowShare
)

var kindNames = [...]string{"", "NPS", "CSAT", "CES", "CSI", "rating", "low share"}

// String is the kind's name.
func (k Kind) String() string {
	if k >= NPS && k <= LowShare {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Def is a metric's definition. The zero scale and threshold mean the kind's
// default. Only answers of equal definitions may be pooled.
type Def struct {
	Kind Kind
	// Min and Max are the ends of the scale, within 0-10.
	Min, Max int
	// Threshold is the first score that a share counts: a CSAT's first positive one
	// (by default the one below the top: 4 of 5, 9 of 10), a LowShare's 1.
	Threshold int
}

// scale is the scale a kind prescribes, if it does.
func (k Kind) scale() (low, top int, ok bool) {
	switch k {
	case NPS:
		return 0, 10, true
	case CES:
		return 1, 7, true
	case CSI:
		return 1, 10, true
	case LowShare:
		return 0, 1, true
	}
	return 0, 0, false
}

// filled is d with its defaults.
func (d Def) filled() Def {
	if d.Min == 0 && d.Max == 0 {
		d.Min, d.Max = 1, 5
		if low, top, ok := d.Kind.scale(); ok {
			d.Min, d.Max = low, top
		}
	}
	if d.Threshold == 0 {
		switch d.Kind {
		case CSAT:
			d.Threshold = max(d.Max-1, d.Min+1)
		case LowShare:
			d.Threshold = d.Max
		}
	}
	return d
}

// Weighted tells whether an answer carries an importance.
func (d Def) Weighted() bool { return d.Kind == CSI }

// LowerIsBetter tells which way is up: only a low share is better when lower. A
// CES counts ease, not effort: higher is better.
func (d Def) LowerIsBetter() bool { return d.Kind == LowShare }
