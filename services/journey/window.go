package journey

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
)

// window resolves a stretch of days of the brand's calendar and adds to bad what is
// wrong with it. Without one it is all days that have facts.
func (s *Server) window(ctx context.Context, b *brand, w *journeyv1.Window, bad *fault.Fields) (calendar.Days, error) {
	switch w := w.GetWindow().(type) {
	case *journeyv1.Window_Dates:
		return dates("window.dates", w.Dates, bad), nil
	case *journeyv1.Window_LastDays:
		today := b.zone.DayOf(s.clock())
		return calendar.Days{From: today - calendar.Day(w.LastDays) + 1, Until: today + 1}, nil
	default:
		return s.recorded(ctx, b)
	}
}

// recorded is the run of days that have any facts; empty before the first.
func (s *Server) recorded(ctx context.Context, b *brand) (calendar.Days, error) {
	first, last, ok, err := s.store.log.DayRange(ctx, b.ID)
	if err != nil || !ok {
		return calendar.Days{}, floor.Lost("read recorded days", err)
	}
	return calendar.Days{From: calendar.Day(first), Until: calendar.Day(last) + 1}, nil
}

func dates(path string, r *commonv1.DateRange, bad *fault.Fields) calendar.Days {
	from, err := calendar.ParseDay(r.GetStart())
	if err != nil {
		bad.Field(path+".start", "%s", err)
	}
	until, err2 := calendar.ParseDay(r.GetEnd())
	if err2 != nil {
		bad.Field(path+".end", "%s", err2)
	}
	if err == nil && err2 == nil && from >= until {
		bad.Field(path, "start must be before end")
	}
	return calendar.Days{From: from, Until: max(from, until)}
}
