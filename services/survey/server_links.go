package survey

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/link"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// CreateSurveyLink makes one link.
func (s *Server) CreateSurveyLink(ctx context.Context, in *surveyv1.CreateSurveyLinkRequest) (*surveyv1.CreateSurveyLinkResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Submit)
	if err != nil {
		return nil, err
	}
	made, err := s.makeLinks(ctx, b, []*surveyv1.CreateSurveyLinkRequest{in})
	if err != nil {
		return nil, err
	}
	if made[0].Err != nil {
		return nil, made[0].Err
	}
	return &surveyv1.CreateSurveyLinkResponse{Link: made[0].Value.link, Replayed: made[0].Value.replayed}, nil
}

// BatchCreateSurveyLinks makes many.
func (s *Server) BatchCreateSurveyLinks(ctx context.Context, in *surveyv1.BatchCreateSurveyLinksRequest) (*surveyv1.BatchCreateSurveyLinksResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Submit)
	if err != nil {
		return nil, err
	}
	made, err := s.makeLinks(ctx, b, in.GetRequests())
	if err != nil {
		return nil, err
	}
	out := &surveyv1.BatchCreateSurveyLinksResponse{}
	for _, m := range made {
		one := &surveyv1.SurveyLinkResult{Link: m.Value.link, Replayed: m.Value.replayed}
		if m.Err != nil {
			one = &surveyv1.SurveyLinkResult{Error: fault.Status(m.Err)}
		}
		out.Results = append(out.Results, one)
	}
	return out, nil
}

// linked is a link made, or found made.
type linked struct {
	link     *surveyv1.SurveyLink
	replayed bool
}

// makeLinks judges requests, asks leave for those that contact somebody, and writes the
// good ones in one commit. A request that came before gets its first link, whatever has
// changed since.
func (s *Server) makeLinks(ctx context.Context, b *brand, all []*surveyv1.CreateSurveyLinkRequest) ([]commit.Result[linked], error) {
	out := make([]commit.Result[linked], len(all))
	keys := make([][]byte, len(all))
	for i, in := range all {
		keys[i] = link.MadeKey(in.GetRequestId())
	}
	before, err := s.store.firsts(ctx, b.ID, keys)
	if err != nil {
		return nil, err
	}
	var facts []feed.Fact
	var at []int
	for i, in := range all {
		if first := before[string(keys[i])]; first != nil {
			out[i].Value, out[i].Err = s.sameLink(ctx, b, first, in)
			continue
		}
		f, err := s.prepareLink(ctx, b, in, keys[i])
		if out[i].Err = err; err == nil {
			facts, at = append(facts, f), append(at, i)
		}
	}
	firsts, err := s.store.append(ctx, b.ID, facts)
	if err != nil {
		return nil, err
	}
	for k, i := range at {
		if firsts[k] != nil {
			out[i].Value, out[i].Err = s.sameLink(ctx, b, firsts[k], all[i])
			continue
		}
		out[i].Value.link, out[i].Err = s.showLink(ctx, b, &facts[k])
	}
	return out, nil
}

// prepareLink judges one link, and asks leave to send it.
func (s *Server) prepareLink(ctx context.Context, b *brand, in *surveyv1.CreateSurveyLinkRequest, key []byte) (feed.Fact, error) {
	if in.GetBrand() != "" && in.GetBrand() != b.ID {
		return feed.Fact{}, fault.Invalid().Field("brand", "is another one than that of the batch").Err()
	}
	one := proto.CloneOf(in)
	one.Brand = b.ID
	if err := validate(one); err != nil {
		return feed.Fact{}, err
	}
	now, kept := s.clock(), one.GetLink()
	t, err := s.rules(b).Link(kept, now)
	if outdated(err) {
		if err := s.store.folds.Sync(ctx, b.ID); err != nil {
			return feed.Fact{}, floor.Unavailable("read definitions", err)
		}
		t, err = s.rules(b).Link(kept, now)
	}
	if err != nil {
		return feed.Fact{}, err
	}
	if err := s.invitee(ctx, b, kept); err != nil {
		return feed.Fact{}, err
	}
	link.Filled(kept, now)
	if err := s.reserve(ctx, b, kept, key); err != nil {
		return feed.Fact{}, err
	}
	t.Customer = kept.GetCustomer().GetId()
	return link.Made(kept, t, b.zone, key)
}

