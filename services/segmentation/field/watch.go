package field

import (
	"cmp"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Watch is what rules look at that can change when a day begins. One Watch for all
// rules of a brand tells the next day on which any of them may turn for a person.
// The zero Watch looks at nothing.
type Watch struct {
	// spans has the bits of the windows of purchases and returns; the one of ever is
	// set wherever those are looked at. visits is the same of visits.
	spans, visits uint8
	weeks         bool
	// categories are those whose weeks in a row are looked at; sorted, each once.
	categories []string
	// clocks are the days since something, by what.
	clocks []clock
}

// clock is the days since something: the last purchase, visit or answer.
type clock struct {
	// what is the field that reads it, key its metric.
	what what
	key  string
	// daily: each day is another.
	daily bool
	// ages are those at which a comparison turns; sorted, each once.
	ages []int64
}

// WatchOf is what a field looks at.
func WatchOf(f *Field) Watch {
	w := watchGroup(f)
	if f.Counts() {
		w.clocks = []clock{{what: f.what, key: f.key, daily: true}}
	}
	w.weeks = f.what == readWeeks
	if f.what == readCategoryWeeks {
		w.categories = []string{f.key}
	}
	return w
}

// watchGroup is what every field of a group looks at, and its window.
func watchGroup(f *Field) Watch {
	switch f.Group {
	case Purchases:
		return Watch{spans: 1<<ever | 1<<f.span}
	case Visits:
		return Watch{visits: 1<<ever | 1<<f.span}
	}
	return Watch{}
}

// WatchKnown is what it takes to see whether a field is known: days pass, but there
// is a last purchase or there is none.
func WatchKnown(f *Field) Watch {
	if f.Counts() {
		return watchGroup(f)
	}
	return WatchOf(f)
}

// WatchAge is what a comparison of a field that Counts looks at that turns when the
// days since become one of these.
func WatchAge(f *Field, ages ...int64) Watch {
	w := watchGroup(f)
	w.clocks = []clock{{what: f.what, key: f.key, ages: slices.Compact(slices.Sorted(slices.Values(ages)))}}
	return w
}

// Counts tells whether a field is the days since something: one that changes every
// day, so that it is worth to know what it is compared with.
func (f *Field) Counts() bool {
	return f.what == readAge || f.what == readVisitAge || f.what == readScoreAge
}

// Groups are where what is watched comes from.
func (w Watch) Groups() (all Group) {
	if w.spans != 0 {
		all |= Purchases
	}
	if w.visits != 0 {
		all |= Visits
	}
	if slices.ContainsFunc(w.clocks, func(c clock) bool { return c.what == readScoreAge }) {
		all |= Answers
	}
	return all
}

// Or is what either of two looks at.
func (w Watch) Or(o Watch) Watch {
	out := Watch{spans: w.spans | o.spans, visits: w.visits | o.visits, weeks: w.weeks || o.weeks,
		categories: union(w.categories, o.categories), clocks: w.clocks}
	for _, c := range o.clocks {
		out.clocks = set(out.clocks, c)
	}
	return out
}

// set adds a clock to others, which are not changed.
func set(all []clock, c clock) []clock {
	i, found := slices.BinarySearchFunc(all, c, func(a, b clock) int {
		return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.key, b.key))
	})
	out := slices.Clone(all)
	if !found {
		return slices.Insert(out, i, c)
	}
	out[i].daily, out[i].ages = out[i].daily || c.daily, union(out[i].ages, c.ages)
	return out
}

