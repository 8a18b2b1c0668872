// Package trial puts beliefs about segments to the test: hypotheses, set down before
// anything is done and held against what came of it, and experiments, which split a
// segment by chance so that what comes of an action is told from what would have come
// anyway.
//
// Definitions and splits are facts of Segmentation's log; nothing else is stored.
// Results are counted when they are asked for. Every measure is a mean over answers or
// persons (of −100, 0 and 100 for NPS, of 0 and 100 for shares), so that one rule tells
// what a difference is worth.
package trial

import (
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// HoldOut is the name of the arm that nothing is done to.
const HoldOut = "holdout"

// Names are the arms of an experiment as they are told of: as defined, then the
// hold-out, if there is one.
func Names(e *segmentationv1.Experiment) []string {
	var names []string
	for _, a := range e.GetArms() {
		names = append(names, a.GetName())
	}
	if e.GetHoldOutBp() > 0 {
		names = append(names, HoldOut)
	}
	return names
}

// Control is the place of the arm that others are compared with.
func Control(e *segmentationv1.Experiment) int {
	if e.GetHoldOutBp() > 0 {
		return len(e.GetArms())
	}
	return 0
}

// Shares are what part of the persons each arm should have, in the order of Names.
func Shares(e *segmentationv1.Experiment) []float64 {
	held, all := float64(e.GetHoldOutBp())/whole, 0.0
	for _, a := range e.GetArms() {
		all += float64(a.GetWeight())
	}
	var out []float64
	for _, a := range e.GetArms() {
		out = append(out, (1-held)*float64(a.GetWeight())/all)
	}
	if held > 0 {
		out = append(out, held)
	}
	return out
}

// whole is 100 % in basis points.
const whole = 10_000

func some(x float64) *float64 { return &x }

// finite is x, unless there is no such number.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
