package sight

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Numbers of persons are told by whole months, so that whoever asks for a window that
// begins or ends within one may subtract the two. What both edges cut off a month, on
// either side, must therefore not be of few either; likewise what an edge within a day
// cuts off that day. Two windows that both end within one month, a day apart, still differ
// by that day: this is not prevented, nor is asking again as answers come in.

// Pieces are what the edges of a window cut off months and days.
func (s *Sight) Pieces(w *surveyv1.Window, now time.Time) (out []*surveyv1.Window) {
	for _, edge := range s.edges(w, now) {
		for _, grain := range []calendar.Grain{calendar.GrainMonth, calendar.GrainDay} {
			start := s.zone.Truncate(grain, edge)
			if start.Equal(edge) {
				break // the shorter ones begin here too
			}
			out = append(out, between(start, edge), between(edge, s.zone.Next(grain, edge)))
		}
	}
	return out
}

func between(start, end time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{Start: timestamppb.New(start), End: timestamppb.New(end)}}}
}

// edges are where a window begins and ends; none without one.
func (s *Sight) edges(w *surveyv1.Window, now time.Time) []time.Time {
	switch w := w.GetWindow().(type) {
	case *surveyv1.Window_Range:
		return []time.Time{w.Range.GetStart().AsTime(), w.Range.GetEnd().AsTime()}
	case *surveyv1.Window_Dates:
		start, bad := calendar.ParseDay(w.Dates.GetStart())
		end, worse := calendar.ParseDay(w.Dates.GetEnd())
		if bad == nil && worse == nil {
			return []time.Time{s.zone.StartOf(start), s.zone.StartOf(end)}
		}
	case *surveyv1.Window_LastDays:
		today := s.zone.DayOf(now)
		return []time.Time{s.zone.StartOf(today + 1 - calendar.Day(w.LastDays)), s.zone.StartOf(today + 1)}
	}
	return nil
}
