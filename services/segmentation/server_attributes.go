package segmentation

import (
	"context"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// DeclareAttributes adds definitions to the log. What is declared already, as it
// is declared, adds none.
func (s *Server) DeclareAttributes(ctx context.Context, in *segmentationv1.DeclareAttributesRequest) (*segmentationv1.DeclareAttributesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		news, err := b.attributes.Load().Declare(in.GetAttributes())
		if err != nil {
			return err
		}
		for _, a := range news {
			f, err := record.Declare(a)
			if err != nil {
				return err
			}
			c.tell(f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.DeclareAttributesResponse{}
	declared := b.attributes.Load()
	for _, a := range in.GetAttributes() {
		out.Attributes = append(out.Attributes, declared.Get(a.GetName()))
	}
	return out, nil
}

// ListAttributes reads all that is declared.
func (s *Server) ListAttributes(ctx context.Context, in *segmentationv1.ListAttributesRequest) (*segmentationv1.ListAttributesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.ListAttributesResponse{Attributes: b.attributes.Load().All()}, nil
}
