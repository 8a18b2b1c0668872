package survey

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/link"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// askPatience is how long the making of a link waits for whose an identity is. Nothing
// is taken in here: whoever asks can ask again.
const askPatience = 2 * time.Second

func unknownLink() error {
	return fault.NotFound(commonv1.Reason_REASON_LINK_UNKNOWN, "no survey link of this brand")
}

// invitee puts a customer's number in the place of an identity.
func (s *Server) invitee(ctx context.Context, b *brand, in *surveyv1.SurveyLink) error {
	id := in.GetCustomer().GetIdentity()
	if id == nil {
		if b.mapping().Erased(in.GetCustomer().GetId()) {
			return fault.Precondition(commonv1.Reason_REASON_CUSTOMER_ERASED, "the customer was erased")
		}
		return nil
	}
	if s.neighbours.Segmentation == nil {
		return fault.Invalid().Field("link.customer.identity", "is resolved by Segmentation, which is no part of this deployment: give the customer's id").Err()
	}
	ids, refused, err := people.NewResolver(s.neighbours.Segmentation, askPatience).Resolve(ctx, b.ID, []*commonv1.Identity{id})
	switch {
	case err != nil || refused[0] == nil && ids[0] == 0:
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "Segmentation could not be asked whose the identity is: try again")
	case refused[0] != nil:
		return refused[0]
	}
	in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: ids[0]}}
	return nil
}

// reserve asks leave to contact the customer. It is asked under the link's own key, so that
// whoever tries again gets the leave that was given. Without Segmentation there is no
// budget.
func (s *Server) reserve(ctx context.Context, b *brand, in *surveyv1.SurveyLink, key []byte) error {
	if !link.Contacts(in) || in.GetReservationId() != "" || s.neighbours.Segmentation == nil {
		return nil
	}
	at := in.GetAskedAt()
	if !at.AsTime().After(s.clock()) {
		at = nil
	}
	out, err := s.neighbours.Segmentation.ReserveContact(ctx, &segmentationv1.ReserveContactRequest{
		Brand: b.ID, RequestId: "survey-link-" + hex.EncodeToString(key),
		Contact: &segmentationv1.ContactRequest{Customer: in.GetCustomer(), Purpose: in.GetPurpose(), Mode: in.GetMode(), At: at},
	})
	if err != nil {
		if fault.Retryable(err) {
			return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "Segmentation could not be asked for leave to contact: try again").Because(err)
		}
		return fault.From(err)
	}
	if !out.GetAllowed() {
		return forbidden(out.GetVerdict())
	}
	in.ReservationId = out.GetReservationId()
	return nil
}

func forbidden(v *segmentationv1.ContactVerdict) error {
	refusal := fault.Precondition(commonv1.Reason_REASON_CONTACT_FORBIDDEN, "the customer may not be contacted so: %s", v.GetDetail()).
		With("rule", v.GetRule().String())
	if v.GetAllowedFrom() != nil {
		return refusal.With("allowed_from", v.GetAllowedFrom().AsTime().Format(time.RFC3339))
	}
	return refusal
}

// linkOf finds the fact that made a link, by its id.
func (s *Server) linkOf(ctx context.Context, b *brand, id string) (*feed.Fact, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || record.ID(n) != id {
		return nil, unknownLink()
	}
	found, err := s.store.log.Get(ctx, b.ID, n)
	switch {
	case err != nil:
		return nil, floor.Unavailable("read link", err)
	case len(found) == 0 || found[0].Kind != record.Link && found[0].Kind != record.OpenLink:
		return nil, unknownLink()
	}
	return &found[0], nil
}

