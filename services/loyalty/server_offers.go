package loyalty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/offer"
)

// UpsertOffer makes or changes an offer. Saying the same again changes nothing.
func (s *Server) UpsertOffer(ctx context.Context, in *loyaltyv1.UpsertOfferRequest) (*loyaltyv1.UpsertOfferResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if _, err := s.programme(ctx, b, in.GetOffer().GetProgrammeId()); err != nil {
		return nil, err
	}
	id := in.GetOffer().GetId()
	err = s.store.changing(ctx, b.ID, func(tx *sqldb.Tx, _ time.Time) ([]feed.Fact, error) {
		book := b.defined.Load().offers
		if err := book.Check(in.GetOffer(), b.Currency); err != nil {
			return nil, err
		}
		used, err := offer.Used(ctx, tx, b.ID, id)
		if err != nil {
			return nil, err
		}
		return book.Upsert(in.GetOffer(), used)
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.UpsertOfferResponse{Offer: b.defined.Load().offers.Find(id)}, nil
}

// ListOffers reads the offers without their codes, which are as good as money.
func (s *Server) ListOffers(ctx context.Context, in *loyaltyv1.ListOffersRequest) (*loyaltyv1.ListOffersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.ListOffersResponse{}
	for _, o := range b.defined.Load().offers.List(in.GetProgrammeId()) {
		// Not a clone of 10,000 codes to throw them away.
		out.Offers = append(out.Offers, &loyaltyv1.Offer{
			Id: o.GetId(), ProgrammeId: o.GetProgrammeId(), Titles: o.GetTitles(), SegmentId: o.GetSegmentId(),
			ValidFrom: o.GetValidFrom(), ValidUntil: o.GetValidUntil(), Condition: o.GetCondition(), Points: o.GetPoints(),
			ManyRedemptions: o.GetManyRedemptions(), Version: o.GetVersion(), Closed: o.GetClosed(),
		})
	}
	return out, nil
}

// offer finds an offer, which another replica may have made a moment ago.
func (s *Server) offer(ctx context.Context, b *brand, find func(*offer.Book) (*loyaltyv1.Offer, error)) (*loyaltyv1.Offer, error) {
	if o, err := find(b.defined.Load().offers); err == nil {
		return o, nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read offers", err)
	}
	return find(b.defined.Load().offers)
}

func (s *Server) offerOf(ctx context.Context, b *brand, id string) (*loyaltyv1.Offer, error) {
	return s.offer(ctx, b, func(book *offer.Book) (*loyaltyv1.Offer, error) { return book.Get(id) })
}

// SendOffer gives an offer to persons, a piece at a time: asked again it goes on where it
// ended, and nobody gets it twice.
func (s *Server) SendOffer(ctx context.Context, in *loyaltyv1.SendOfferRequest) (*loyaltyv1.SendOfferResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	o, err := s.offerOf(ctx, b, in.GetOfferId())
	if err != nil {
		return nil, err
	}
	if o.GetClosed() {
		return nil, fault.Precondition(commonv1.Reason_REASON_OFFER_FORBIDDEN, "the offer is closed").With("rule", "over")
	}
	to, err := s.receivers(ctx, b, o, in.GetCustomers())
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.SendOfferResponse{}
	for piece := range slices.Chunk(to, offer.Piece) {
		if err := s.send(ctx, b, o.GetId(), piece, in.GetReceivedAt(), out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// send gives an offer to a piece of those who are to have it, in one transaction.
func (s *Server) send(ctx context.Context, b *brand, id string, piece []int64, told *timestamppb.Timestamp, out *loyaltyv1.SendOfferResponse) error {
	var had, received int64
	err := s.store.changing(ctx, b.ID, func(tx *sqldb.Tx, now time.Time) (facts []feed.Fact, err error) {
		if told != nil {
			now = told.AsTime()
		}
		facts, had, err = b.defined.Load().offers.Send(ctx, tx, b.ID, id, piece, b.people(), now.UnixMicro())
		if err == nil {
			received, err = offer.Received(facts)
		}
		return facts, err
	})
	if err == nil {
		out.Had, out.Received = out.GetHad()+had, out.GetReceived()+received
	}
	return err
}

// receivers are the numbers named, or the members of the offer's segment.
func (s *Server) receivers(ctx context.Context, b *brand, o *loyaltyv1.Offer, refs []*commonv1.CustomerRef) ([]int64, error) {
	if len(refs) == 0 {
		return s.membersOf(ctx, b, o)
	}
	out, refused := make([]int64, len(refs)), error(nil)
	note := func(i int, err error) {
		if err != nil && refused == nil {
			refused = under(fmt.Sprintf("customers[%d]", i), err)
		}
	}
	var identities []*commonv1.Identity
	var settle []func(int64, error)
	for i, ref := range refs {
		if id := ref.GetIdentity(); id != nil {
			identities = append(identities, id)
			settle = append(settle, func(n int64, err error) {
				out[i] = n
				note(i, err)
			})
			continue
		}
		if out[i] = ref.GetId(); out[i] <= 0 {
			note(i, fault.Invalid().Field("id", "must be above 0").Err())
		}
	}
	s.resolve(ctx, b, identities, settle)
	return out, refused
}

// membersOf are those of an offer's segment now.
func (s *Server) membersOf(ctx context.Context, b *brand, o *loyaltyv1.Offer) ([]int64, error) {
	if o.GetSegmentId() == "" {
		return nil, fault.Invalid().Field("customers", "must name somebody: the offer has no segment").Err()
	}
	if s.near.Segmentation == nil {
		return nil, away("the segment's members", people.ErrAway)
	}
	got, err := s.near.Segmentation.GetSegmentBitmap(ctx, &segmentationv1.GetSegmentBitmapRequest{Brand: b.ID, SegmentId: o.GetSegmentId()})
	if fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
		return nil, err
	}
	if err != nil {
		return nil, away("the segment's members", err)
	}
	return offer.ReadSet(got.GetBitmap())
}

// ViewOffer notes that a person saw an offer.
func (s *Server) ViewOffer(ctx context.Context, in *loyaltyv1.ViewOfferRequest) (*loyaltyv1.ViewOfferResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	if _, err := s.offerOf(ctx, b, in.GetOfferId()); err != nil {
		return nil, err
	}
	who, err := s.whose(ctx, b, in.GetCustomer())
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.ViewOfferResponse{}
	d := &deed{posting: posting{task: ledger.Task{Who: who}}}
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (_ ledger.Outcome, err error) {
		at := l.Now()
		if in.GetViewedAt() != nil {
			at = in.GetViewedAt().AsTime().UnixMicro()
		}
		out.Offer, err = s.offers(b, tx, l).View(ctx, in.GetOfferId(), who, at)
		return ledger.Outcome{}, err
	}
	_, err = s.deeds.Do(ctx, b.ID, d)
	return out, floor.Unavailable("view offer", err)
}

func (s *Server) offers(b *brand, tx *sqldb.Tx, l *ledger.Session) *offer.Desk {
	return &offer.Desk{Brand: b.ID, Tx: tx, Ledger: l, Book: b.defined.Load().offers}
}

// RedeemOffer completes an offer by hand or by coupon.
func (s *Server) RedeemOffer(ctx context.Context, in *loyaltyv1.RedeemOfferRequest) (*loyaltyv1.RedeemOfferResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	kept := proto.CloneOf(in)
	d := &deed{posting: posting{who: in.GetCustomer(), kept: &kept.Customer, record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_RedeemOffer{RedeemOffer: kept},
	}}}
	if in.GetOfferId() == "" && in.GetCode() == "" {
		d.wrong = fault.Invalid().Field("offer_id", "must be given if no code is").Err()
	}
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (ledger.Outcome, error) {
		return s.offers(b, tx, l).Redeem(ctx, d.task.Key, d.task.Who, d.record)
	}
	out, err := s.dealt(ctx, b, d, func() error {
		_, err := s.offer(ctx, b, func(book *offer.Book) (*loyaltyv1.Offer, error) { return book.Named(in) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.RedeemOfferResponse{Offer: out.Record.GetOffer(), Replayed: out.Replayed}, nil
}

// ListPersonalOffers reads what a person has, whatever numbers it came to.
func (s *Server) ListPersonalOffers(ctx context.Context, in *loyaltyv1.ListPersonalOffersRequest) (*loyaltyv1.ListPersonalOffersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	list, err := offer.List(ctx, s.store.db, b.ID, b.people().Members(in.GetCustomerId()))
	return &loyaltyv1.ListPersonalOffersResponse{Offers: list}, floor.Lost("list offers", err)
}

// GetOfferFunnel counts what became of offers.
func (s *Server) GetOfferFunnel(ctx context.Context, in *loyaltyv1.GetOfferFunnelRequest) (*loyaltyv1.GetOfferFunnelResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if in.GetOfferId() != "" {
		if _, err := s.offerOf(ctx, b, in.GetOfferId()); err != nil {
			return nil, err
		}
	}
	// Taken before: what came in between is in the numbers, and may be told as of later.
	at := s.store.folds.Applied(b.ID).At
	out := b.defined.Load().offers.Funnel(b.people(), in.GetOfferId())
	out.AsOf = timestamppb.New(time.UnixMicro(at))
	return out, nil
}
