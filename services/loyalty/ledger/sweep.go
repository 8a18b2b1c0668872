package ledger

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// DueTasks are what is due by a moment: holds whose time is over, points that nothing was
// bought for in time, pending lots that may be spent, lots to be posted as expired; up to
// limit of all. Each is done, or found done by somebody else, when it is committed. Points
// that went go before those that ripen: of one lot only the first comes to anything.
func DueTasks(ctx context.Context, db *sqldb.DB, brand string, who *people.Mapping, now int64, limit int) ([]*Task, error) {
	s := store{db, brand}
	var out []*Task
	holds, err := s.ended(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	for _, h := range joined(holds) {
		out = append(out, &Task{Due: loyaltyv1.MovementKind_MOVEMENT_KIND_VOID, Programme: h.Programme, Who: h.Customer, Hold: h.ID})
	}
	for _, find := range []func(limit int) (loyaltyv1.MovementKind, []lotRow, error){
		func(limit int) (loyaltyv1.MovementKind, []lotRow, error) {
			rows, err := lapsing(ctx, db, brand, who, now, limit)
			return loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, rows, err
		},
		func(limit int) (loyaltyv1.MovementKind, []lotRow, error) {
			rows, err := s.ripe(ctx, now, limit)
			return loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE, rows, err
		},
		func(limit int) (loyaltyv1.MovementKind, []lotRow, error) {
			rows, err := s.expiring(ctx, now, limit)
			return loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, rows, err
		},
	} {
		if len(out) >= limit {
			return out[:limit], nil
		}
		kind, rows, err := find(limit - len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, tasks(kind, rows)...)
	}
	return out, nil
}

func tasks(due loyaltyv1.MovementKind, rows []lotRow) []*Task {
	out := make([]*Task, len(rows))
	for i, r := range rows {
		out[i] = &Task{Due: due, Programme: r.Programme, Who: r.Customer, Lot: r.ID, Expires: r.ExpiresAt}
	}
	return out
}

// lapsing are lots of accounts that nothing was bought for in time. An account whose other
// number still keeps its points is looked at again when that one's time is over.
func lapsing(ctx context.Context, db *sqldb.DB, brand string, who *people.Mapping, now int64, limit int) (out []lotRow, err error) {
	s := store{db, brand}
	idle, err := s.idle(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	for _, p := range idle {
		if len(out) >= limit {
			break
		}
		if members := who.Members(p.Customer); len(members) > 1 {
			end, err := s.endOf(ctx, p.Programme, members)
			if err != nil {
				return nil, err
			}
			if end > now {
				if err := s.lookAt(ctx, db, p, min(end, Never-1)); err != nil {
					return nil, err
				}
				continue
			}
		}
		rows, err := s.lotsOf(ctx, p, limit-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}