func union[T cmp.Ordered](a, b []T) []T {
	if len(b) == 0 {
		return a
	}
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// NextChange is the next day on which any field of the person changes and nothing
// happens; 0: never. That is tomorrow for whoever bought something, for the days
// since then are a field: who knows what is looked at asks Watch.Next.
func (c *Catalogue) NextChange(p *Person, today calendar.Day) calendar.Day {
	var all Watch
	for _, f := range c.all {
		all = all.Or(WatchOf(f))
	}
	return all.Next(p, today)
}

// Next is the next day after today on which something that is watched changes for the
// person and nothing happens; 0: never.
func (w Watch) Next(p *Person, today calendar.Day) calendar.Day {
	var n next
	if p.Purchases != nil && !p.Purchases.Empty() {
		w.windows(&n, p, today, w.spans, isBought)
		w.windows(&n, p, today, w.visits, isVisited)
		if w.weeks {
			w.week(&n, p, today, func(d *purchase.Day) bool { return d.Purchases > 0 })
		}
		for _, name := range w.categories {
			w.week(&n, p, today, func(d *purchase.Day) bool { return bought(d, name) > 0 })
		}
	}
	for i := range w.clocks {
		if last, ok := w.clocks[i].last(p, today); ok {
			w.clocks[i].next(&n, last, today)
		}
	}
	return n.day
}

func isBought(d *purchase.Day) bool  { return d.Purchases != 0 || d.Returns != 0 }
func isVisited(d *purchase.Day) bool { return d.Visits != 0 }

// windows is the part of Next that windows decide, which count some days.
func (w Watch) windows(n *next, p *Person, today calendar.Day, wanted uint8, counts func(*purchase.Day) bool) {
	if wanted == 0 {
		return
	}
	// What is dated later begins to exist on its day, for every field.
	if d, ok := first(p.Purchases.Days(calendar.Days{From: today + 1, Until: maxDay}), counts); ok {
		n.at(d)
	}
	for s := span(1); s < windows; s++ {
		if wanted&(1<<s) == 0 {
			continue
		}
		// Of the days a window has the first leaves it first.
		if d, ok := first(p.days(today, s), counts); ok {
			n.at(d + spans[s])
		}
	}
}

// week is the part of Next that a run of weeks decides: it ends when a whole week
// after that of its last day has passed.
func (w Watch) week(n *next, p *Person, today calendar.Day, counts func(*purchase.Day) bool) {
	if last, ok := p.last(today, counts); ok {
		n.after(today, monday(week(last)+2))
	}
}

// last is the day that a clock counts from.
func (c *clock) last(p *Person, today calendar.Day) (calendar.Day, bool) {
	switch c.what {
	case readScoreAge:
		s, ok := p.Scores[c.key]
		return s.Day, ok
	case readVisitAge:
		return p.last(today, isVisited)
	}
	return p.last(today, func(d *purchase.Day) bool { return d.Purchases > 0 })
}

// next is the part of Next that a clock decides.
func (c *clock) next(n *next, last, today calendar.Day) {
	if c.daily {
		n.at(max(today, last) + 1)
	}
	age := int64(today - last)
	if i, found := slices.BinarySearch(c.ages, age); i < len(c.ages) {
		if found {
			i++
		}
		if i < len(c.ages) && c.ages[i] < int64(maxDay-last) {
			n.after(today, last+calendar.Day(c.ages[i]))
		}
	}
}

// maxDay is far beyond any calendar.
const maxDay calendar.Day = 1 << 30

// next keeps the earliest of days; 0 is none.
type next struct{ day calendar.Day }

func (n *next) at(d calendar.Day) {
	if n.day == 0 || d < n.day {
		n.day = d
	}
}

func (n *next) after(today, d calendar.Day) {
	if d > today {
		n.at(d)
	}
}

// first is the first of days that counts.
func first(days []purchase.Day, counts func(*purchase.Day) bool) (calendar.Day, bool) {
	for i := range days {
		if counts(&days[i]) {
			return days[i].Day, true
		}
	}
	return 0, false
}

// last is the last day up to today that counts.
func (p *Person) last(today calendar.Day, counts func(*purchase.Day) bool) (calendar.Day, bool) {
	days := p.days(today, ever)
	for i := len(days) - 1; i >= 0; i-- {
		if counts(&days[i]) {
			return days[i].Day, true
		}
	}
	return 0, false
}
