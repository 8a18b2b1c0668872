package segmentation

import (
	"context"
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/stat"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// valueDays is over how many days up to one value is counted where nothing else is
// asked for; mostValueDays and mostPeriods are how much may be.
const (
	valueDays     = 365
	mostValueDays = 3660
	mostPeriods   = 400
)

// valueDaysTo are the days that value is of up to a day.
func valueDaysTo(day calendar.Day) calendar.Days {
	return calendar.Days{From: day + 1 - valueDays, Until: day + 1}
}

// walk reads what persons bought, merges as the log tells of them now.
func (s *Server) walk(ctx context.Context, b *brand) (*value.Walk, error) {
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, err
	}
	w := &value.Walk{Brand: b.ID, DB: s.store.db, People: b.book.Load().Now()}
	var err error
	w.Last, err = lastNumber(ctx, s.store.db, b.ID)
	return w, err
}

// GetSegmentValue counts what persons bought and who of them stayed. Of everybody that
// is kept and brought up to the log; else it takes one pass over their purchases,
// however many periods there are, unless nothing changed since the last.
func (s *Server) GetSegmentValue(ctx context.Context, in *segmentationv1.GetSegmentValueRequest) (*segmentationv1.GetSegmentValueResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	return s.segmentValue(ctx, b, in, b.worth.Ask)
}

func activeDays(in *segmentationv1.GetSegmentValueRequest) int {
	if n := int(in.GetActiveDays()); n > 0 {
		return n
	}
	return value.DefaultActive
}

// segmentValue answers one question, of everybody by asking for sums.
func (s *Server) segmentValue(ctx context.Context, b *brand, in *segmentationv1.GetSegmentValueRequest,
	sums func(context.Context, value.Question) (value.Sum, int64, error)) (*segmentationv1.GetSegmentValueResponse, error) {
	if err := s.valueCadence(ctx, in); err != nil {
		return nil, err
	}
	days, periods, err := valuePeriods(in, b.zone.DayOf(s.clock()))
	if err != nil {
		return nil, err
	}
	active := activeDays(in)
	if in.GetSegmentId() == "" && periods == nil {
		sum, asOf, err := sums(ctx, value.Question{Days: days, Active: active})
		if err != nil {
			return nil, floor.Lost("read value", err)
		}
		told := &segmentationv1.GetSegmentValueResponse{Total: valueOf(days, sum.Group, sum.Period), AsOf: countedTo(asOf)}
		if s.hides(ctx) {
			err = s.hideValue(ctx, b, false, told)
		}
		return told, err
	}
	return s.valueBy(ctx, b, in.GetSegmentId(), days, periods, active)
}

// valueBy walks over the purchases of a segment, or counts periods, unless what was
// found before still holds.
func (s *Server) valueBy(ctx context.Context, b *brand, segment string, days calendar.Days, periods []calendar.Days, active int) (*segmentationv1.GetSegmentValueResponse, error) {
	members, changed, err := s.valued(ctx, b, segment)
	if err != nil {
		return nil, floor.Lost("read value", err)
	}
	// Read before what is counted: that includes at least what both say.
	version, asOf, err := b.worth.Version(ctx)
	if err != nil {
		return nil, floor.Lost("read value", err)
	}
	key := valueKey{segment: segment, days: days, periods: len(periods), active: active}
	holds := valueVersion{purchases: version, members: changed}
	out := b.values.find(key, holds)
	if out == nil {
		w, err := s.walk(ctx, b)
		if err != nil {
			return nil, floor.Lost("read value", err)
		}
		whole, parts, err := countPeriods(ctx, w, members, days, periods, active)
		if err != nil {
			return nil, floor.Lost("read value", err)
		}
		out = &segmentationv1.GetSegmentValueResponse{Total: valuesOf(whole)[0]}
		if parts != nil {
			out.Periods = valuesOf(parts)
		}
		b.values.keep(key, holds, out)
	}
	told := &segmentationv1.GetSegmentValueResponse{Total: out.GetTotal(), Periods: out.GetPeriods(), AsOf: countedTo(asOf)}
	if !s.hides(ctx) {
		return told, nil
	}
	told = proto.CloneOf(told) // what is kept is for everybody
	return told, s.hideValue(ctx, b, segment != "", told)
}

