package journey

import (
	"context"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/page"
	"github.com/rapport-cx/rapport/services/journey/maps"
)

// CreateMap makes a draft of a journey map.
func (s *Server) CreateMap(ctx context.Context, in *journeyv1.CreateMapRequest) (*journeyv1.CreateMapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := maps.CheckNew(in.GetMap()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		return b.defined.Load().maps.Create(in.GetMap())
	})
	if err != nil {
		return nil, err
	}
	out, err := b.journeyMap(in.GetMap().GetId())
	return &journeyv1.CreateMapResponse{Map: out}, err
}

// UpdateMap replaces the draft.
func (s *Server) UpdateMap(ctx context.Context, in *journeyv1.UpdateMapRequest) (*journeyv1.UpdateMapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := maps.CheckUpdate(in.GetMap()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		return b.defined.Load().maps.Update(in.GetMap())
	})
	if err != nil {
		return nil, err
	}
	out, err := b.journeyMap(in.GetMap().GetId())
	return &journeyv1.UpdateMapResponse{Map: out}, err
}

// PublishMap freezes the draft as the next version.
func (s *Server) PublishMap(ctx context.Context, in *journeyv1.PublishMapRequest) (*journeyv1.PublishMapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(_ feed.Reader, now time.Time) ([]feed.Fact, error) {
		return b.defined.Load().maps.Publish(in.GetMapId(), now)
	})
	if err != nil {
		return nil, err
	}
	version, err := b.defined.Load().maps.Version(in.GetMapId(), 0)
	return &journeyv1.PublishMapResponse{Version: version}, err
}

// GetMap reads a map with its draft and versions.
func (s *Server) GetMap(ctx context.Context, in *journeyv1.GetMapRequest) (*journeyv1.GetMapResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	out, err := b.journeyMap(in.GetMapId())
	return &journeyv1.GetMapResponse{Map: out}, err
}

// journeyMap is a map as it stands, with all its versions. It is shared: nobody
// may change it.
func (b *brand) journeyMap(id string) (*journeyv1.JourneyMap, error) {
	if m := b.defined.Load().maps.Find(id); m != nil {
		return m, nil
	}
	return nil, maps.Unknown(id)
}

// ListMaps pages through the maps by id.
func (s *Server) ListMaps(ctx context.Context, in *journeyv1.ListMapsRequest) (*journeyv1.ListMapsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	var after string
	if err := page.Read(s.tokens, in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	found, more := b.defined.Load().maps.List(after, page.Size(in.GetPageSize(), 50))
	out := &journeyv1.ListMapsResponse{Maps: found}
	if more {
		out.NextPageToken, err = page.Token(s.tokens, in, out.GetMaps()[len(out.GetMaps())-1].GetId())
	}
	return out, err
}
