package survey

import (
	"context"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// GetDrivers tells which parameters move a score.
func (s *Server) GetDrivers(ctx context.Context, in *surveyv1.GetDriversRequest) (*surveyv1.GetDriversResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	out, err := b.asked.GetDrivers(ctx, in, s.clock())
	return out, lost("read drivers", err)
}
