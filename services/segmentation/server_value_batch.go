package segmentation

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/several"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// BatchGetSegmentValues reads several values in one call. What is asked of everybody is
// brought up to the log once for all of them.
func (s *Server) BatchGetSegmentValues(ctx context.Context, in *segmentationv1.BatchGetSegmentValuesRequest) (*segmentationv1.BatchGetSegmentValuesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	var asked []value.Question
	for _, one := range in.GetRequests() {
		// What is wrong with a question is told when its turn comes.
		if days, periods, err := valuePeriods(one, b.zone.DayOf(s.clock())); err == nil && one.GetSegmentId() == "" && periods == nil {
			asked = append(asked, value.Question{Days: days, Active: activeDays(one)})
		}
	}
	sums := b.worth.Together(asked)
	out := &segmentationv1.BatchGetSegmentValuesResponse{Results: make([]*segmentationv1.BatchedSegmentValue, len(in.GetRequests()))}
	err = several.Answer(ctx, in.GetBrand(), in.GetRequests(), func(ctx context.Context, one *segmentationv1.GetSegmentValueRequest) (*segmentationv1.GetSegmentValueResponse, error) {
		return s.segmentValue(ctx, b, one, sums)
	}, func(i int, got *segmentationv1.GetSegmentValueResponse, why *spb.Status) {
		out.Results[i] = &segmentationv1.BatchedSegmentValue{Value: got, Error: why}
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetValue().GetAsOf())
	}
	return out, nil
}
