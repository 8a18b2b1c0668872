package segmentation_test

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// anew stands in the key of an event between that of the one that it tells anew and
// how often that was done.
const anew = "/again/"

// retelling is Journey, whose log tells some events twice, as one does that was made
// anew from its sources: the second time it is another customer's.
type retelling struct{ journeyv1.JourneyServiceClient }

func (j retelling) WatchEvents(ctx context.Context, in *journeyv1.WatchEventsRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[journeyv1.WatchEventsResponse], error) {
	stream, err := j.JourneyServiceClient.WatchEvents(ctx, in, opts...)
	return &retold{stream}, err
}

type retold struct {
	grpc.ServerStreamingClient[journeyv1.WatchEventsResponse]
}

func (s *retold) Recv() (*journeyv1.WatchEventsResponse, error) {
	out, err := s.ServerStreamingClient.Recv()
	for _, f := range out.GetFacts() {
		e := f.GetRecorded()
		if first, _, second := strings.Cut(e.GetExternalId(), anew); second {
			e.ExternalId = first
			f.Fact = &journeyv1.JourneyFact_Resolved{Resolved: e}
		}
	}
	return out, err
}
