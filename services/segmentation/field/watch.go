package field

import (
	"cmp"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// Watch is what rules look at that can change when a day begins. One Watch for all
// rules of a brand tells the next day on which any of them may turn for a person.
// The zero Watch looks at nothing.
type Watch struct {
	// spans has the bits of the windows; the one of ever is set wherever purchases
	// are looked at.
	spans uint8
	weeks bool
	// categories are those whose weeks in a row are looked at; sorted, each once.
	categories []string
	// daily: the days since the last purchase are looked at, and each is another.
	daily bool
	// ages are those since the last purchase at which a comparison turns; sorted,
	// each once.
	ages []int64
}

// WatchOf is what a field looks at.
func WatchOf(f *Field) Watch {
	if f.Group != Purchases {
		return Watch{}
	}
	w := Watch{spans: 1<<ever | 1<<f.span, daily: f.what == readAge, weeks: f.what == readWeeks}
	if f.what == readCategoryWeeks {
		w.categories = []string{f.key}
	}
	return w
}

// WatchKnown is what it takes to see whether a field is known: days pass, but there
// is a last purchase or there is none.
func WatchKnown(f *Field) Watch {
	if f.what == readAge {
		return Watch{spans: 1 << ever}
	}
	return WatchOf(f)
}

// WatchAge is what a comparison of the days since the last purchase looks at that
// turns when they become one of these.
func WatchAge(ages ...int64) Watch {
	return Watch{spans: 1 << ever, ages: slices.Compact(slices.Sorted(slices.Values(ages)))}
}

// Counts tells whether a field is the days since the last purchase: the one that
// changes every day, so that it is worth to know what it is compared with.
func (f *Field) Counts() bool { return f.what == readAge }

// Or is what either of two looks at.
func (w Watch) Or(o Watch) Watch {
	return Watch{
		spans: w.spans | o.spans, weeks: w.weeks || o.weeks, daily: w.daily || o.daily,
		ages: union(w.ages, o.ages), categories: union(w.categories, o.categories),
	}
}

func union[T cmp.Ordered](a, b []T) []T {
	if len(b) == 0 {
		return a
	}
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// everything is what all fields look at.
var everything = Watch{spans: 1<<windows - 1, weeks: true, daily: true}

// NextChange is the next day on which any field of the person changes and nothing
// happens; 0: never. That is tomorrow for whoever bought something, for the days
// since then are a field: who knows what is looked at asks Watch.Next.
func (c *Catalogue) NextChange(p *Person, today calendar.Day) calendar.Day {
	return everything.Next(p, today)
}

// Next is the next day after today on which something that is watched changes for the
// person and nothing happens; 0: never.
func (w Watch) Next(p *Person, today calendar.Day) calendar.Day {
	if w.spans == 0 || p.Purchases == nil || p.Purchases.Empty() {
		return 0
	}
	var n next
	// What is dated later begins to exist on its day, for every field.
	if later := p.Purchases.Days(calendar.Days{From: today + 1, Until: maxDay}); len(later) > 0 {
		n.at(later[0].Day)
	}
	for s := span(1); s < windows; s++ {
		// Of the days a window has the first leaves it first.
		if days := p.days(today, s); w.spans&(1<<s) != 0 && len(days) > 0 {
			n.at(days[0].Day + spans[s])
		}
	}
	if last, ok := p.last(today); ok {
		w.since(&n, last, today)
	}
	for _, name := range w.categories {
		if last, ok := p.lastOf(today, name); ok {
			n.after(today, monday(week(last)+2))
		}
	}
	return n.day
}

// since is the part of Next that the last purchase decides.
func (w Watch) since(n *next, last, today calendar.Day) {
	if w.daily {
		n.at(today + 1)
	}
	// The run of weeks ends when a whole week after the last purchase's has passed.
	if w.weeks {
		n.after(today, monday(week(last)+2))
	}
	age := int64(today - last)
	if i, found := slices.BinarySearch(w.ages, age); i < len(w.ages) {
		if found {
			i++
		}
		if i < len(w.ages) && w.ages[i] < int64(maxDay-last) {
			n.at(last + calendar.Day(w.ages[i]))
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

// last is the day of the last purchase up to today.
func (p *Person) last(today calendar.Day) (calendar.Day, bool) {
	days := p.days(today, ever)
	for i := len(days) - 1; i >= 0; i-- {
		if days[i].Purchases > 0 {
			return days[i].Day, true
		}
	}
	return 0, false
}

// lastOf is the day of the last purchase of a category up to today.
func (p *Person) lastOf(today calendar.Day, name string) (calendar.Day, bool) {
	days := p.days(today, ever)
	for i := len(days) - 1; i >= 0; i-- {
		if bought(&days[i], name) > 0 {
			return days[i].Day, true
		}
	}
	return 0, false
}
