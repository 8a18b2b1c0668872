package segmentation

import (
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// WatchCustomers streams the log of customers after a cursor. Facts of no interest
// to others move the cursor alone.
func (s *Server) WatchCustomers(in *segmentationv1.WatchCustomersRequest, stream grpc.ServerStreamingServer[segmentationv1.WatchCustomersResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return err
	}
	from := feed.Cursor{Seq: in.GetAfter().GetSeq(), CommitID: in.GetAfter().GetCommitId()}
	err = s.store.log.Follow(ctx, b.ID, from, func(facts []feed.Fact) error {
		out := &segmentationv1.WatchCustomersResponse{}
		for i := range facts {
			e, err := record.Event(&facts[i])
			if err != nil {
				return err
			}
			if e != nil {
				e.CommittedAt = timestamppb.New(time.UnixMicro(facts[i].At))
				out.Events = append(out.Events, e)
			}
		}
		last := &facts[len(facts)-1]
		out.Cursor = &commonv1.Cursor{Seq: last.Seq, CommitId: last.CommitID}
		return stream.Send(out)
	})
	if errors.Is(err, feed.ErrReplaced) {
		return fault.Precondition(commonv1.Reason_REASON_LOG_REPLACED,
			"the log was restored from a backup and does not have this position: start from the beginning, or run rapport rebuild")
	}
	return floor.Lost("watch customers", err)
}
