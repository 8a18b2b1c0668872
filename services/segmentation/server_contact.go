package segmentation

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/contact"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

// ReserveContact gives leave and counts the contact, or tells what forbids it.
func (s *Server) ReserveContact(ctx context.Context, in *segmentationv1.ReserveContactRequest) (*segmentationv1.ReserveContactResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	if err := contact.Check(in.GetContact(), s.clock()); err != nil {
		return nil, err
	}
	if err := contact.CheckRequest(in.GetRequestId()); err != nil {
		return nil, err
	}
	id, err := s.named(ctx, b, in.GetContact().GetCustomer())
	if err != nil {
		return nil, err
	}
	answer, err := s.contacts.Do(ctx, b.ID, contact.Order{Customer: id, Request: in.GetRequestId(), Contact: in.GetContact()})
	if err != nil {
		return nil, floor.Unavailable("reserve contact", err)
	}
	return answer.Reserved, answer.Err
}

// ReleaseContact lets a contact count no more.
func (s *Server) ReleaseContact(ctx context.Context, in *segmentationv1.ReleaseContactRequest) (*segmentationv1.ReleaseContactResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	answer, err := s.contacts.Do(ctx, b.ID, contact.Order{Release: in.GetReservationId()})
	if err != nil {
		return nil, floor.Unavailable("release contact", err)
	}
	return answer.Released, answer.Err
}

// ExamineContact tells every rule that forbids, and counts nothing.
func (s *Server) ExamineContact(ctx context.Context, in *segmentationv1.ExamineContactRequest) (*segmentationv1.ExamineContactResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	if err := contact.Check(in.GetContact(), now); err != nil {
		return nil, err
	}
	id, err := s.named(ctx, b, in.GetContact().GetCustomer())
	if err != nil {
		return nil, err
	}
	var j contact.Judgement
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) error {
		var err error
		j, err = s.contactBrand(b).Examine(ctx, tx, id, in.GetContact(), now)
		return err
	})
	if err != nil {
		return nil, floor.Lost("examine contact", err)
	}
	out := &segmentationv1.ExamineContactResponse{Allowed: j.Allowed(), Verdicts: j.Verdicts}
	if !j.From.IsZero() {
		out.AllowedFrom = timestamppb.New(j.From)
	}
	return out, nil
}

// named is the number behind what names a customer; 0 if nobody has the identity.
// The number of one who was erased is still known.
func (s *Server) named(ctx context.Context, b *brand, ref *commonv1.CustomerRef) (int64, error) {
	if ref.GetIdentity() == nil {
		return ref.GetId(), nil
	}
	known, err := b.rules.Read(ref.GetIdentity(), "contact.customer.identity")
	if err != nil {
		return 0, err
	}
	found, err := holders(ctx, s.store.db, b.ID, []identity.Hash{known.Hash})
	if err != nil {
		return 0, floor.Lost("find customer", err)
	}
	return found[known.Hash].customer, nil
}

// contactBrand is what contacts need to know of a brand.
func (s *Server) contactBrand(b *brand) *contact.Brand {
	// One mapping for all that is asked of it.
	who := b.book.Load().Now()
	return &contact.Brand{
		ID: b.ID, Rules: &b.Contact, Zone: b.zone, Members: who.Members, Person: who.Person,
		Customers: func(ctx context.Context, q sqldb.Querier, ids []int64) (map[int64]*segmentationv1.Customer, error) {
			rows, err := customers(ctx, q, b.ID, ids)
			if err != nil {
				return nil, err
			}
			known := make(map[int64]*segmentationv1.Customer, len(rows))
			for _, r := range rows {
				p, err := s.openProfile(b.ID, r)
				if err != nil {
					return nil, err
				}
				p.Erased = r.erased != 0
				known[r.id] = p
			}
			return known, nil
		},
	}
}

// serveContacts answers those who came while the commit before ran.
func (s *Server) serveContacts(ctx context.Context, id string, orders []contact.Order) []commit.Result[contact.Answer] {
	results := make([]commit.Result[contact.Answer], len(orders))
	err := s.store.writeKnowing(ctx, id, func(c *change) error {
		answers, facts, err := s.contactBrand(s.brands[id]).Serve(ctx, c.tx, orders, c.at)
		for i := range answers {
			results[i].Value = answers[i]
		}
		c.tell(facts...)
		return err
	})
	for i := range results {
		results[i].Err = err
	}
	return results
}

// exportContacts has every answer that was given about contacts of a person, oldest
// first; its kind tells which.
func (s *Server) exportContacts(ctx context.Context, b *brand, members []int64, out *export) error {
	all, err := contact.All(ctx, s.store.db, b.ID, members)
	if err != nil {
		return floor.Lost("read contacts", err)
	}
	for _, one := range all {
		err := out.add(own, one.Kind, &segmentationv1.ReserveContactRequest{Brand: b.ID, Contact: one.Contact, RequestId: one.Request})
		if err != nil {
			return err
		}
	}
	return nil
}
