package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// value makes one text, or several, of a row. Its steps, in this order: when,
// the template, split, trim, blank, map, default, comma, times, round, sum, time.
type value struct {
	when    []condition
	text    template
	split   string
	keep    bool // white space is kept, even where there is nothing else
	blank   map[string]bool
	words   map[string]string // nil: every text stays what it is
	instead *value
	number  *number
	sums    bool
	sum     span
	times   []layout
	zone    *time.Location
}

// result is what a value came to: text, or a time if the value reads one.
// Neither: it is blank.
type result struct {
	text   string
	at     time.Time
	isTime bool
}

func (r result) isBlank() bool { return r.text == "" && !r.isTime }

// otherwise is the word of a map for every text that has none.
const otherwise = "*"

// value reads a template alone or a map with how it is to be read.
func (p *parser) value(at place) (*value, error) {
	if !at.isMap() {
		t, err := p.template(at)
		return &value{text: t}, err
	}
	known, err := at.only("value", "when", "split", "trim", "blank", "map", "default", "comma", "times", "round", "sum", "time", "zone")
	if err != nil {
		return nil, err
	}
	here, ok := known["value"]
	if !ok {
		return nil, at.errorf("value is missing")
	}
	v := &value{zone: p.zone}
	if here, ok := known["sum"]; ok {
		if v.sums, err = word(here, "true"); err != nil {
			return nil, err
		}
		outer := p.many
		p.many = map[int]bool{}
		defer func() { p.many = outer }()
	}
	if v.text, err = p.template(here); err != nil {
		return nil, err
	}
	steps := []struct {
		key  string
		read func(place) error
	}{
		{"when", func(at place) (err error) { v.when, err = p.conditions(at); return }},
		{"split", func(at place) (err error) { v.split, err = at.text(); return }},
		{"trim", func(at place) (err error) { v.keep, err = isFalse(at); return }},
		{"blank", func(at place) (err error) { v.blank, err = at.set(); return }},
		{"map", func(at place) (err error) { v.words, err = words(at); return }},
		{"default", func(at place) (err error) { v.instead, err = p.value(at); return }},
		{"comma", func(at place) (err error) { v.counts().comma, err = word(at, "true"); return }},
		{"times", func(at place) (err error) { v.counts().times, err = p.factors(at); return }},
		{"round", func(at place) (err error) { v.counts().down, err = word(at, "down"); return }},
		{"time", func(at place) (err error) { v.times, err = layouts(at); return }},
		{"zone", func(at place) (err error) { v.zone, err = zone(at); return }},
	}
	for _, step := range steps {
		if here, ok := known[step.key]; ok {
			if err := step.read(here); err != nil {
				return nil, err
			}
		}
	}
	if v.sums {
		if v.sum, err = p.span(at); err == nil && v.sum.over < 0 {
			err = at.errorf("sum adds up many records; this takes from none that has many")
		}
	}
	return v, err
}

func isFalse(at place) (bool, error) {
	text, err := at.text()
	if err == nil && text != "true" && text != "false" {
		err = at.errorf("true or false is needed here")
	}
	return text == "false", err
}

func words(at place) (map[string]string, error) {
	fields, err := at.fields()
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		if out[f.key], err = f.value.text(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// constant reports whether the value is the same for every row.
func (v *value) constant() bool {
	if v.number != nil {
		for _, factor := range v.number.times {
			if !factor.constant() {
				return false
			}
		}
	}
	return !v.sums && v.text.refs == 0 && len(v.when) == 0 && (v.instead == nil || v.instead.constant())
}

// eval is the value of a row, as one text.
func (v *value) eval(s *scope) (result, error) {
	if v.sums {
		return v.total(s)
	}
	return v.one(s)
}

func (v *value) one(s *scope) (result, error) {
	for _, c := range v.when {
		holds, err := c.holds(s)
		if err != nil {
			return result{}, err
		}
		if !holds {
			return v.fallback(s)
		}
	}
	return v.read(s, v.text.eval(s))
}

// each is eval for a list: a text that is split gives one result for each piece
// that is not blank.
func (v *value) each(s *scope, f func(result) error) error {
	if v.split == "" {
		r, err := v.eval(s)
		if err == nil && !r.isBlank() {
			err = f(r)
		}
		return err
	}
	for _, c := range v.when {
		if holds, err := c.holds(s); err != nil || !holds {
			return err
		}
	}
	for _, piece := range strings.Split(v.text.eval(s), v.split) {
		r, err := v.read(s, piece)
		if err == nil && !r.isBlank() {
			err = f(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read makes a text of the file the text or time that is meant.
func (v *value) read(s *scope, text string) (result, error) {
	trimmed := strings.TrimSpace(text)
	if text == "" || (trimmed == "" && !v.keep) || v.blank[trimmed] {
		return v.fallback(s)
	}
	if !v.keep {
		text = trimmed
	}
	if v.words != nil {
		word, ok := v.words[trimmed]
		if !ok {
			word, ok = v.words[otherwise]
		}
		switch {
		case !ok:
			return result{}, fmt.Errorf("%s is not in the map", quoted(trimmed))
		case word == "":
			return v.fallback(s)
		}
		text = word
	}
	if v.number != nil {
		counted, err := v.number.apply(s, text)
		if err != nil || counted == "" {
			return result{}, err
		}
		text = counted
	}
	if v.times == nil {
		return result{text: text}, nil
	}
	at, err := parseTime(v.times, text, v.zone)
	return result{at: at, isTime: true}, err
}

func (v *value) fallback(s *scope) (result, error) {
	if v.instead == nil {
		return result{}, nil
	}
	return v.instead.eval(s)
}

// quoted is a text of the file, short enough for an error.
func quoted(text string) string {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return strconv.Quote(text)
}
