package query

import (
	"context"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
)

// window is a resolved stretch of time: the days it touches and, on the time of
// the answer, the instants it is cut at.
type window struct {
	live       bool
	days       calendar.Days
	start, end time.Time
}

// manyDays is a window so long that it is cut to the days that have facts
// before it is read.
const manyDays = 1000

// asker resolves the parts of one request and collects what is wrong with it.
type asker struct {
	b   *Brand
	now time.Time
	bad *fault.Fields
	// version of the directory before anything was looked up in it. A cached
	// answer carries it, so that one resolved by an older directory is never
	// taken for one of now.
	version uint64
	// crowd is who is in the segments that the request names.
	crowd *crowd
}

func (b *Brand) asker(now time.Time) asker {
	return asker{b: b, now: now, bad: fault.Invalid(), version: uint64(b.Book().Version()), crowd: &crowd{}}
}

// window resolves w. The points of a rolling window go on for so many days
// behind the last answer, so a long window is not cut there by less.
func (a asker) window(ctx context.Context, path string, w *surveyv1.Window, live bool, rolling int) (window, error) {
	var out window
	switch w := w.GetWindow().(type) {
	case *surveyv1.Window_Range:
		out = a.instants(path+".range", w.Range, live)
	case *surveyv1.Window_Dates:
		out = a.b.whole(a.dates(path+".dates", w.Dates), live)
	case *surveyv1.Window_LastDays:
		today := a.b.Zone.DayOf(a.now)
		out = a.b.whole(calendar.Days{From: today - calendar.Day(w.LastDays) + 1, Until: today + 1}, live)
	default:
		all, err := a.b.recorded(ctx)
		return a.b.whole(all, live), err
	}
	if out.days.Len() <= manyDays {
		return out, nil
	}
	all, err := a.b.recorded(ctx)
	all.Until += calendar.Day(rolling)
	return a.b.clip(out, all), err
}

// clip cuts a window to a run of days.
func (b *Brand) clip(w window, to calendar.Days) window {
	from, until := max(w.days.From, to.From), min(w.days.Until, to.Until)
	if from >= until {
		return b.whole(calendar.Days{From: from, Until: from}, w.live)
	}
	if from > w.days.From {
		w.start = b.Zone.StartOf(from)
	}
	if until < w.days.Until {
		w.end = b.Zone.StartOf(until)
	}
	w.days = calendar.Days{From: from, Until: until}
	return w
}

// whole is the window of whole days.
func (b *Brand) whole(days calendar.Days, live bool) window {
	return window{live: live, days: days, start: b.Zone.StartOf(days.From), end: b.Zone.StartOf(days.Until)}
}

// instants resolves a range, which must begin and end where something counted
// begins and ends: no slab tells what lies between.
func (a asker) instants(path string, r *commonv1.TimeRange, live bool) window {
	start, end := r.GetStart().AsTime(), r.GetEnd().AsTime()
	w := window{live: live, start: start, end: end}
	if !start.Before(end) {
		a.bad.Field(path, "start must be before end")
		return w
	}
	if end.Sub(start) > 250*366*24*time.Hour {
		a.bad.Field(path, "is longer than 250 years")
		return w
	}
	w.days, _ = a.b.Zone.DaysIn(start, end)
	a.edge(path+".start", start, live)
	a.edge(path+".end", end, live)
	return w
}

func (a asker) edge(path string, t time.Time, live bool) {
	day, quarter := a.b.Zone.Quarter(t)
	if !live && !a.b.Zone.StartOf(day).Equal(t) {
		a.bad.Field(path, "must be a midnight in %s on the day of experience", a.b.Zone)
	}
	if live && !a.b.Zone.StartOfQuarter(day, quarter).Equal(t) {
		a.bad.Field(path, "must be a quarter hour in %s", a.b.Zone)
	}
}

func (a asker) dates(path string, r *commonv1.DateRange) calendar.Days {
	from, okFrom := a.date(path+".start", r.GetStart())
	until, okUntil := a.date(path+".end", r.GetEnd())
	if okFrom && okUntil && from >= until {
		a.bad.Field(path, "start must be before end")
	}
	return calendar.Days{From: from, Until: max(from, until)}
}

func (a asker) date(path, text string) (calendar.Day, bool) {
	day, err := calendar.ParseDay(text)
	if err != nil {
		a.bad.Field(path, "%s", err)
	}
	return day, err == nil
}

func (w window) wholeDays(zone *calendar.Zone) bool {
	_, whole := zone.DaysIn(w.start, w.end)
	return whole
}

// spans are the days to read, with so many before the window.
func (w window) spans(lead int) []fold.Span {
	if w.days.Len() == 0 {
		return nil
	}
	return fold.Days(int32(w.days.From)-int32(lead), int32(w.days.Until))
}