// valued are the members of a segment and the last fact that changed them, nil for no
// segment: all persons.
func (s *Server) valued(ctx context.Context, b *brand, id string) (*roaring64.Bitmap, int64, error) {
	if id == "" {
		return nil, 0, nil
	}
	if err := s.current(ctx, b); err != nil {
		return nil, 0, err
	}
	if _, err := s.knownSegment(ctx, b, id); err != nil {
		return nil, 0, err
	}
	members, changed := b.live.Members(id)
	return members, changed, nil
}

// countPeriods counts persons over all the days and, if there are any, over periods.
func countPeriods(ctx context.Context, w *value.Walk, members *roaring64.Bitmap, days calendar.Days, periods []calendar.Days, active int) (whole, parts *value.Periods, err error) {
	begin := func() (whole, parts *value.Periods) {
		if len(periods) > 0 {
			parts = value.NewPeriods(periods, active)
		}
		return value.NewPeriods([]calendar.Days{days}, active), parts
	}
	whole, parts = begin()
	var mu sync.Mutex
	err = w.Each(ctx, members, func(run []value.Person) error {
		one, several := begin()
		for i := range run {
			one.Add(run[i].History)
			if several != nil {
				several.Add(run[i].History)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		whole.Plus(one)
		if parts != nil {
			parts.Plus(several)
		}
		return nil
	})
	return whole, parts, err
}

// valuePeriods are the days that are asked for and, if a grain is, their periods.
func valuePeriods(in *segmentationv1.GetSegmentValueRequest, today calendar.Day) (days calendar.Days, periods []calendar.Days, err error) {
	bad := fault.Invalid()
	days = valueDaysTo(today)
	if r := in.GetDates(); r != nil {
		days = valueDates(r, bad)
	}
	if bad.Len() == 0 && days.Len() > mostValueDays {
		bad.Field("dates", "must not be more than %d days", mostValueDays)
	}
	grain, ok := map[commonv1.Grain]calendar.Grain{
		commonv1.Grain_GRAIN_UNSPECIFIED: 0, commonv1.Grain_GRAIN_DAY: calendar.GrainDay,
		commonv1.Grain_GRAIN_WEEK: calendar.GrainWeek, commonv1.Grain_GRAIN_MONTH: calendar.GrainMonth,
	}[in.GetGrain()]
	if !ok {
		bad.Field("grain", "must be DAY, WEEK or MONTH: activity is by the day")
	}
	if bad.Len() == 0 && grain != 0 {
		for days := range days.Split(grain) {
			periods = append(periods, days)
		}
		if len(periods) > mostPeriods {
			bad.Field("grain", "makes %d periods of the dates: at most %d", len(periods), mostPeriods)
		}
	}
	return days, periods, bad.Err()
}

func valueDates(r *commonv1.DateRange, bad *fault.Fields) calendar.Days {
	from, wrongFrom := calendar.ParseDay(r.GetStart())
	if wrongFrom != nil {
		bad.Field("dates.start", "%v", wrongFrom)
	}
	until, wrongUntil := calendar.ParseDay(r.GetEnd())
	if wrongUntil != nil {
		bad.Field("dates.end", "%v", wrongUntil)
	}
	if wrongFrom == nil && wrongUntil == nil && from >= until {
		bad.Field("dates", "start must be before end")
	}
	return calendar.Days{From: from, Until: until}
}

func valuesOf(p *value.Periods) (all []*segmentationv1.ValuePeriod) {
	p.Each(func(over calendar.Days, bought value.Group, who value.Period) {
		all = append(all, valueOf(over, bought, who))
	})
	return all
}

func valueOf(over calendar.Days, bought value.Group, who value.Period) *segmentationv1.ValuePeriod {
	out := &segmentationv1.ValuePeriod{
		Dates: &commonv1.DateRange{Start: over.From.String(), End: over.Until.String()}, Value: bought.Value(over),
		ActiveAtStart: who.Start, ActiveAtEnd: who.End, Came: who.New, Active: who.Active, Lost: who.Lost,
	}
	if percent, ok := who.Retention(); ok {
		low, high := stat.Wilson(who.End-who.New, who.Start)
		out.Retention, out.RetentionLow, out.RetentionHigh = &percent, &low, &high
	}
	if percent, ok := who.Churn(); ok {
		low, high := stat.Wilson(who.Lost, who.Active)
		out.Churn, out.ChurnLow, out.ChurnHigh = &percent, &low, &high
	}
	return out
}
