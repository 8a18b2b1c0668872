package contact

import (
	"fmt"
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// limitBans lays out the budgets that are spent: the purpose's first, then those
// of all purposes together.
func limitBans(rules *config.Contact, p *Person, ask Ask) []ban {
	var own, overall []ban
	for _, l := range rules.Limits {
		if l.Purpose != "" && l.Purpose != ask.Purpose {
			continue
		}
		days := contactDays(p, l.Purpose)
		runs := spent(days, l)
		if len(runs) == 0 {
			continue
		}
		detail := func(day calendar.Day) string { return budget(days, l, day) }
		if l.Purpose == "" {
			overall = append(overall, p.onDays(segmentationv1.ContactRule_CONTACT_RULE_OVERALL_LIMIT, runs, detail))
		} else {
			own = append(own, p.onDays(segmentationv1.ContactRule_CONTACT_RULE_PURPOSE_LIMIT, runs, detail))
		}
	}
	return append(own, overall...)
}

// contactDays are the days of the contacts of a purpose, of all if it is empty,
// ascending.
func contactDays(p *Person, purpose string) []calendar.Day {
	days := make([]calendar.Day, 0, len(p.Made))
	for _, m := range p.Made {
		if purpose == "" || m.Purpose == purpose {
			days = append(days, p.Zone.DayOf(m.At))
		}
	}
	slices.Sort(days)
	return days
}

// spent are the days on which one more contact would make a window too full.
//
// Contacts may lie behind the day as well as ahead of it, so every window that
// has the day counts, not only the one that ends with it. A window is full if it
// has `most` contacts in a row, and those and the day lie in one window exactly
// if the day is less than the window's length from both of their ends.
func spent(days []calendar.Day, l config.ContactLimit) (runs []calendar.Days) {
	width := calendar.Day(l.Days)
	for i := 0; i+l.Most <= len(days); i++ {
		first, last := days[i], days[i+l.Most-1]
		if last-first < width {
			runs = append(runs, calendar.Days{From: last - width + 1, Until: first + width})
		}
	}
	return runs
}

// budget tells how many contacts the fullest window of the day has.
func budget(days []calendar.Day, l config.ContactLimit, day calendar.Day) string {
	fullest := 0
	for from := day - calendar.Day(l.Days) + 1; from <= day; from++ {
		lo, _ := slices.BinarySearch(days, from)
		hi, _ := slices.BinarySearch(days, from+calendar.Day(l.Days))
		fullest = max(fullest, hi-lo)
	}
	what := "contacts"
	if l.Purpose != "" {
		what = l.Purpose + " contacts"
	}
	unit := "days"
	if l.Days == 1 {
		unit = "day"
	}
	return fmt.Sprintf("%d of %d %s in %d %s", fullest, l.Most, what, l.Days, unit)
}
