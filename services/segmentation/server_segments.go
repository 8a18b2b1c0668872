package segmentation

import (
	"context"
	"errors"
	"maps"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// ListFields reads what rules can read.
func (s *Server) ListFields(ctx context.Context, in *segmentationv1.ListFieldsRequest) (*segmentationv1.ListFieldsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.meetMetrics(ctx, b); err != nil {
		return nil, err
	}
	return &segmentationv1.ListFieldsResponse{Fields: b.fields().Fields()}, nil
}

// CreateSegment finds whom a rule holds for without a lock, and takes the log for
// what came meanwhile alone.
func (s *Server) CreateSegment(ctx context.Context, in *segmentationv1.CreateSegmentRequest) (*segmentationv1.CreateSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := outputs(in.GetSegment()); err != nil {
		return nil, err
	}
	def, err := s.given(ctx, b, in.GetSegment(), nil)
	if err != nil {
		return nil, err
	}
	err = s.define(ctx, b, def, func(was *segmentationv1.Segment) (*segmentationv1.Segment, error) {
		if was == nil {
			return &segmentationv1.Segment{Id: def.GetId(), Titles: def.GetTitles(), Rule: def.GetRule(), Version: 1}, nil
		}
		return nil, same(was, def)
	})
	if err != nil {
		return nil, err
	}
	out, err := s.segment(b, def.GetId())
	return &segmentationv1.CreateSegmentResponse{Segment: out}, err
}

// outputs refuses what a caller cannot say.
func outputs(def *segmentationv1.Segment) error {
	f := fault.Invalid()
	for path, set := range map[string]bool{
		"segment.version": def.GetVersion() != 0, "segment.began_at": def.GetBeganAt() != nil, "segment.archived": def.GetArchived(),
		"segment.fields": len(def.GetFields()) > 0, "segment.members": def.GetMembers() != 0,
	} {
		if set {
			f.Field(path, "is told, not asked")
		}
	}
	return f.Err()
}

// same refuses another segment under the same id.
func same(was, def *segmentationv1.Segment) error {
	var differs string
	switch {
	case !maps.Equal(was.GetTitles(), def.GetTitles()):
		differs = "segment.titles"
	case !alike(was.GetRule(), def.GetRule()):
		differs = "segment.rule"
	case was.GetArchived():
		differs = "segment.archived"
	default:
		return nil
	}
	return fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "segment %q is there with another %s", def.GetId(), differs).
		With("field", differs)
}

// UpdateSegment begins a new version if the rule is another one.
func (s *Server) UpdateSegment(ctx context.Context, in *segmentationv1.UpdateSegmentRequest) (*segmentationv1.UpdateSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
		return nil, floor.Unavailable("define segment", err)
	}
	known, _ := b.live.Get(in.GetSegment().GetId())
	def, err := s.given(ctx, b, in.GetSegment(), known)
	if err != nil {
		return nil, err
	}
	err = s.define(ctx, b, def, func(was *segmentationv1.Segment) (*segmentationv1.Segment, error) {
		switch {
		case was == nil || was.GetArchived():
			return nil, unknownSegment(def.GetId())
		case def.GetVersion() != 0 && def.GetVersion() != was.GetVersion():
			return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "segment %q is at version %d", was.GetId(), was.GetVersion())
		case proto.Equal(was.GetRule(), def.GetRule()) && maps.Equal(was.GetTitles(), def.GetTitles()):
			return nil, nil
		}
		next := proto.CloneOf(was)
		next.Titles = def.GetTitles()
		if !proto.Equal(was.GetRule(), def.GetRule()) {
			next.Rule, next.Version = def.GetRule(), was.GetVersion()+1
		}
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	out, err := s.segment(b, def.GetId())
	return &segmentationv1.UpdateSegmentResponse{Segment: out}, err
}

// define makes a segment what decide says of what it was, nil if there was none;
// decide may be asked several times, and says nil if nothing changes. Members are
// looked for only if there is a new version.
func (s *Server) define(ctx context.Context, b *brand, asked *segmentationv1.Segment, decide func(was *segmentationv1.Segment) (*segmentationv1.Segment, error)) error {
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return floor.Unavailable("define segment", err)
	}
	if err := s.meetMetrics(ctx, b); err != nil {
		return err
	}
	for {
		if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
			return floor.Unavailable("define segment", err)
		}
		was, _ := b.live.Get(asked.GetId())
		next, err := decide(was)
		if err != nil || next == nil {
			return err
		}
		rule, err := segment.Read(asked.GetRule(), b.fields())
		if err == nil {
			err = b.live.Check(next)
		}
		if err != nil {
			return err
		}
		var draft *segment.Draft
		if next.GetVersion() != was.GetVersion() {
			if draft, err = b.evaluator.Draft(ctx, rule); err != nil {
				return floor.Unavailable("look for members", err)
			}
		}
		// A day that changed meanwhile makes all that was found worthless.
		if err = s.publish(ctx, b, asked, rule, draft, decide); !errors.Is(err, segment.ErrDay) {
			return err
		}
	}
}

