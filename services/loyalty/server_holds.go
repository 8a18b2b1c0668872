package loyalty

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
)

// maxHolds is how many holds one answer has.
const maxHolds = 1000

// ListHolds reads what is set aside of a person's points, whatever numbers they came with.
func (s *Server) ListHolds(ctx context.Context, in *loyaltyv1.ListHoldsRequest) (*loyaltyv1.ListHoldsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	if id := in.GetProgrammeId(); id != "" {
		if _, err := s.programme(ctx, b, id); err != nil {
			return nil, err
		}
	}
	now := s.clock().UnixMicro()
	found, err := ledger.Held(ctx, s.store.db, b.ID, b.people().Members(in.GetCustomerId()), now)
	if err != nil {
		return nil, floor.Lost("list holds", err)
	}
	if id := in.GetProgrammeId(); id != "" {
		found = slices.DeleteFunc(found, func(h *loyaltyv1.PointsHold) bool { return h.GetProgrammeId() != id })
	}
	return &loyaltyv1.ListHoldsResponse{Holds: found[:min(len(found), maxHolds)], AsOf: timestamppb.New(time.UnixMicro(now))}, nil
}
