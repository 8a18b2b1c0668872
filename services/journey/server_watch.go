package journey

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// WatchEvents streams the log of events and outcomes after a cursor.
func (s *Server) WatchEvents(in *journeyv1.WatchEventsRequest, stream grpc.ServerStreamingServer[journeyv1.WatchEventsResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return err
	}
	from := feed.Cursor{Seq: in.GetAfter().GetSeq(), CommitID: in.GetAfter().GetCommitId()}
	read := s.store.log.Follow
	if in.GetUntilEnd() {
		read = s.store.log.FollowToEnd
	}
	err = read(ctx, b.ID, from, func(facts []feed.Fact) error {
		// Who sees a fact and asks is answered with it.
		if err := s.store.folds.Sync(ctx, b.ID); err != nil {
			return err
		}
		out, err := s.told(ctx, b.ID, facts)
		if err != nil {
			return err
		}
		return stream.Send(out)
	})
	if errors.Is(err, feed.ErrReplaced) {
		return fault.Precondition(commonv1.Reason_REASON_LOG_REPLACED,
			"the log was restored from a backup and does not have this position: start from the beginning, or run rapport rebuild")
	}
	return floor.Lost("watch events", err)
}

// told is a piece of the log as watchers see it. What a fact takes out is told by
// the one that takes its place: a reversal alone only moves the cursor.
func (s *Server) told(ctx context.Context, brand string, facts []feed.Fact) (*journeyv1.WatchEventsResponse, error) {
	received, err := s.received(ctx, brand, facts)
	if err != nil {
		return nil, err
	}
	last := &facts[len(facts)-1]
	out := &journeyv1.WatchEventsResponse{Cursor: &commonv1.Cursor{Seq: last.Seq, CommitId: last.CommitID}}
	for i := range facts {
		f := &facts[i]
		one := &journeyv1.JourneyFact{Seq: f.Seq}
		switch f.Kind {
		case record.Event:
			e, err := record.Open(f, received[record.First(f)])
			if err != nil {
				return nil, err
			}
			one.Fact = &journeyv1.JourneyFact_Recorded{Recorded: e}
			if f.Of != 0 {
				one.Fact = &journeyv1.JourneyFact_Resolved{Resolved: e}
			}
		case record.Outcome:
			o, err := record.ParseOrder(f)
			if err != nil {
				return nil, err
			}
			one.Fact = &journeyv1.JourneyFact_Outcome{Outcome: o.Outcome()}
		default:
			continue
		}
		one.CommittedAt = timestamppb.New(time.UnixMicro(f.At))
		out.Facts = append(out.Facts, one)
	}
	return out, nil
}

// received are the commit times of the first versions of events, by number.
func (s *Server) received(ctx context.Context, brand string, facts []feed.Fact) (map[int64]int64, error) {
	out := make(map[int64]int64, len(facts))
	var missing []int64
	for i := range facts {
		if f := &facts[i]; f.Kind == record.Event {
			if f.Of == 0 {
				out[f.Seq] = f.At
			} else if _, ok := out[f.Of]; !ok {
				missing = append(missing, f.Of)
			}
		}
	}
	firsts, err := s.store.log.Get(ctx, brand, missing...)
	for i := range firsts {
		out[firsts[i].Seq] = firsts[i].At
	}
	return out, err
}