// known reads all that decides what a link leads to, of an open one on a visit.
func (s *Server) known(ctx context.Context, b *brand, made *feed.Fact, visit string) (*link.Known, error) {
	rec := &surveyv1.LinkRecord{}
	if err := proto.Unmarshal(made.Body, rec); err != nil {
		return nil, fault.DataLoss("link %d cannot be read", made.Seq).Because(err)
	}
	k := &link.Known{Link: rec.GetLink(), Erased: b.mapping().Erased(rec.GetLink().GetCustomer().GetId())}
	facts, err := s.store.log.Versions(ctx, b.ID, made.Seq)
	if err != nil {
		return nil, floor.Unavailable("read link", err)
	}
	for i := range facts {
		if facts[i].Kind == record.LinkEnd {
			k.Revoked = stampOf(&facts[i])
		}
	}
	k.Steps = facts
	if found, ok := b.book.Load().Survey(k.Link.GetSurveyId()); ok && found.Def.GetClosedAt() != nil {
		k.Closed = found.Def.GetClosedAt().AsTime()
	}
	if k.Link.GetOpen() && visit == "" {
		return k, nil
	}
	first, err := s.store.log.ByKey(ctx, b.ID, [][]byte{intake.Key(link.Source, link.Answer(made.Seq, visit), "")})
	if err != nil {
		return nil, floor.Unavailable("read answer of link", err)
	}
	if len(first) > 0 {
		k.Answered, k.Response = stampOf(&first[0]), &first[0]
	}
	return k, nil
}

// ended is the effect of responses that came by links: the invitation is answered, and
// what was kept of it is thrown away.
func (s *Server) ended(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	var out []feed.Fact
	for i := range facts {
		number := linkIn(&facts[i])
		if number == 0 {
			continue
		}
		rec, err := record.Open(&facts[i])
		if err != nil {
			return err
		}
		made, err := feed.In(tx).Get(ctx, b.ID, number)
		if err != nil || len(made) == 0 {
			return err
		}
		visit := link.Visit(rec.GetResponse().GetExternalId())
		for _, step := range []link.Step{link.Started, link.Answered} {
			f, err := link.Taken(&made[0], step, visit, b.zone, stampOf(&facts[i]))
			if err != nil {
				return err
			}
			out = append(out, f)
		}
		if err := link.Drop(ctx, tx, b.ID, number, visit); err != nil {
			return err
		}
	}
	return s.putNew(ctx, tx, b, out)
}

// putNew puts those of the facts whose keys the log does not have.
func (s *Server) putNew(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	head, err := feed.Lock(ctx, tx, b.ID, s.clock())
	if err != nil {
		return err
	}
	keys := make([][]byte, len(facts))
	for i := range facts {
		keys[i] = facts[i].Key
	}
	found, err := feed.In(tx).ByKey(ctx, b.ID, keys)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for i := range found {
		there[string(found[i].Key)] = true
	}
	fresh := facts[:0]
	for _, f := range facts {
		if !there[string(f.Key)] {
			fresh = append(fresh, f)
		}
	}
	return feed.Put(ctx, tx, &head, fresh)
}

// linkIn finds the number of the link in the first version of a response without reading
// the rest of it: few have one, and every response passes here.
func linkIn(f *feed.Fact) int64 {
	const field = 8 // ResponseRecord.link
	if f.Kind != record.Response || f.Of != 0 {
		return 0
	}
	for body := f.Body; len(body) > 0; {
		n, kind, size := protowire.ConsumeTag(body)
		if size < 0 {
			return 0
		}
		body = body[size:]
		if n == field && kind == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(body)
			return int64(v)
		}
		if size = protowire.ConsumeFieldValue(n, kind, body); size < 0 {
			return 0
		}
		body = body[size:]
	}
	return 0
}

// answeredLinks gives responses their effect on links, exactly once each.
func (s *Server) answeredLinks(b *brand) *feed.Consumer {
	return &feed.Consumer{
		Name: "links", Brand: b.ID, DB: s.store.db, Clock: s.clock, Log: s.log, Every: gather, Lease: lease,
		Source: s.store.log.Next,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error { return s.ended(ctx, tx, b, facts) },
	}
}