// publish makes a draft, if there is one, the newest version.
func (s *Server) publish(ctx context.Context, b *brand, asked *segmentationv1.Segment, rule *segment.Rule, draft *segment.Draft, decide func(was *segmentationv1.Segment) (*segmentationv1.Segment, error)) error {
	err := s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		// It takes in all there is to know of segments.
		day, err := b.evaluator.Turn(ctx, c.tx)
		if err != nil {
			return err
		}
		was, _ := b.live.Get(asked.GetId())
		next, err := decide(was)
		if err != nil || next == nil {
			return err
		}
		if err := b.live.Check(next); err != nil {
			return err
		}
		if next.GetVersion() == was.GetVersion() {
			facts, err := segment.Retitle(next)
			c.tell(facts...)
			return err
		}
		if draft == nil {
			return segment.ErrDay // somebody else gave it that rule and took it back: look again
		}
		members, err := draft.Finish(ctx, c.tx, day)
		if err != nil {
			return err
		}
		next.BeganAt, next.Fields = timestamppb.New(c.at), rule.Fields()
		facts, err := b.live.Begin(next, members, day)
		c.tell(facts...)
		return err
	})
	if err != nil {
		return err
	}
	return b.live.Catch(ctx, s.store.db, s.store.log.Reader)
}

func unknownSegment(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_SEGMENT_UNKNOWN, "segment %q", id)
}

// segment is a segment as clients read it, archived or not.
func (s *Server) segment(b *brand, id string) (*segmentationv1.Segment, error) {
	def, members := b.live.Get(id)
	if def == nil {
		return nil, unknownSegment(id)
	}
	out := proto.CloneOf(def)
	out.Members = members
	return out, nil
}

// knownSegment is segment, for one that another replica may have made a moment ago.
func (s *Server) knownSegment(ctx context.Context, b *brand, id string) (*segmentationv1.Segment, error) {
	if def, _ := b.live.Get(id); def == nil {
		if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
			return nil, floor.Unavailable("read segments", err)
		}
	}
	return s.segment(b, id)
}

// GetSegment reads a segment.
func (s *Server) GetSegment(ctx context.Context, in *segmentationv1.GetSegmentRequest) (*segmentationv1.GetSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
		return nil, floor.Lost("read segments", err)
	}
	asOf, rolledTo := b.live.State()
	out, err := s.segment(b, in.GetSegmentId())
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetSegmentResponse{Segment: out, AsOf: countedTo(asOf), RolledTo: rolledTo.String()}, nil
}

// ListSegments pages through the segments by id.
func (s *Server) ListSegments(ctx context.Context, in *segmentationv1.ListSegmentsRequest) (*segmentationv1.ListSegmentsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	after := ""
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := int(in.GetPageSize())
	if size == 0 {
		size = usualPage
	}
	out := &segmentationv1.ListSegmentsResponse{}
	ids := b.live.IDs(after, in.GetArchived())
	if len(ids) > size {
		ids = ids[:size]
		if out.NextPageToken, err = s.token(in, ids[size-1]); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		one, err := s.segment(b, id)
		if err != nil {
			return nil, err
		}
		out.Segments = append(out.Segments, one)
	}
	return out, nil
}

// ArchiveSegment lets everybody leave a segment and ends it.
func (s *Server) ArchiveSegment(ctx context.Context, in *segmentationv1.ArchiveSegmentRequest) (*segmentationv1.ArchiveSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	id := in.GetSegmentId()
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		day, err := b.evaluator.Turn(ctx, c.tx)
		if err != nil {
			return err
		}
		was, _ := b.live.Get(id)
		if was == nil || was.GetArchived() {
			return archived(was, id)
		}
		if user := b.live.User(id); user != "" {
			return fault.Precondition(commonv1.Reason_REASON_SEGMENT_IN_USE, "segment %q is made of it", user).With("segment", user)
		}
		next := proto.CloneOf(was)
		next.Archived = true
		facts, err := b.live.End(next, day)
		c.tell(facts...)
		return err
	})
	if err == nil {
		err = b.live.Catch(ctx, s.store.db, s.store.log.Reader)
	}
	if err != nil {
		return nil, floor.Unavailable("archive segment", err)
	}
	out, err := s.segment(b, id)
	return &segmentationv1.ArchiveSegmentResponse{Segment: out}, err
}

// archived is what to say of a segment that is none any more: to archive it again
// changes nothing.
func archived(was *segmentationv1.Segment, id string) error {
	if was == nil {
		return unknownSegment(id)
	}
	return nil
}

// PreviewSegment finds whom a rule holds for and saves nothing.
func (s *Server) PreviewSegment(ctx context.Context, in *segmentationv1.PreviewSegmentRequest) (*segmentationv1.PreviewSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	err = s.current(ctx, b)
	if err == nil {
		err = s.meetMetrics(ctx, b)
	}
	if err != nil {
		return nil, err
	}
	ruled, err := s.filled(ctx, b, in.GetRule(), nil)
	if err != nil {
		return nil, err
	}
	rule, err := segment.Read(ruled, b.fields())
	if err == nil {
		err = b.live.Check(&segmentationv1.Segment{Rule: in.GetRule()})
	}
	if err != nil {
		return nil, err
	}
	draft, err := b.evaluator.Draft(ctx, rule)
	if err != nil {
		return nil, floor.Lost("look for members", err)
	}
	last, err := lastNumber(ctx, s.store.db, b.ID)
	if err != nil {
		return nil, floor.Lost("count persons", err)
	}
	members := draft.Members()
	out := &segmentationv1.PreviewSegmentResponse{Members: int64(members.GetCardinality()), Persons: last - int64(b.book.Load().Now().Merged())}
	sample := int(in.GetSample())
	if sample == 0 {
		sample = usualSample
	}
	for it := members.Iterator(); it.HasNext() && len(out.SampleIds) < sample; {
		out.SampleIds = append(out.SampleIds, int64(it.Next()))
	}
	return out, nil
}

// usualSample is how many members a preview shows where nothing else is asked for.
const usualSample = 10

// segmentHistory reads what the log says of segments.
func (s *Server) segmentHistory(b *brand) *segment.History {
	return &segment.History{Brand: b.ID, DB: s.store.db, Log: s.store.log.Reader, Live: b.live}
}
