package query

import (
	"context"
	"slices"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Position is a place in the list of responses: the official day and the log
// number of the newest version of the response that was listed last.
type Position struct {
	Day int32
	Row int64
}

// Responses lists the places of responses that pass the filter, newest official
// day first and within it in reverse order of the log, behind a position (nil:
// from the newest on), at most limit. Fewer than limit means that there are no
// more. Retracted responses are not in any slab.
func (b *Brand) Responses(ctx context.Context, f *surveyv1.ResponseFilter, after *Position, limit int, now time.Time) ([]Position, error) {
	a := b.asker(now)
	sought, err := a.sought(f)
	if err != nil {
		return nil, err
	}
	days, err := b.recorded(ctx)
	if err != nil {
		return nil, err
	}
	days = a.between(f, days)
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	if after != nil {
		days.Until = min(days.Until, calendar.Day(after.Day)+1)
	}
	var out []Position
	// The newest days usually suffice; where they don't, the strides grow.
	for stride := calendar.Day(1); days.Len() > 0 && len(out) < limit; stride = min(2*stride, 32) {
		from := max(days.From, days.Until-stride)
		piece := calendar.Days{From: from, Until: days.Until}
		out, err = b.listDays(ctx, piece, sought, after, limit, out)
		if err != nil {
			return nil, err
		}
		days.Until = from
	}
	return out, nil
}

// between cuts the days to those of the filter.
func (a asker) between(f *surveyv1.ResponseFilter, days calendar.Days) calendar.Days {
	if f.GetFirstDay() != "" {
		if first, ok := a.date("filter.first_day", f.GetFirstDay()); ok {
			days.From = max(days.From, first)
		}
	}
	if f.GetLastDay() != "" {
		if last, ok := a.date("filter.last_day", f.GetLastDay()); ok {
			days.Until = min(days.Until, last+1)
		}
	}
	return days
}

// sought is a filter in the numbers that slabs hold.
type sought struct {
	scope     scope
	subjects  []bool
	low       *bool
	commented *bool
	customers []int64 // all numbers of the person, ascending; empty: anybody
}

func (a asker) sought(f *surveyv1.ResponseFilter) (*sought, error) {
	s, err := a.scope("filter", &surveyv1.Scope{
		Subjects: f.GetSubjects(), Channels: f.GetChannels(), SurveyIds: f.GetSurveyIds(),
	})
	if err != nil {
		return nil, err
	}
	out := &sought{scope: s}
	if id := f.GetCustomerId(); id != 0 {
		out.customers = a.b.People().Members(id)
	}
	if f != nil {
		out.low, out.commented = f.Low, f.Commented
	}
	if len(s.subjects) > 0 {
		out.subjects = marked(s.subjects)
	}
	return out, nil
}

// listDays appends what passes of a run of days. A response's rows stand in the
// slab of low.share, scored or not.
func (b *Brand) listDays(ctx context.Context, days calendar.Days, s *sought, after *Position, limit int, into []Position) ([]Position, error) {
	measure := tally.ViewsOf(tally.LowShare).DayRows
	want := fold.Want{Measures: []string{measure}, Days: fold.Days(int32(days.From), int32(days.Until))}
	start := len(into)
	err := b.Engine.View(ctx, b.Name, want, func(v *fold.View[*tally.Tally]) error {
		into = into[:start]
		for d := int32(days.Until) - 1; d >= int32(days.From) && len(into) < limit; d-- {
			rows, ok := v.Slab(measure, d).(*tally.Rows)
			if !ok {
				continue
			}
			n := rows.Len()
			if after != nil && d == after.Day {
				n, _ = slices.BinarySearch(rows.Row, after.Row)
			}
			into = s.listDay(rows, d, n, limit, into)
		}
		return nil
	})
	return into, err
}

// listDay appends what passes of the first n rows, last first.
func (s *sought) listDay(rows *tally.Rows, day int32, n, limit int, into []Position) []Position {
	in := make([]bool, len(rows.Sets()))
	for i, set := range rows.Sets() {
		in[i] = meets(set.Path, s.subjects)
	}
	for i := n - 1; i >= 0 && len(into) < limit; i-- {
		if in[rows.Set[i]] && s.passes(rows, i) {
			into = append(into, Position{Day: day, Row: rows.Row[i]})
		}
	}
	return into
}

func (s *sought) passes(rows *tally.Rows, i int) bool {
	return passes(s.scope.channels, rows.Channel[i]) &&
		(len(s.scope.surveys) == 0 || slices.Contains(s.scope.surveys, rows.Survey[i])) &&
		(s.low == nil || *s.low == (rows.Score[i] == 1)) &&
		(s.commented == nil || *s.commented == (rows.Commented[i] == 1)) &&
		(len(s.customers) == 0 || slices.Contains(s.customers, rows.Customer[i]))
}
