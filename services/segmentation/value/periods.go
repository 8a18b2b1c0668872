package value

import (
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Periods counts persons in periods that follow each other without a gap. What a
// person costs is its purchases, however many periods there are: counts that hold for
// a run of periods are noted where it begins and where it ends.
type Periods struct {
	over   []calendar.Days
	active calendar.Day
	// at has for each day from the first period on the period it lies in.
	at []int32
	// begins has for each moment, the beginning of a period or the end of the last one,
	// how many more are active then than at the moment before.
	begins []int64
	// groups are without Persons. came are those active at a period's end who were not
	// at its start, also those active in it who were not at its start.
	groups     []Group
	came, also []int64
	persons    int64
	// days are those of the person being added.
	days []calendar.Day
}

// NewPeriods counts nobody yet. There must be a period.
func NewPeriods(over []calendar.Days, active int) *Periods {
	p := &Periods{over: over, active: calendar.Day(active), begins: make([]int64, len(over)+2),
		groups: make([]Group, len(over)), came: make([]int64, len(over)), also: make([]int64, len(over))}
	for i, days := range over {
		for range days.Len() {
			p.at = append(p.at, int32(i))
		}
	}
	return p
}

func (p *Periods) first() calendar.Day { return p.over[0].From }

func (p *Periods) until() calendar.Day { return p.over[len(p.over)-1].Until }

// of is the period that a day of theirs lies in.
func (p *Periods) of(d calendar.Day) int { return int(p.at[d-p.first()]) }

// Add counts a person in; nil: it bought nothing.
func (p *Periods) Add(h *purchase.History) {
	p.persons++
	if h == nil {
		return
	}
	p.days = p.days[:0]
	var first, last calendar.Day
	ever := false
	for i, all := 0, h.All(); i < len(all); i++ {
		d := &all[i]
		if d.Purchases == 0 {
			continue
		}
		if !ever {
			first, ever = d.Day, true
		}
		if last = d.Day; last < p.until() {
			p.days = append(p.days, last)
		}
	}
	if len(p.days) > 0 {
		p.buy(h, related(first, last))
		p.follow(p.days)
	}
}

// buy counts what was bought in each period, by somebody whose first and last purchase
// are so many days apart.
func (p *Periods) buy(h *purchase.History, length int64) {
	before := -1
	days := h.Days(calendar.Days{From: p.first(), Until: p.until()})
	for i := range days {
		d := &days[i]
		if d.Purchases == 0 {
			continue
		}
		at := p.of(d.Day)
		g := &p.groups[at]
		if at != before {
			g.Buyers++
			g.Related += length
			before = at
		}
		g.Purchases += d.Purchases
		g.Spent += d.Spent
	}
}

// spell is a time without a gap in which a person is active: at the beginnings of the
// days behind from up to until.
type spell struct{ from, until calendar.Day }

// follow counts when a person was active that bought on some days. Spells that touch
// are one, since then each next purchase comes in time.
func (p *Periods) follow(days []calendar.Day) {
	seen := seen{reached: -1}
	now := spell{days[0], days[0] + p.active}
	for _, d := range days[1:] {
		if d > now.until {
			p.count(now, &seen)
			now.from = d
		}
		now.until = d + p.active
	}
	p.count(now, &seen)
}

// seen is what earlier spells of a person came to: the last moment that one of them
// reached, and up to which period the person is counted as active.
type seen struct{ reached, counted int }

// count counts a spell behind those that were seen.
func (p *Periods) count(s spell, seen *seen) {
	begin, came := 0, s.from >= p.first()
	if came {
		begin = p.of(s.from) + 1
	}
	end := p.moment(s.until)
	if at := begin - 1; came {
		// It began within a period. Whoever was active when that began did not come.
		if begin <= end && seen.reached < at {
			p.came[at]++
		}
		if at >= seen.counted {
			p.also[at]++
		}
	}
	if begin <= end {
		p.begins[begin]++
		p.begins[end+1]--
		seen.reached = end
	}
	seen.counted = max(seen.counted, begin, end+1)
}

// moment is the last one that is not after the beginning of a day, -1 if all are.
func (p *Periods) moment(d calendar.Day) int {
	switch {
	case d < p.first():
		return -1
	case d >= p.until():
		return len(p.over)
	}
	return p.of(d)
}

// Plus counts the persons of others in, who were counted over the same periods.
func (p *Periods) Plus(o *Periods) {
	p.persons += o.persons
	for i := range o.begins {
		p.begins[i] += o.begins[i]
	}
	for i := range o.over {
		p.groups[i].Plus(&o.groups[i])
		p.came[i] += o.came[i]
		p.also[i] += o.also[i]
	}
}

// Each is what each period came to, in order.
func (p *Periods) Each(fn func(over calendar.Days, bought Group, who Period)) {
	active := int64(0)
	for i, over := range p.over {
		active += p.begins[i]
		who := Period{Start: active, End: active + p.begins[i+1], New: p.came[i], Active: active + p.also[i]}
		who.Lost = who.Active - who.End
		g := p.groups[i]
		g.Persons = p.persons
		fn(over, g, who)
	}
}
