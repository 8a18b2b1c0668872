package survey

import (
	"context"
	"maps"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// GetResponse reads a response as it stands.
func (s *Server) GetResponse(ctx context.Context, in *surveyv1.GetResponseRequest) (*surveyv1.GetResponseResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Detail)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	facts, err := versions(ctx, s.store.log.Reader, b.ID, in.GetId())
	if err != nil {
		return nil, elsewhere(see, err)
	}
	out, err := record.Current(facts, b.book.Load().Ref)
	if err != nil {
		return nil, err
	}
	if !see.Touches(out.GetCountedIn()) {
		return nil, access.Denied()
	}
	if err := s.replied(ctx, b, true, out); err != nil {
		return nil, err
	}
	return &surveyv1.GetResponseResponse{Response: out}, nil
}

// versions reads all facts of a response, the first of which gave it its id.
func versions(ctx context.Context, log feed.Reader, brand, id string) ([]feed.Fact, error) {
	unknown := fault.NotFound(commonv1.Reason_REASON_RESPONSE_UNKNOWN, "response %q", id)
	first, err := strconv.ParseInt(id, 10, 64)
	if err != nil || record.ID(first) != id {
		return nil, unknown
	}
	facts, err := log.Versions(ctx, brand, first)
	if err != nil {
		return nil, floor.Unavailable("read response", err)
	}
	if len(facts) == 0 || facts[0].Seq != first || facts[0].Kind != record.Response || facts[0].Of != 0 {
		return nil, unknown
	}
	return facts, nil
}

// standing is a response as it stands within a change.
type standing struct {
	first, newest *feed.Fact
	record        *surveyv1.ResponseRecord
	retracted     bool
}

func stand(ctx context.Context, log feed.Reader, brand, id string) (*standing, error) {
	facts, err := versions(ctx, log, brand, id)
	if err != nil {
		return nil, err
	}
	at := &standing{first: &facts[0]}
	for i := range facts {
		if facts[i].Kind == record.Response {
			at.newest = &facts[i]
		}
	}
	at.retracted = facts[len(facts)-1].Kind == record.Reversal
	at.record, err = record.Open(at.newest)
	return at, err
}

// counted are the subjects that it counts in.
func (at *standing) counted(b *brand) []*commonv1.SubjectRef {
	out, err := record.Read(at.newest, b.book.Load().Ref)
	if err != nil {
		return nil
	}
	return out.GetCountedIn()
}

// reversal takes the newest version out of every number.
func (at *standing) reversal(reason string, superseded bool) (feed.Fact, error) {
	t, err := record.Tally(at.newest)
	if err != nil {
		return feed.Fact{}, err
	}
	body, err := proto.Marshal(&surveyv1.ResponseRecord{Reason: reason, Superseded: superseded})
	return feed.Fact{
		Kind: record.Reversal, Of: at.first.Seq, Who: at.newest.Who,
		Day: at.newest.Day, Day2: at.newest.Day2, Data: t.Append(nil), Body: body,
	}, err
}

// RetractResponse takes a response out of every number.
func (s *Server) RetractResponse(ctx context.Context, in *surveyv1.RetractResponseRequest) (*surveyv1.RetractResponseResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Amend)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.RetractResponseResponse{}
	err = s.changing(ctx, b, in.GetId(), func(at *standing) ([]feed.Fact, error) {
		if out.Replayed = at.retracted; out.Replayed {
			return nil, nil
		}
		f, err := at.reversal(in.GetReason(), false)
		return []feed.Fact{f}, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AmendResponse replaces a response's content.
func (s *Server) AmendResponse(ctx context.Context, in *surveyv1.AmendResponseRequest) (*surveyv1.AmendResponseResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Amend)
	if err != nil {
		return nil, err
	}
	if err := s.permits(ctx, b, s.inside(ctx, b), in.GetResponse()); err != nil {
		return nil, err
	}
	out := &surveyv1.AmendResponseResponse{}
	err = s.changing(ctx, b, in.GetResponse().GetId(), func(at *standing) ([]feed.Fact, error) {
		facts, err := s.amendment(b, at, in)
		out.Replayed = err == nil && facts == nil
		return facts, err
	})
	if err != nil {
		return nil, err
	}
	got, err := s.GetResponse(ctx, &surveyv1.GetResponseRequest{Brand: b.ID, Id: in.GetResponse().GetId()})
	if err != nil {
		return nil, err
	}
	out.Response = got.GetResponse()
	return out, nil
}

// amendment is a reversal of the newest version and the one that takes its
// place; nothing if the content is what stands there already.
func (s *Server) amendment(b *brand, at *standing, in *surveyv1.AmendResponseRequest) ([]feed.Fact, error) {
	id := in.GetResponse().GetId()
	if at.retracted {
		return nil, fault.Precondition(commonv1.Reason_REASON_RESPONSE_RETRACTED, "response %s was retracted", id)
	}
	if v := in.GetResponse().GetVersion(); v != 0 && v != at.newest.Seq {
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "response %s is at version %d", id, at.newest.Seq)
	}
	wanted := replacement(at.record.GetResponse(), in.GetResponse())
	maps.DeleteFunc(wanted.GetFacets(), func(name, value string) bool { // a caller sends back what was joined
		return value == at.record.GetJoined()[name] && at.record.GetResponse().GetFacets()[name] == ""
	})
	ready, err := s.rules(b).Prepare(wanted, time.UnixMicro(at.first.At))
	if err != nil {
		return nil, err
	}
	if in.GetResponse().GetCustomer() == nil {
		ready.Record.SealedIdentity, ready.Record.IdentityHash = at.record.GetSealedIdentity(), at.record.GetIdentityHash()
	}
	if difference(at.record, ready.Record) == "" {
		return nil, nil
	}
	for name, value := range at.record.GetJoined() {
		joinFacet(ready.Record, ready.Tally, name, value)
	}
	ready.Record.Reason = in.GetReason()
	back, err := at.reversal(in.GetReason(), true)
	if err != nil {
		return nil, err
	}
	next, err := ready.Fact(nil)
	next.Of = at.first.Seq
	return []feed.Fact{back, next}, err
}

