package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Held are the holds of points of some numbers that stand at a time, those first that end
// soonest. A hold of points of several numbers is one, and has the points of these alone.
func Held(ctx context.Context, db *sqldb.DB, brand string, numbers []int64, now int64) ([]*loyaltyv1.PointsHold, error) {
	rows, err := store{db, brand}.holdsBy(ctx, numbers, "SELECT "+holdColumns+" FROM hold WHERE brand = $1 AND owner = $2")
	if err != nil {
		return nil, err
	}
	var out []*loyaltyv1.PointsHold
	var last int64
	for _, r := range rows { // by number of the hold
		if r.EndsAt <= now {
			continue
		}
		if n := len(out); n > 0 && last == r.ID {
			out[n-1].Points += r.Points()
			continue
		}
		one, err := r.told()
		if err != nil {
			return nil, err
		}
		out, last = append(out, one), r.ID
	}
	slices.SortStableFunc(out, func(a, b *loyaltyv1.PointsHold) int {
		return cmp.Compare(a.GetEndsAt().AsTime().UnixMicro(), b.GetEndsAt().AsTime().UnixMicro())
	})
	return out, nil
}

// told is a hold as the contract tells of it.
func (h *Hold) told() (*loyaltyv1.PointsHold, error) {
	origin, err := unpackOrigin(h.Origin)
	if err != nil {
		return nil, fmt.Errorf("what hold %d is for: %w", h.ID, err)
	}
	return &loyaltyv1.PointsHold{
		Id: fmt.Sprint(h.ID), ProgrammeId: h.Programme, Points: h.Points(), Origin: origin, EndsAt: timestamppb.New(time.UnixMicro(h.EndsAt)),
	}, nil
}
