package mapping

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// condition is a test of a value; every part that is given must hold.
type condition struct {
	value   *value
	is, not map[string]bool
	starts  []string
	most    *value
	least   *value
}

func (p *parser) conditions(at place) ([]condition, error) {
	items, err := at.items()
	if err != nil {
		return nil, err
	}
	out := make([]condition, len(items))
	for i, item := range items {
		if out[i], err = p.condition(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *parser) condition(at place) (condition, error) {
	var c condition
	known, err := at.only("value", "is", "not", "starts", "at_most", "at_least")
	if err != nil {
		return c, err
	}
	here, ok := known["value"]
	if !ok || len(known) < 2 {
		return c, at.errorf("a condition is a value and what it is: is, not, starts, at_most or at_least")
	}
	if c.value, err = p.value(here); err != nil {
		return c, err
	}
	for key, into := range map[string]*map[string]bool{"is": &c.is, "not": &c.not} {
		if here, ok := known[key]; ok {
			if *into, err = here.set(); err != nil {
				return c, err
			}
		}
	}
	if here, ok := known["starts"]; ok {
		if c.starts, err = here.texts(); err != nil {
			return c, err
		}
	}
	for key, into := range map[string]**value{"at_most": &c.most, "at_least": &c.least} {
		if here, ok := known[key]; ok {
			if *into, err = p.value(here); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// holds tests a row. "" in is or not means a blank; a blank is neither at most
// nor at least anything.
func (c condition) holds(s *scope) (bool, error) {
	have, err := c.value.eval(s)
	if err != nil {
		return false, err
	}
	text := have.text
	if have.isTime {
		text = have.at.Format(time.RFC3339)
	}
	if (c.is != nil && !c.is[text]) || c.not[text] {
		return false, nil
	}
	if c.starts != nil && !slices.ContainsFunc(c.starts, func(head string) bool { return strings.HasPrefix(text, head) }) {
		return false, nil
	}
	for _, bound := range []struct {
		v    *value
		sign int
	}{{c.most, 1}, {c.least, -1}} {
		if bound.v == nil {
			continue
		}
		limit, err := bound.v.eval(s)
		if err != nil {
			return false, err
		}
		if have.isBlank() || limit.isBlank() || compare(have, limit) == bound.sign {
			return false, nil
		}
	}
	return true, nil
}

// compare orders times by time, numbers by size and everything else as text,
// which is right for times written from the year down.
func compare(a, b result) int {
	if a.isTime && b.isTime {
		return a.at.Compare(b.at)
	}
	x, errX := strconv.ParseFloat(a.text, 64)
	y, errY := strconv.ParseFloat(b.text, 64)
	switch {
	case errX != nil || errY != nil:
		return strings.Compare(a.text, b.text)
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
