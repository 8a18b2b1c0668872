package measure

import (
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// ContactRate sums contacts and receipts. Whoever acted, it is a contact or a
// receipt.
type ContactRate struct {
	filter Filter
	split  Split
	total  contactSum
	groups groups[contactSum]
	keys   []string
	counts []int64
}

// NewContactRate starts a sum.
func NewContactRate(filter Filter, split Split) *ContactRate {
	return &ContactRate{filter: filter, split: split, groups: groups[contactSum]{}}
}

// Contacts adds a day's contacts of one kind.
func (c *ContactRate) Contacts(day calendar.Day, e *tally.Events) {
	c.day(day, e, func(s *contactSum, t *tally.Trait, n int64) {
		s.contacts += n
		if s.reasons == nil {
			s.reasons = map[string]int64{}
		}
		s.reasons[t.Reason] += n
	})
}

// Receipts adds a day's purchases of one kind.
func (c *ContactRate) Receipts(day calendar.Day, e *tally.Events) {
	c.day(day, e, func(s *contactSum, _ *tally.Trait, n int64) { s.receipts += n })
}

func (c *ContactRate) day(day calendar.Day, e *tally.Events, add func(*contactSum, *tally.Trait, int64)) {
	c.counts = perTrait(e, c.counts)
	for i, n := range c.counts {
		t := &e.Traits()[i]
		if n == 0 || !c.filter.takes(t.Channel, t.Subjects) {
			continue
		}
		add(&c.total, t, n)
		c.keys = c.split.keys(day, t.Channel, t.Subjects, c.keys[:0])
		for _, key := range c.keys {
			add(c.groups.of(key), t, n)
		}
	}
}

// perTrait sums the rows of every Trait, whoever the customers are.
func perTrait(e *tally.Events, room []int64) []int64 {
	counts := append(room[:0], make([]int64, len(e.Traits()))...)
	for _, run := range e.Runs() {
		for i, t := range run.Trait {
			counts[t] += int64(run.Count[i])
		}
	}
	return counts
}

// Answer is the rate of all, and of each group that has contacts or receipts.
func (c *ContactRate) Answer() (*journeyv1.ContactRate, []*journeyv1.ContactRate) {
	return c.total.rate(""), answers(c.groups, func(key string, sum *contactSum) *journeyv1.ContactRate {
		if sum.contacts == 0 && sum.receipts == 0 {
			return nil
		}
		return sum.rate(key)
	})
}

type contactSum struct {
	contacts, receipts int64
	reasons            map[string]int64
}

func (s *contactSum) rate(key string) *journeyv1.ContactRate {
	out := &journeyv1.ContactRate{Key: key, Contacts: s.contacts, Receipts: s.receipts, Reasons: reasons(s.reasons)}
	if s.receipts > 0 {
		value := float64(s.contacts) / float64(s.receipts)
		out.Value = &value
	}
	return out
}
