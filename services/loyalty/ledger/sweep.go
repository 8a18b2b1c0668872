package ledger

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// DueTasks are what is due by a moment: lots to be posted as expired, pending ones that
// may be spent, holds whose time is over; up to limit of all. Each is done, or found done
// by somebody else, when it is committed.
func DueTasks(ctx context.Context, db *sqldb.DB, brand string, now int64, limit int) ([]*Task, error) {
	s := store{db, brand}
	var out []*Task
	holds, err := s.ended(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	for _, h := range joined(holds) {
		out = append(out, &Task{Due: loyaltyv1.MovementKind_MOVEMENT_KIND_VOID, Programme: h.Programme, Who: h.Customer, Hold: h.ID})
	}
	if len(out) >= limit {
		return out[:limit], nil
	}
	ripe, err := s.ripe(ctx, now, limit-len(out))
	if err != nil {
		return nil, err
	}
	out = append(out, tasks(loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE, ripe)...)
	if len(out) >= limit {
		return out, nil
	}
	gone, err := s.expiring(ctx, now, limit-len(out))
	return append(out, tasks(loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, gone)...), err
}

func tasks(due loyaltyv1.MovementKind, rows []lotRow) []*Task {
	out := make([]*Task, len(rows))
	for i, r := range rows {
		out[i] = &Task{Due: due, Programme: r.Programme, Who: r.Customer, Lot: r.ID, Expires: r.ExpiresAt}
	}
	return out
}
