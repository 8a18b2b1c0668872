package segmentation

import (
	"context"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

// GetCustomer reads one number and what is known of it.
func (s *Server) GetCustomer(ctx context.Context, in *segmentationv1.GetCustomerRequest) (*segmentationv1.GetCustomerResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	id, err := s.number(ctx, b, in.GetCustomer(), "customer")
	if err != nil {
		return nil, err
	}
	row, err := customer(ctx, s.store.db, b.ID, id)
	if err != nil {
		return nil, floor.Lost("read customer", err)
	}
	if row == nil {
		return nil, unknownCustomer()
	}
	detail := s.guard.Check(ctx, access.Request{Brand: b.ID, Verb: access.Detail}) == nil
	out, err := s.show(b, row, detail)
	if err != nil {
		return nil, err
	}
	if detail {
		rows, err := identitiesOf(ctx, s.store.db, b.ID, []int64{id})
		if err != nil {
			return nil, floor.Lost("read identities", err)
		}
		if err := s.openIdentities(b.ID, rows, out); err != nil {
			return nil, err
		}
	}
	if s.bought != nil {
		if out.Purchases, err = s.bought(ctx, b, out.GetMemberIds()); err != nil {
			return nil, floor.Lost("read purchases", err)
		}
	}
	return &segmentationv1.GetCustomerResponse{Customer: out}, nil
}

// number is who a reference names, by number or by an identity somebody has. Of
// a number it does not say whether it was ever given out.
func (s *Server) number(ctx context.Context, b *brand, ref *commonv1.CustomerRef, path string) (int64, error) {
	if id := ref.GetId(); id != 0 {
		return id, nil
	}
	if ref.GetIdentity() == nil {
		return 0, fault.Invalid().Field(path, "name a customer by id or by identity").Err()
	}
	known, err := b.rules.Read(ref.GetIdentity(), path+".identity")
	if err != nil {
		return 0, err
	}
	found, err := holders(ctx, s.store.db, b.ID, []identity.Hash{known.Hash})
	if err != nil {
		return 0, floor.Lost("find customer", err)
	}
	h, ok := found[known.Hash]
	if !ok || h.erased {
		return 0, unknownCustomer()
	}
	return h.customer, nil
}

// ListCustomers pages through the numbers in order.
func (s *Server) ListCustomers(ctx context.Context, in *segmentationv1.ListCustomersRequest) (*segmentationv1.ListCustomersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	var after int64
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := int(in.GetPageSize())
	if size == 0 {
		size = usualPage
	}
	rows, err := customersAfter(ctx, s.store.db, b.ID, after, in.GetPersonsOnly(), size+1)
	if err != nil {
		return nil, floor.Lost("list customers", err)
	}
	numbers, merged, err := counts(ctx, s.store.db, b.ID)
	if err != nil {
		return nil, floor.Lost("count customers", err)
	}
	out := &segmentationv1.ListCustomersResponse{Numbers: numbers, Persons: numbers - merged}
	if len(rows) > size {
		rows = rows[:size]
		if out.NextPageToken, err = s.token(in, rows[size-1].id); err != nil {
			return nil, err
		}
	}
	detail := s.guard.Check(ctx, access.Request{Brand: b.ID, Verb: access.Detail}) == nil
	for _, row := range rows {
		one, err := s.show(b, row, detail)
		if err != nil {
			return nil, err
		}
		out.Customers = append(out.Customers, one)
	}
	return out, nil
}

// usualPage is the size of a page where none is asked for.
const usualPage = 50

// asked is what a list is asked for, without the place in it: a page token fits
// that query alone.
func asked(in proto.Message) ([]byte, error) {
	bare := proto.Clone(in).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_token", "page_size"} {
		if fd := bare.Descriptor().Fields().ByName(name); fd != nil {
			bare.Clear(fd)
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare.Interface())
	return append([]byte(bare.Descriptor().FullName()), b...), err
}

// token renders the place in a list from which its next page goes on.
func (s *Server) token(in proto.Message, position any) (string, error) {
	q, err := asked(in)
	if err != nil {
		return "", err
	}
	return s.tokens.Token(position, q)
}

// readToken reads the place a page token stands for; an empty one leaves
// position as it is.
func (s *Server) readToken(in proto.Message, token string, position any) error {
	if token == "" {
		return nil
	}
	q, err := asked(in)
	if err == nil {
		err = s.tokens.ReadToken(token, position, q)
	}
	if err != nil {
		return fault.Invalid().Reason(commonv1.Reason_REASON_PAGE_TOKEN_INVALID).
			Field("page_token", "is not of this list: begin again without one").Err()
	}
	return nil
}
