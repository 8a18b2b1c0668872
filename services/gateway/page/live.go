package page

import (
	"context"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// told opens what tells of changes of the overview: Survey watches the score.
func (p *Page) told(ctx context.Context, s *scene) (func() error, error) {
	stream, err := p.survey.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{
		Brand: s.Brand, Metric: s.Metric, Window: s.watched(), Scope: s.scope(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
	}})
	return func() error { _, err := stream.Recv(); return err }, err
}

// watched is the window whose changes can change the page: that before it too,
// since the two are compared. Where there are no answers yet it is all time.
func (s *scene) watched() *surveyv1.Window {
	if s.window.whole() || s.window.stale {
		return nil
	}
	if s.Days != "" { // it moves on at midnight
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(2 * s.window.days())}}
	}
	return window{first: s.window.before().first, last: s.window.last}.proto()
}
