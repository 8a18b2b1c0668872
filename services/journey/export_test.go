package journey

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/journey/order"
)

// Verify holds everything this replica keeps of a brand against its facts.
func (s *Server) Verify(ctx context.Context, brand string) (examined int, drifts []string, err error) {
	u := Upkeep{server: s}
	examined, err = u.Verify(ctx, brand, func(d floor.Drift) { drifts = append(drifts, fmt.Sprintf("%+v", d)) })
	return examined, drifts, err
}

// Rebuild makes everything kept of a brand anew.
func (s *Server) Rebuild(ctx context.Context, brand string) error {
	u := Upkeep{server: s}
	return u.Rebuild(ctx, brand, func(int, int) {})
}

// Exec spoils a table.
func (s *Server) Exec(ctx context.Context, query string, args ...any) error {
	return s.store.exec(ctx, query, args...)
}

// Keeper keeps a brand's orders, step by step.
func (s *Server) Keeper(brand string) *order.Keeper { return s.keeper(s.brands[brand]) }
