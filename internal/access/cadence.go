package access

import (
	"context"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Cadence is the shortest stretch of time of which a caller may know numbers; 0: any. It
// binds the stretches that are asked for, each of which begins and ends where one of its
// own does: otherwise the difference of two would tell of what lies between. How things
// stand now is told to everybody who may know it at all.
type Cadence calendar.Grain

// Cadence is that of the call being handled.
func (g *Guard) Cadence(ctx context.Context) Cadence { return Cadence(g.Narrowed(ctx).Finest) }

// TooFine is the refusal of what tells of shorter stretches than the caller may know.
func (c Cadence) TooFine() error {
	return fault.Denied(ReasonDenied, "the caller's roles do not allow numbers of less than a %s: ask for whole ones by their dates", calendar.Grain(c))
}

// Grain allows a split into stretches of a grain; unspecified is none.
func (c Cadence) Grain(g commonv1.Grain) error {
	if g != 0 && Cadence(g) < c {
		return c.TooFine()
	}
	return nil
}

// Rolling allows stretches that begin and end with any day.
func (c Cadence) Rolling() error { return c.Grain(commonv1.Grain_GRAIN_DAY) }

// Dates allows a stretch of days; unset is taken for some days up to today. What is no
// date is allowed: it is refused as such where it is read.
func (c Cadence) Dates(r *commonv1.DateRange) error {
	if r == nil {
		return c.Rolling()
	}
	for _, text := range []string{r.GetStart(), r.GetEnd()} {
		if !c.begins(text) {
			return c.TooFine()
		}
	}
	return nil
}

// EndOf allows the state at the end of a day; empty is today's.
func (c Cadence) EndOf(text string) error {
	if text == "" {
		return c.Rolling()
	}
	if day, err := calendar.ParseDay(text); err == nil && !c.begins((day + 1).String()) {
		return c.TooFine()
	}
	return nil
}

// Days allows days from one to another, which is included; empty is from ever, or to now.
func (c Cadence) Days(first, last string) error {
	if first != "" && !c.begins(first) {
		return c.TooFine()
	}
	if last == "" {
		return nil
	}
	return c.EndOf(last)
}

// Range allows a stretch between two moments.
func (c Cadence) Range(zone *calendar.Zone, r *commonv1.TimeRange) error {
	if c == 0 {
		return nil
	}
	for _, at := range []interface{ AsTime() time.Time }{r.GetStart(), r.GetEnd()} {
		if t := at.AsTime(); !zone.Truncate(calendar.Grain(c), t).Equal(t) {
			return c.TooFine()
		}
	}
	return nil
}

func (c Cadence) begins(text string) bool {
	grain := calendar.Grain(c)
	day, err := calendar.ParseDay(text)
	return err != nil || grain <= calendar.GrainDay || grain.First(day) == day
}
