package report

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

// usualDays are what a report is of where nothing is said.
const usualDays = 30

// window is a stretch of days of the brand's calendar, as every service is asked for
// it; all: everything ever recorded.
type window struct {
	days calendar.Days
	all  bool
}

// lastDays are so many days up to today.
func (b *brand) lastDays(now time.Time, n int) window {
	today := b.zone.DayOf(now)
	return window{days: calendar.Days{From: today + 1 - calendar.Day(n), Until: today + 1}}
}

// window resolves what is asked for at a moment. A window that says nothing is
// everything, none at all the last 30 days.
func (b *brand) window(now time.Time, w *surveyv1.Window) (window, error) {
	f := fault.Invalid()
	var out window
	switch given := w.GetWindow().(type) {
	case *surveyv1.Window_LastDays:
		out = b.lastDays(now, int(given.LastDays))
	case *surveyv1.Window_Dates:
		out.days = dates(given.Dates, f)
	case *surveyv1.Window_Range:
		out.days = b.instants(given.Range, f)
	default:
		if out = b.lastDays(now, usualDays); w != nil {
			out = window{all: true, days: calendar.Days{Until: out.days.Until}}
		}
	}
	return out, f.Err()
}

func dates(r *commonv1.DateRange, f *fault.Fields) calendar.Days {
	from, err := calendar.ParseDay(r.GetStart())
	if err != nil {
		f.Field("window.dates.start", "%s", err)
	}
	until, err := calendar.ParseDay(r.GetEnd())
	if err != nil {
		f.Field("window.dates.end", "%s", err)
	}
	if f.Len() == 0 && from >= until {
		f.Field("window.dates", "start must be before end")
	}
	return calendar.Days{From: from, Until: until}
}

// instants must be midnights: the services keep numbers by the day.
func (b *brand) instants(r *commonv1.TimeRange, f *fault.Fields) calendar.Days {
	start, end := r.GetStart().AsTime(), r.GetEnd().AsTime()
	days := calendar.Days{From: b.zone.DayOf(start), Until: b.zone.DayOf(end)}
	if !b.zone.StartOf(days.From).Equal(start) {
		f.Field("window.range.start", "must be a midnight in %s", b.zone)
	}
	if !b.zone.StartOf(days.Until).Equal(end) {
		f.Field("window.range.end", "must be a midnight in %s", b.zone)
	}
	if f.Len() == 0 && days.From >= days.Until {
		f.Field("window.range", "start must be before end")
	}
	return days
}

// last is the last day of the window.
func (w window) last() calendar.Day { return w.days.Until - 1 }

// before is the stretch of the same length that ends where the window begins.
func (w window) before() window {
	return window{days: calendar.Days{From: w.days.From - calendar.Day(w.days.Len()), Until: w.days.From}}
}

// yearBefore has the same dates of the year before; of 29 February the 28th.
func (w window) yearBefore() window {
	return window{days: calendar.Days{From: w.days.From.AddMonths(-12), Until: w.last().AddMonths(-12) + 1}}
}

// beside are the window and what it is set beside, in the order of stretches.
func (w window) beside() []window {
	if w.all {
		return []window{w}
	}
	return []window{w, w.before(), w.yearBefore()}
}

// The places of a stretch in what is read of each.
const (
	current = iota
	earlier
	lastYear
)

func (w window) dates() *commonv1.DateRange {
	return &commonv1.DateRange{Start: w.days.From.String(), End: w.days.Until.String()}
}

func (w window) ofAnswers() *surveyv1.Window {
	if w.all {
		return nil
	}
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: w.dates()}}
}

func (w window) ofEvents() *journeyv1.Window {
	if w.all {
		return nil
	}
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: w.dates()}}
}

// ends are the instants of the window; it has no start if it is everything.
func (w window) ends(zone *calendar.Zone) (start, end *timestamppb.Timestamp) {
	if !w.all {
		start = timestamppb.New(zone.StartOf(w.days.From))
	}
	return start, timestamppb.New(zone.StartOf(w.days.Until))
}
