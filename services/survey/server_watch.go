package survey

import (
	"errors"

	"google.golang.org/grpc"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
)

// WatchResponses streams the log of responses after a cursor.
func (s *Server) WatchResponses(in *surveyv1.WatchResponsesRequest, stream grpc.ServerStreamingServer[surveyv1.WatchResponsesResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), "", access.Detail)
	if err != nil {
		return err
	}
	from := feed.Cursor{Seq: in.GetAfter().GetSeq(), CommitID: in.GetAfter().GetCommitId()}
	err = s.store.log.Follow(ctx, b.ID, from, func(facts []feed.Fact) error {
		// Definitions named by these facts must be known before they are shown.
		if err := s.store.folds.Sync(ctx, b.ID); err != nil {
			return err
		}
		out := &surveyv1.WatchResponsesResponse{}
		for i := range facts {
			e, err := s.event(ctx, b, &facts[i])
			if err != nil {
				return err
			}
			if e != nil {
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
	return floor.Lost("watch responses", err)
}
