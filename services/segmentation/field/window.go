package field

import (
	"math"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// span is one of the windows.
type span uint8

// windows is how many there are; ever, the first, has no beginning.
const (
	windows      = 5
	ever    span = 0
)

// spans are the windows' lengths in days.
var spans = [windows]calendar.Day{0, 7, 30, 90, 365}

// days are those of the person's history that a window has.
func (p *Person) days(today calendar.Day, s span) []purchase.Day {
	if p.Purchases == nil {
		return nil
	}
	from := calendar.Day(math.MinInt32)
	if s != ever {
		from = today - spans[s] + 1
	}
	return p.Purchases.Days(calendar.Days{From: from, Until: today + 1})
}

// sum is a window's sums. The first that is asked for finds all but ever's.
func (v *Values) sum(s span) *purchase.Sums {
	if s == ever {
		return v.trace()
	}
	if v.ready == 0 {
		v.ready = 1
		v.sweep()
	}
	return &v.sums[s]
}

// sweep counts each day into the shortest window that has it, and then each window
// into the next longer one.
func (v *Values) sweep() {
	recent := v.person.days(v.today, windows-1)
	s := span(1)
	for i := len(recent) - 1; i >= 0; i-- {
		for age := v.today - recent[i].Day; age >= spans[s]; {
			s++
		}
		plus(&v.sums[s], &recent[i].Sums)
	}
	for s := 2; s < windows; s++ {
		plus(&v.sums[s], &v.sums[s-1])
	}
}

// trace is the sums of ever; with them it finds the first and the last days.
func (v *Values) trace() *purchase.Sums {
	sum := &v.sums[ever]
	if v.traced {
		return sum
	}
	v.traced = true
	days := v.person.days(v.today, ever)
	for i := range days {
		if days[i].Purchases > 0 {
			if sum.Purchases == 0 {
				v.first = days[i].Day
			}
			v.last = days[i].Day
		}
		if days[i].Visits > 0 {
			v.visited = days[i].Day
		}
		plus(sum, &days[i].Sums)
	}
	return sum
}

func plus(s, o *purchase.Sums) {
	s.Purchases += o.Purchases
	s.Returns += o.Returns
	s.Spent += o.Spent
	s.Returned += o.Returned
	s.Visits += o.Visits
}

// week numbers the weeks: Monday begins one, and 1970-01-05 was a Monday.
func week(d calendar.Day) int64 {
	n := int64(d) - 4
	if n < 0 {
		n -= 6
	}
	return n / 7
}

// monday is the first day of a week.
func monday(week int64) calendar.Day { return calendar.Day(week*7 + 4) }

// weeksInRow is kept, for many rules ask.
func (v *Values) weeksInRow() int64 {
	if v.weeks == 0 {
		v.weeks = 1 + v.run(func(d *purchase.Day) bool { return d.Purchases > 0 })
	}
	return v.weeks - 1
}

// run counts weeks in a row that have a day which counts, back from this week or,
// while it has none yet, from the last.
func (v *Values) run(counts func(*purchase.Day) bool) (length int64) {
	days := v.person.days(v.today, ever)
	next := week(v.today) + 1
	for i := len(days) - 1; i >= 0; i-- {
		w := week(days[i].Day)
		if w < next-1 && (length > 0 || w < next-2) {
			break
		}
		if w < next && counts(&days[i]) {
			length, next = length+1, w
		}
	}
	return length
}
