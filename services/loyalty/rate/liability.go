package rate

import (
	"maps"
	"slices"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Liability sums what members can still spend at a moment: points that have not expired by
// then, held and pending ones included.
type Liability struct {
	at      int64
	expires map[int64]int64
	// holders is who has points of which expiry, by person.
	holders map[stockKey]int64
	person  Person
	owed    int64
	// clocks are until when points of persons live without purchases.
	clocks map[int64]Clock
}

// Person finds who stands for a number now; itself, if nobody else does.
type Person func(number int64) int64

// NewLiability begins a sum as of a moment in Unix microseconds.
func NewLiability(at int64, person Person) *Liability {
	return &Liability{at: at, expires: map[int64]int64{}, holders: map[stockKey]int64{}, person: person, clocks: map[int64]Clock{}}
}

// Lots adds a day.
func (l *Liability) Lots(s *Lots) {
	for lot, n := range s.all() {
		if lot.expires > l.at && n[stock] != 0 {
			l.expires[lot.expires] += n[stock]
		}
	}
}

// Stock adds a day of persons.
func (l *Liability) Stock(s *Stock) {
	for at, n := range s.all() {
		if at.expires <= l.at {
			continue
		}
		key := stockKey{l.person(at.who), at.expires}
		if sum := l.holders[key] + n[0]; sum != 0 {
			l.holders[key] = sum
		} else {
			delete(l.holders, key)
		}
	}
}

// Clocks adds a day of clocks.
func (l *Liability) Clocks(s *Clocks) {
	for who, c := range s.by {
		p := l.person(who)
		l.clocks[p] = l.clocks[p].join(c)
	}
}

// Wind lets points of persons go when their clocks end, once all days were added. Without
// clocks sums by lot stand.
func (l *Liability) Wind() {
	if len(l.clocks) == 0 {
		return
	}
	holders := make(map[stockKey]int64, len(l.holders))
	clear(l.expires)
	for at, n := range l.holders {
		if c, ok := l.clocks[at.who]; ok {
			at.expires = min(at.expires, c.end())
		}
		if at.expires > l.at {
			holders[at] += n
			l.expires[at.expires] += n
		}
	}
	l.holders = holders
}

// Flows adds what a day let members owe.
func (l *Liability) Flows(s *Flows) { l.owed += s.owed }

// Until is when the next of them expire.
func (l *Liability) Until() int64 {
	next := Never
	for at, n := range l.expires {
		if n != 0 {
			next = min(next, at)
		}
	}
	return next
}

// Answer is what is outstanding, by the month of the last moment that points live in.
func (l *Liability) Answer(zone *calendar.Zone) *loyaltyv1.GetLiabilityResponse {
	out := &loyaltyv1.GetLiabilityResponse{Owed: l.owed}
	byMonth := map[month]int64{}
	const endless = month(1) << 40
	for at, n := range l.expires {
		m := endless
		if at != Never {
			m = monthOf(dayOf(zone, at-1))
		}
		byMonth[m] += n
		out.Points += n
	}
	for _, m := range slices.Sorted(maps.Keys(byMonth)) {
		if byMonth[m] == 0 {
			continue
		}
		one := &loyaltyv1.LiabilityMonth{Points: byMonth[m]}
		if m != endless {
			one.Month = m.first().String()
		}
		out.Months = append(out.Months, one)
	}
	who := map[int64]struct{}{}
	for at := range l.holders {
		who[at.who] = struct{}{}
	}
	out.Members = int64(len(who))
	return out
}
