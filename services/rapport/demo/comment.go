package demo

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// tone is how a comment sounds. It follows the score, so that nobody praises
// with a 2.
type tone int

const (
	bad tone = iota
	mixed
	good
)

func toneOf(nps, csat int32) tone {
	switch {
	case nps <= 6 && csat <= 3:
		return bad
	case nps >= 9 && csat >= 4:
		return good
	}
	return mixed
}

// willing is how many of those who feel so write about it.
var willing = [...]float64{bad: 0.5, mixed: 0.14, good: 0.2}

// say makes a comment, or none.
func say(c *rand.Rand, locale string, nps, csat int32, about topic) string {
	t := toneOf(nps, csat)
	if c.Float64() >= willing[t] {
		return ""
	}
	words := russian
	if locale == "en" {
		words = english
	}
	bodies := words.bodies[about][t]
	if len(bodies) == 0 {
		bodies = words.general[t]
	}
	var parts []string
	if c.Float64() < 0.35 {
		parts = append(parts, one(c, words.openers[t]))
	}
	parts = append(parts, one(c, bodies))
	if c.Float64() < 0.25 {
		parts = append(parts, one(c, words.general[t]))
	}
	if c.Float64() < 0.3 {
		parts = append(parts, one(c, words.closers[t]))
	}
	return strings.Join(parts, " ")
}

// one draws a phrase and fills in its number, if it has a place for one.
func one(c *rand.Rand, phrases []string) string {
	p := phrases[c.IntN(len(phrases))]
	if strings.Contains(p, "{min}") {
		p = strings.ReplaceAll(p, "{min}", strconv.Itoa(10+5*c.IntN(11)))
	}
	if strings.Contains(p, "{hour}") {
		p = strings.ReplaceAll(p, "{hour}", strconv.Itoa(12+c.IntN(9)))
	}
	return p
}
