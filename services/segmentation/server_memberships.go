package segmentation

import (
	"context"
	"errors"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/record"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// membersOn is who is in a segment, now or at the end of a day, and the last fact that
// changed that.
func (s *Server) membersOn(ctx context.Context, b *brand, id, day string) (*roaring64.Bitmap, int64, error) {
	if day == "" {
		members, seq := b.live.Members(id)
		return members, seq, nil
	}
	on, err := calendar.ParseDay(day)
	if err != nil {
		return nil, 0, fault.Invalid().Field("day", "%v", err).Err()
	}
	members, seq, err := s.segmentHistory(b).On(ctx, id, on)
	if notYet := (&segment.NotYetError{}); errors.As(err, &notYet) {
		return nil, 0, notYet
	}
	return members, seq, floor.Lost("read members", err)
}

// ListMembers pages through the members in order of number.
func (s *Server) ListMembers(ctx context.Context, in *segmentationv1.ListMembersRequest) (*segmentationv1.ListMembersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.knownSegment(ctx, b, in.GetSegmentId()); err != nil {
		return nil, err
	}
	var after int64
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	members, _, err := s.membersOn(ctx, b, in.GetSegmentId(), in.GetDay())
	if notYet := (&segment.NotYetError{}); errors.As(err, &notYet) {
		return nil, fault.Invalid().Field("day", "%v", notYet).Err()
	}
	if err != nil {
		return nil, err
	}
	size := int(in.GetPageSize())
	if size == 0 {
		size = usualMembers
	}
	out := &segmentationv1.ListMembersResponse{Members: int64(members.GetCardinality())}
	it := members.Iterator()
	it.AdvanceIfNeeded(uint64(after) + 1)
	for it.HasNext() && len(out.GetIds()) < size {
		out.Ids = append(out.Ids, int64(it.Next()))
	}
	if it.HasNext() {
		out.NextPageToken, err = s.token(in, out.GetIds()[size-1])
	}
	return out, err
}

// usualMembers is the size of a page of members where none is asked for.
const usualMembers = 1000

// GetMemberships reads which segments a person is in.
func (s *Server) GetMemberships(ctx context.Context, in *segmentationv1.GetMembershipsRequest) (*segmentationv1.GetMembershipsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.current(ctx, b); err != nil {
		return nil, err
	}
	// In this order: what is told includes at least what as_of says.
	asOf, _ := b.live.State()
	return &segmentationv1.GetMembershipsResponse{SegmentIds: b.live.Of(b.person(in.GetCustomerId())), AsOf: countedTo(asOf)}, nil
}

// countedTo is a time as clients read it; unset before the first fact.
func countedTo(asOf int64) *timestamppb.Timestamp {
	if asOf == 0 {
		return nil
	}
	return stamp(asOf)
}

// current takes in what was written, unless everything that is known to be there has
// been taken in already.
func (s *Server) current(ctx context.Context, b *brand) error {
	if !b.live.Behind(s.store.log.Known(b.ID)) {
		return nil
	}
	return floor.Lost("read segments", b.live.Catch(ctx, s.store.db, s.store.log.Reader))
}

// ExplainMembership asks the rule anew, of what is known now.
func (s *Server) ExplainMembership(ctx context.Context, in *segmentationv1.ExplainMembershipRequest) (*segmentationv1.ExplainMembershipResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	def, err := s.knownSegment(ctx, b, in.GetSegmentId())
	if err != nil {
		return nil, err
	}
	known, err := customer(ctx, s.store.db, b.ID, in.GetCustomerId())
	if err != nil {
		return nil, floor.Lost("read customer", err)
	}
	if known == nil {
		return nil, unknownCustomer()
	}
	person := b.person(known.id)
	out := &segmentationv1.ExplainMembershipResponse{Member: b.live.Has(def.GetId(), person)}
	at, err := s.segmentHistory(b).Since(ctx, def.GetId(), person)
	if err != nil {
		return nil, floor.Lost("read history of segment", err)
	}
	if !at.IsZero() {
		out.Since = timestamppb.New(at)
	}
	parts, values, err := b.evaluator.Explain(ctx, def, person)
	if err != nil {
		return nil, floor.Lost("explain membership", err)
	}
	for _, p := range parts {
		out.Parts = append(out.Parts, &segmentationv1.ExplainedPart{Text: p.Text, Holds: p.Holds})
	}
	out.Values = values
	seq, newest, err := b.evaluator.Newest(ctx, def, person)
	if err != nil {
		return nil, floor.Lost("explain membership", err)
	}
	out.LastFactSeq, out.LastFactAt = seq, countedTo(newest)
	return out, nil
}

// WatchMemberships streams who enters and leaves. Other facts move the cursor alone.
func (s *Server) WatchMemberships(in *segmentationv1.WatchMembershipsRequest, stream grpc.ServerStreamingServer[segmentationv1.WatchMembershipsResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, id := range in.GetSegmentIds() {
		wanted[id] = true
	}
	from := feed.Cursor{Seq: in.GetAfter().GetSeq(), CommitID: in.GetAfter().GetCommitId()}
	err = s.store.log.Follow(ctx, b.ID, from, func(facts []feed.Fact) error {
		out := &segmentationv1.WatchMembershipsResponse{}
		for i := range facts {
			if facts[i].Kind != record.Members {
				continue
			}
			m, err := record.MembershipOf(&facts[i])
			if err != nil {
				return err
			}
			if len(wanted) == 0 || wanted[m.Segment] {
				out.Changes = append(out.Changes, membershipChange(m, facts[i].At))
			}
		}
		last := &facts[len(facts)-1]
		out.Cursor = &commonv1.Cursor{Seq: last.Seq, CommitId: last.CommitID}
		return stream.Send(out)
	})
	if errors.Is(err, feed.ErrReplaced) {
		return fault.Precondition(commonv1.Reason_REASON_LOG_REPLACED,
			"the log was restored from a backup and does not have this position: start from the beginning")
	}
	return floor.Lost("watch memberships", err)
}

// mostListed is how many persons of one change are told.
const mostListed = 100_000

func membershipChange(m *record.Membership, at int64) *segmentationv1.MembershipChange {
	return &segmentationv1.MembershipChange{SegmentId: m.Segment, Version: m.Version, Base: m.Base, Entered: listed(m.Entered),
		Left: listed(m.Left), CommittedAt: timestamppb.New(time.UnixMicro(at)), Day: m.Day.String()}
}

func listed(set *roaring64.Bitmap) (ids []int64) {
	for it := set.Iterator(); it.HasNext() && len(ids) < mostListed; {
		ids = append(ids, int64(it.Next()))
	}
	return ids
}

// GetSegmentBitmap reads the members as a set. Before the version began that is nobody:
// whoever lays past days over answers need not know when that was.
func (s *Server) GetSegmentBitmap(ctx context.Context, in *segmentationv1.GetSegmentBitmapRequest) (*segmentationv1.GetSegmentBitmapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.current(ctx, b); err != nil {
		return nil, err
	}
	asOf, _ := b.live.State()
	def, err := s.knownSegment(ctx, b, in.GetSegmentId())
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.GetSegmentBitmapResponse{Version: def.GetVersion(), AsOf: countedTo(asOf)}
	if in.GetDay() == "" && in.GetKnownSeq() != 0 && b.live.Changed(def.GetId()) == in.GetKnownSeq() {
		out.Seq, out.Unchanged = in.GetKnownSeq(), true
		return out, nil
	}
	members, seq, err := s.membersOn(ctx, b, def.GetId(), in.GetDay())
	if notYet := (&segment.NotYetError{}); errors.As(err, &notYet) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	if out.Seq = seq; seq == in.GetKnownSeq() {
		out.Unchanged = true
		return out, nil
	}
	members.RunOptimize()
	out.Bitmap, err = members.ToPortableBytes()
	return out, err
}
