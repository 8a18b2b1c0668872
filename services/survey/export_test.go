package survey

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/floor"
)

// Verify holds everything this replica keeps of a brand against the fold of its
// facts from zero, in memory too, where no other process can look.
func (s *Server) Verify(ctx context.Context, brand string) (examined int, drifts []string, err error) {
	u := Upkeep{server: s}
	examined, err = u.Verify(ctx, brand, func(d floor.Drift) { drifts = append(drifts, fmt.Sprintf("%+v", d)) })
	return examined, drifts, err
}
