package survey

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/several"
)

// BatchGetMetrics reads several scores in one call.
func (s *Server) BatchGetMetrics(ctx context.Context, in *surveyv1.BatchGetMetricsRequest) (*surveyv1.BatchGetMetricsResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), "", access.Read); err != nil {
		return nil, err
	}
	out := &surveyv1.BatchGetMetricsResponse{Results: make([]*surveyv1.BatchedMetric, len(in.GetRequests()))}
	err := several.Answer(ctx, in.GetBrand(), in.GetRequests(), s.GetMetric, func(i int, got *surveyv1.GetMetricResponse, why *spb.Status) {
		out.Results[i] = &surveyv1.BatchedMetric{Metric: got, Error: why}
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetMetric().GetAsOf())
	}
	return out, nil
}

// BatchGetInvitationStats reads several counts of invitations in one call.
func (s *Server) BatchGetInvitationStats(ctx context.Context, in *surveyv1.BatchGetInvitationStatsRequest) (*surveyv1.BatchGetInvitationStatsResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), "", access.Read); err != nil {
		return nil, err
	}
	out := &surveyv1.BatchGetInvitationStatsResponse{Results: make([]*surveyv1.BatchedInvitationStats, len(in.GetRequests()))}
	err := several.Answer(ctx, in.GetBrand(), in.GetRequests(), s.GetInvitationStats, func(i int, got *surveyv1.GetInvitationStatsResponse, why *spb.Status) {
		out.Results[i] = &surveyv1.BatchedInvitationStats{Stats: got, Error: why}
	})
	if err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		out.AsOf = several.Earliest(out.GetAsOf(), one.GetStats().GetAsOf())
	}
	return out, nil
}
