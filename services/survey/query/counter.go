package query

import (
	"github.com/rapport-cx/rapport/services/survey/score"
)

// counter is what the slabs of a plan are summed into: the total, and for each
// group one hist per slot. A metric made of several has a hist for each part.
type counter struct {
	slots  slots
	parts  int
	total  []score.Hist
	groups []map[int32]*group // by value of the first dimension, then the second
	solo   []*group           // by value of the only dimension
	count  int
	full   bool
}

// group is one combination of values.
type group struct {
	values [2]int32
	total  []score.Hist
	slots  []score.Hist // slot × part; empty where no series is asked for
}

// maxHists bounds the memory of one answer: 2^18 hists are 32 MiB.
const maxHists = 1 << 18

func newCounter(p *Plan, s slots) *counter {
	return &counter{slots: s, parts: len(p.subject.parts), total: make([]score.Hist, len(p.subject.parts))}
}

// group finds or makes the group of the values; nil once there is no room.
// Questions without a second dimension give 0 for it.
func (c *counter) group(values [2]int32, timed, crossed bool) *group {
	v := int(values[0])
	if !crossed {
		if v < len(c.solo) && c.solo[v] != nil {
			return c.solo[v]
		}
	} else if v < len(c.groups) {
		if g := c.groups[v][values[1]]; g != nil {
			return g
		}
	}
	return c.newGroup(values, timed, crossed)
}

func (c *counter) newGroup(values [2]int32, timed, crossed bool) *group {
	n := c.parts
	if timed {
		n += c.slots.n * c.parts
	}
	if c.count += n; c.count > maxHists {
		c.full = true
		return nil
	}
	hists := make([]score.Hist, n)
	g := &group{values: values, total: hists[:c.parts], slots: hists[c.parts:]}
	v := int(values[0])
	if !crossed {
		for len(c.solo) <= v {
			c.solo = append(c.solo, nil)
		}
		c.solo[v] = g
		return g
	}
	for len(c.groups) <= v {
		c.groups = append(c.groups, nil)
	}
	if c.groups[v] == nil {
		c.groups[v] = map[int32]*group{}
	}
	c.groups[v][values[1]] = g
	return g
}

// all lists the groups, in no order to rely on.
func (c *counter) all() []*group {
	var out []*group
	for _, g := range c.solo {
		if g != nil {
			out = append(out, g)
		}
	}
	for _, by := range c.groups {
		for _, g := range by {
			out = append(out, g)
		}
	}
	return out
}

// add counts n answers in a group.
func (c *counter) add(g *group, day *daySlot, slot int32, part int, s, importance uint8, n int64) {
	if day.inside {
		g.total[part].Add(int(s), int(importance), n)
	}
	if len(g.slots) > 0 {
		g.slots[int(slot)*c.parts+part].Add(int(s), int(importance), n)
	}
}
