package segmentation

import (
	"context"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// What follows refuses stretches of time that are shorter than the caller may know of.

func (s *Server) valueCadence(ctx context.Context, in *segmentationv1.GetSegmentValueRequest) error {
	allowed := s.guard.Cadence(ctx)
	if err := allowed.Grain(in.GetGrain()); err != nil {
		return err
	}
	return allowed.Dates(in.GetDates())
}

// windowCadence is of the scores of a panel; without a window they are of all there is.
func (s *Server) windowCadence(ctx context.Context, b *brand, w *surveyv1.Window) error {
	allowed := s.guard.Cadence(ctx)
	switch w := w.GetWindow().(type) {
	case *surveyv1.Window_Range:
		return allowed.Range(b.zone, w.Range)
	case *surveyv1.Window_Dates:
		return allowed.Dates(w.Dates)
	case *surveyv1.Window_LastDays:
		return allowed.Rolling()
	}
	return nil
}

// comparisonCadence is of states at the end of days; how segments lie over each other now
// is no stretch of time.
func (s *Server) comparisonCadence(ctx context.Context, in *segmentationv1.CompareSegmentsRequest) error {
	allowed := s.guard.Cadence(ctx)
	if day := in.GetOverlap().GetDay(); day != "" {
		return allowed.EndOf(day)
	}
	if in.GetMigration() == nil {
		return nil
	}
	if err := allowed.EndOf(in.GetMigration().GetFrom()); err != nil {
		return err
	}
	return allowed.EndOf(in.GetMigration().GetTo())
}