// replacement is the new content; what identifies the response stays, and
// output fields a caller sends back as read are passed over.
func replacement(old, in *surveyv1.Response) *surveyv1.Response {
	out := proto.CloneOf(in)
	out.Id, out.Version, out.ReceivedAt, out.CountedIn = "", 0, nil, nil
	out.ChangedAt, out.ChangeReason, out.Retracted, out.Replies = nil, "", false, nil
	out.Source, out.ExternalId = old.GetSource(), old.GetExternalId()
	if out.GetCustomer() == nil {
		out.Customer = old.GetCustomer()
	}
	if out.GetSurveyVersion() == 0 {
		out.SurveyVersion = old.GetSurveyVersion()
	}
	return out
}

// event turns one fact of the log into what a watcher sees; nil for the others.
func (s *Server) event(ctx context.Context, b *brand, f *feed.Fact) (*surveyv1.ResponseEvent, error) {
	out := &surveyv1.ResponseEvent{CommittedAt: stamp(f.At), Kind: surveyv1.ResponseEvent_KIND_RECORDED}
	shown := f
	switch {
	case f.Kind == record.Response && f.Of != 0:
		out.Kind = surveyv1.ResponseEvent_KIND_AMENDED
	case f.Kind == record.Reversal:
		rec, err := record.Open(f)
		if err != nil || rec.GetSuperseded() {
			return nil, err
		}
		out.Kind = surveyv1.ResponseEvent_KIND_RETRACTED
		if shown, err = s.reversed(ctx, b, f); err != nil {
			return nil, err
		}
	case f.Kind != record.Response:
		return nil, nil
	}
	var err error
	if out.Response, err = record.Read(shown, b.book.Load().Ref); err != nil {
		return nil, err
	}
	if out.Scores, err = scoresOf(b, shown); err != nil || shown.Of == 0 {
		return out, err
	}
	// It was taken when its first version was.
	first, err := s.store.log.Get(ctx, b.ID, shown.Of)
	if err == nil && len(first) > 0 {
		out.Response.ReceivedAt = stamp(first[0].At)
	}
	return out, err
}

// scoresOf are the scores that a version counts with.
func scoresOf(b *brand, f *feed.Fact) (out []*surveyv1.MetricScore, err error) {
	t, err := record.Tally(f)
	if err != nil {
		return nil, err
	}
	book := b.book.Load()
	for _, s := range t.Scores {
		if m := book.MetricByNumber(s.Metric); m != nil && s.Metric != tally.LowShare {
			out = append(out, &surveyv1.MetricScore{Metric: m.Def.GetName(), Score: int32(s.Score)})
		}
	}
	return out, nil
}

// reversed reads the version a reversal takes out.
func (s *Server) reversed(ctx context.Context, b *brand, f *feed.Fact) (*feed.Fact, error) {
	t, err := record.Tally(f)
	if err != nil {
		return nil, err
	}
	facts, err := s.store.log.Get(ctx, b.ID, t.Row)
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 {
		return nil, fault.DataLoss("reversal %d of a version that is not in the log", f.Seq)
	}
	return &facts[0], nil
}

// stamp is a commit time as callers read it.
func stamp(micros int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(micros)) }
