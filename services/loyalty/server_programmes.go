package loyalty

import (
	"context"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// CreateProgramme makes a programme.
func (s *Server) CreateProgramme(ctx context.Context, in *loyaltyv1.CreateProgrammeRequest) (*loyaltyv1.CreateProgrammeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := programme.CheckNew(in.GetProgramme()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(now time.Time) ([]feed.Fact, error) {
		return b.defined.Load().programmes.Create(in.GetProgramme(), now)
	})
	if err != nil {
		return nil, err
	}
	out, err := b.defined.Load().programmes.Get(in.GetProgramme().GetId())
	return &loyaltyv1.CreateProgrammeResponse{Programme: out}, err
}

// UpdateProgramme makes a new version of it.
func (s *Server) UpdateProgramme(ctx context.Context, in *loyaltyv1.UpdateProgrammeRequest) (*loyaltyv1.UpdateProgrammeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := programme.CheckUpdate(in.GetProgramme()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(now time.Time) ([]feed.Fact, error) {
		return b.defined.Load().programmes.Update(in.GetProgramme(), now)
	})
	if err != nil {
		return nil, err
	}
	out, err := b.defined.Load().programmes.Get(in.GetProgramme().GetId())
	return &loyaltyv1.UpdateProgrammeResponse{Programme: out}, err
}

// GetProgramme reads a programme with all its versions.
func (s *Server) GetProgramme(ctx context.Context, in *loyaltyv1.GetProgrammeRequest) (*loyaltyv1.GetProgrammeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	p, err := s.programme(ctx, b, in.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	all := b.defined.Load().programmes.Versions(p.GetId())
	return &loyaltyv1.GetProgrammeResponse{Programme: all[len(all)-1], Versions: all}, nil
}

// ListProgrammes reads the newest versions, ordered by id.
func (s *Server) ListProgrammes(ctx context.Context, in *loyaltyv1.ListProgrammesRequest) (*loyaltyv1.ListProgrammesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.ListProgrammesResponse{Programmes: b.defined.Load().programmes.List()}, nil
}