// sameLink answers a request that came before. The link may have been given what was
// left open in it, nothing else may differ.
func (s *Server) sameLink(ctx context.Context, b *brand, first *feed.Fact, in *surveyv1.CreateSurveyLinkRequest) (linked, error) {
	out, err := s.showLink(ctx, b, first)
	if err != nil {
		return linked{}, err
	}
	if field := link.Differs(out, in.GetLink()); field != "" {
		return linked{}, fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field, "another link was made by this request id")
	}
	return linked{out, true}, nil
}

// showLink is a link as a caller sees it, with its state of now.
func (s *Server) showLink(ctx context.Context, b *brand, made *feed.Fact) (*surveyv1.SurveyLink, error) {
	k, err := s.known(ctx, b, made, "")
	if err != nil {
		return nil, err
	}
	out := k.Show(s.clock())
	out.Id, out.Token = record.ID(made.Seq), s.links.Token(b.ID, made.Seq)
	out.Path = "/s/" + out.GetToken()
	return out, nil
}

// RevokeSurveyLink takes a link back.
func (s *Server) RevokeSurveyLink(ctx context.Context, in *surveyv1.RevokeSurveyLinkRequest) (*surveyv1.RevokeSurveyLinkResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Submit)
	if err != nil {
		return nil, err
	}
	made, err := s.linkOf(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	firsts, err := s.store.append(ctx, b.ID, []feed.Fact{link.End(made.Seq)})
	if err != nil {
		return nil, err
	}
	out := &surveyv1.RevokeSurveyLinkResponse{Replayed: firsts[0] != nil}
	out.Link, err = s.showLink(ctx, b, made)
	return out, err
}

// GetSurveyLink reads one link.
func (s *Server) GetSurveyLink(ctx context.Context, in *surveyv1.GetSurveyLinkRequest) (*surveyv1.GetSurveyLinkResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Detail)
	if err != nil {
		return nil, err
	}
	made, err := s.linkOf(ctx, b, in.GetId())
	if err != nil {
		return nil, err
	}
	one, err := s.showLink(ctx, b, made)
	if err != nil {
		return nil, err
	}
	return &surveyv1.GetSurveyLinkResponse{Link: one}, nil
}

// ListSurveyLinks pages through open links, or those of one customer.
func (s *Server) ListSurveyLinks(ctx context.Context, in *surveyv1.ListSurveyLinksRequest) (*surveyv1.ListSurveyLinksResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Detail)
	if err != nil {
		return nil, err
	}
	before := int64(1<<63 - 1)
	if err := s.readToken(in, in.GetPageToken(), &before); err != nil {
		return nil, err
	}
	size := pageSize(in.GetPageSize(), 50)
	facts, err := s.store.linksBefore(ctx, b.ID, in, before, size+1)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.ListSurveyLinksResponse{}
	for i := range facts[:min(size, len(facts))] {
		one, err := s.showLink(ctx, b, &facts[i])
		if err != nil {
			return nil, err
		}
		out.Links = append(out.Links, one)
	}
	if len(facts) > size {
		out.NextPageToken, err = s.token(in, facts[size-1].Seq)
	}
	return out, err
}

// GetInvitationStats reads how many were asked, and how far they came.
func (s *Server) GetInvitationStats(ctx context.Context, in *surveyv1.GetInvitationStatsRequest) (*surveyv1.GetInvitationStatsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	asked, err := link.Question(in)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if asked, err = see.Metric(asked); err != nil {
		return nil, err
	}
	found, err := b.asked.Invitations(ctx, asked, s.clock())
	if err != nil {
		return nil, floor.Lost("count invitations", err)
	}
	return link.Stats(see.Trim(asked, found)), nil
}

// stampOf is a moment of the log.
func stampOf(f *feed.Fact) time.Time { return time.UnixMicro(f.At) }
