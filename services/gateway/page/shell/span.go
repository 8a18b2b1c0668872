package shell

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Span is a stretch of days of a brand's calendar as an address has it: so many up to
// today, or from one day to another, or all there are.
type Span struct {
	// Days are how many up to today; 0: see the others.
	Days int
	// First and Last are both included; each is midnight UTC, for days are counted and
	// never hours.
	First, Last time.Time
	// All is set where time has no bounds.
	All bool
}

// AllDays is what an address calls all time.
const AllDays = "all"

// ReadSpan reads days, which is one of known, or from and to, of which one alone is a day;
// where none is given it is the usual one. What is no span is marked.
func ReadSpan(q url.Values, known []string, usual string, wrong *fault.Fields) (s Span) {
	days, from, to := q.Get("days"), q.Get("from"), q.Get("to")
	if days == "" && from == "" && to == "" {
		days = usual
	}
	switch {
	case days != "" && !slices.Contains(known, days):
		wrong.Field("days", "is one of %s", strings.Join(known, ", "))
		return s
	case days == AllDays:
		return Span{All: true}
	case days != "":
		s.Days, _ = strconv.Atoi(days) // pages know their own
		return s
	case from == "":
		from = to
	case to == "":
		to = from
	}
	var err error
	if s.First, err = time.Parse(time.DateOnly, from); err != nil {
		wrong.Field("from", "is a day such as 2026-03-31")
	}
	if s.Last, err = time.Parse(time.DateOnly, to); err != nil {
		wrong.Field("to", "is a day such as 2026-03-31")
	} else if s.Last.Before(s.First) {
		wrong.Field("to", "must not be before from")
	}
	return s
}

// Is tells whether it is what an address calls by a name.
func (s Span) Is(days string) bool {
	return days == AllDays && s.All || s.Days > 0 && days == strconv.Itoa(s.Days)
}

// Ends are the first and the last day; of all time there are none.
func (s Span) Ends(today time.Time) (first, last time.Time) {
	if s.Days > 0 {
		return today.AddDate(0, 0, 1-s.Days), today
	}
	return s.First, s.Last
}

// Before are the ends of the stretch of the same length just before.
func (s Span) Before(today time.Time) (first, last time.Time) {
	first, last = s.Ends(today)
	days := int(last.Sub(first).Hours()/24) + 1
	return first.AddDate(0, 0, -days), first.AddDate(0, 0, -1)
}

// FormDays are the ends for a form; empty for all time.
func (s Span) FormDays(today time.Time) (first, last string) {
	if s.All {
		return "", ""
	}
	from, to := s.Ends(today)
	return from.Format(time.DateOnly), to.Format(time.DateOnly)
}

// Fixed is an address with its days where it had only a number of them, so that it shows
// the same tomorrow.
func (s Span) Fixed(a Address, today time.Time) Address {
	if s.Days == 0 {
		return a
	}
	first, last := s.FormDays(today)
	return a.With("days").With("from", first).With("to", last)
}

// Dates has the last day behind its end, as the contract does.
func Dates(first, last time.Time) *commonv1.DateRange {
	return &commonv1.DateRange{Start: first.Format(time.DateOnly), End: last.AddDate(0, 0, 1).Format(time.DateOnly)}
}

// Today is the day of an instant in a zone, as midnight UTC.
func Today(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
