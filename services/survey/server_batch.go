package survey

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// mostBatched is how many scores one call may ask for.
	mostBatched = 200
	// batchedAtOnce is how many of them are answered side by side.
	batchedAtOnce = 4
)

// BatchGetMetrics reads several scores in one call.
func (s *Server) BatchGetMetrics(ctx context.Context, in *surveyv1.BatchGetMetricsRequest) (*surveyv1.BatchGetMetricsResponse, error) {
	if _, err := s.enter(ctx, in.GetBrand(), "", access.Read); err != nil {
		return nil, err
	}
	if n := len(in.GetRequests()); n == 0 || n > mostBatched {
		return nil, fault.Invalid().Field("requests", "must be 1 to %d", mostBatched).Err()
	}
	out := &surveyv1.BatchGetMetricsResponse{Results: make([]*surveyv1.BatchedMetric, len(in.GetRequests()))}
	g, going := errgroup.WithContext(ctx)
	g.SetLimit(batchedAtOnce)
	for i, one := range in.GetRequests() {
		g.Go(func() (err error) {
			out.Results[i], err = s.batched(going, in.GetBrand(), one, i)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, one := range out.GetResults() {
		if at := one.GetMetric().GetAsOf(); at != nil && (out.AsOf == nil || at.AsTime().Before(out.GetAsOf().AsTime())) {
			out.AsOf = at
		}
	}
	return out, nil
}

// batched answers one question of several. The error is of what may be asked again, or
// is nobody's to ask; a question that is wrong says so in its place.
func (s *Server) batched(ctx context.Context, brand string, in *surveyv1.GetMetricRequest, i int) (*surveyv1.BatchedMetric, error) {
	switch in.GetBrand() {
	case brand:
	case "":
		in = proto.CloneOf(in)
		in.Brand = brand
	default:
		return nil, fault.Invalid().Field(fmt.Sprintf("requests[%d].brand", i), "must be that of the call").Err()
	}
	err := fault.Validate(in)
	var out *surveyv1.GetMetricResponse
	if err == nil {
		out, err = s.GetMetric(ctx, in)
	}
	switch fault.Code(err) {
	case codes.OK:
		return &surveyv1.BatchedMetric{Metric: out}, nil
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition:
		return &surveyv1.BatchedMetric{Error: fault.Status(err)}, nil
	}
	return nil, err
}
