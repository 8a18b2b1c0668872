package measure

import (
	"math/bits"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// Point is a touchpoint as far as it is counted.
type Point struct {
	// ID is what contacts name as their touchpoint.
	ID string
	// Kinds of events that are a visit, by whole dotted prefix; empty: none are.
	Kinds []string
	// Channel of the visits; unspecified: any.
	Channel commonv1.Channel
}

func (p *Point) visits(kind string) bool {
	for _, prefix := range p.Kinds {
		if event.Within(kind, prefix) {
			return true
		}
	}
	return false
}

// Audience is whose events count.
type Audience struct {
	// Employees lets the events of employees count, and those alone; otherwise theirs
	// do not.
	Employees bool
	// Customer is any number of the one person whose events count; 0: all.
	Customer int64
}

// Numbers are what is known of one touchpoint.
type Numbers struct {
	Visits, People, Contacts int64
	// Lost are the people not seen at the next touchpoint that counts visits, if
	// there is one and there were people.
	Lost    int64
	HasLost bool
}

// Each calls fn with the slabs of all days of the kinds that are wanted. An error
// ends the sum.
type Each func(want func(kind string) bool, fn func(*tally.Events)) error

// Touchpoints sums the numbers of a map's touchpoints, in their order.
func Touchpoints(points []Point, audience Audience, person Person, each Each) ([]Numbers, error) {
	s := &visitors{audience: audience, roster: newRoster(person)}
	out := make([]Numbers, len(points))
	if err := s.contacts(points, out, each); err != nil {
		return nil, err
	}
	last := -1 // the touchpoint before that counts visits, with its people
	var there crowd
	for i := range points {
		if len(points[i].Kinds) == 0 {
			continue
		}
		here, visits, err := s.visits(&points[i], each)
		if err != nil {
			return nil, err
		}
		out[i].Visits, out[i].People = visits, here.size()
		if last >= 0 && out[last].People > 0 {
			out[last].Lost, out[last].HasLost = there.without(here), true
		}
		last, there = i, here
	}
	return out, nil
}

// visitors tells whose rows count, and keeps places of persons alike for all
// touchpoints of a map.
type visitors struct {
	audience Audience
	roster   *roster
}

// takes tells whether a row counts that its Trait lets count.
func (v *visitors) takes(who int64) bool {
	if v.audience.Customer == 0 {
		return true
	}
	return who > 0 && v.roster.place(who) == v.roster.place(v.audience.Customer)
}

// rows calls fn for each row of the audience's whose Trait is taken.
func (v *visitors) rows(e *tally.Events, trait func(*tally.Trait) bool, fn func(who int64, t *tally.Trait, n int64)) {
	traits := e.Traits()
	take := make([]bool, len(traits))
	for i := range traits {
		take[i] = traits[i].Employee == v.audience.Employees && trait(&traits[i])
	}
	for _, run := range e.Runs() {
		for i, who := range run.Who {
			if t := run.Trait[i]; take[t] && v.takes(who) {
				fn(who, &traits[t], int64(run.Count[i]))
			}
		}
	}
}

// visits counts one touchpoint's visits and who made them. Nobody knows who an
// unknown customer or an employee is: their visits count, the people do not.
func (v *visitors) visits(p *Point, each Each) (here crowd, visits int64, err error) {
	channel := func(t *tally.Trait) bool {
		return p.Channel == commonv1.Channel_CHANNEL_UNSPECIFIED || t.Channel == p.Channel
	}
	err = each(p.visits, func(e *tally.Events) {
		v.rows(e, channel, func(who int64, _ *tally.Trait, n int64) {
			visits += n
			if who > 0 && n > 0 {
				here.add(v.roster.place(who))
			}
		})
	})
	return here, visits, err
}

// contacts counts the contacts that name each touchpoint.
func (v *visitors) contacts(points []Point, out []Numbers, each Each) error {
	index := make(map[string]int, len(points))
	for i := range points {
		index[points[i].ID] = i
	}
	named := func(t *tally.Trait) bool {
		_, ok := index[t.Touchpoint]
		return ok
	}
	return each(IsContact, func(e *tally.Events) {
		v.rows(e, named, func(_ int64, t *tally.Trait, n int64) { out[index[t.Touchpoint]].Contacts += n })
	})
}

// IsContact and IsPurchase tell what a kind of events means.
func IsContact(kind string) bool { return event.MeaningOf(kind) == event.Contact }

// IsPurchase tells whether events of the kind are receipts.
func IsPurchase(kind string) bool { return event.MeaningOf(kind) == event.Purchase }

// crowd is a set of persons by place.
type crowd []uint64

func (c *crowd) add(place uint32) {
	word := int(place / 64)
	if word >= len(*c) {
		*c = append(*c, make([]uint64, word+1-len(*c))...)
	}
	(*c)[word] |= 1 << (place % 64)
}

func (c crowd) size() (n int64) {
	for _, word := range c {
		n += int64(bits.OnesCount64(word))
	}
	return n
}

// without counts those of c that are not among the others.
func (c crowd) without(others crowd) (n int64) {
	for i, word := range c {
		if i < len(others) {
			word &^= others[i]
		}
		n += int64(bits.OnesCount64(word))
	}
	return n
}
