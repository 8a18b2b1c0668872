package segmentation

import (
	"context"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// MergeCustomers says that two numbers are one person.
func (s *Server) MergeCustomers(ctx context.Context, in *segmentationv1.MergeCustomersRequest) (*segmentationv1.MergeCustomersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Amend)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.MergeCustomersResponse{}
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) (err error) {
		out.Replayed, err = c.merge(ctx, in.GetFromId(), in.GetIntoId(), in.GetReason())
		return err
	})
	if err != nil {
		return nil, err
	}
	now := b.book.Load().Now()
	out.PersonId, out.MemberIds = now.Person(in.GetFromId()), now.Members(in.GetFromId())
	return out, nil
}

// UnmergeCustomers takes that back.
func (s *Server) UnmergeCustomers(ctx context.Context, in *segmentationv1.UnmergeCustomersRequest) (*segmentationv1.UnmergeCustomersResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Amend)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.UnmergeCustomersResponse{}
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) (err error) {
		out.Replayed, err = c.unmerge(ctx, in.GetFromId(), in.GetReason())
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
