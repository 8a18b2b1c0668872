package demo

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// describe declares what customers are described by, names kinds of events, and
// publishes the map.
func (f *filling) describe(ctx context.Context) error {
	if _, err := f.Segmentation.DeclareAttributes(ctx, &segmentationv1.DeclareAttributesRequest{Brand: f.brand, Attributes: Attributes()}); err != nil {
		return fmt.Errorf("declare attributes: %w", err)
	}
	if _, err := f.Journey.DescribeEventKinds(ctx, &journeyv1.DescribeEventKindsRequest{Brand: f.brand, Kinds: Kinds()}); err != nil {
		return fmt.Errorf("name kinds of events: %w", err)
	}
	_, err := f.Journey.CreateMap(ctx, &journeyv1.CreateMapRequest{Brand: f.brand, Map: Map()})
	if err == nil || fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		_, err = f.Journey.PublishMap(ctx, &journeyv1.PublishMapRequest{Brand: f.brand, MapId: MapID})
	}
	if err != nil {
		return fmt.Errorf("draw the journey map: %w", err)
	}
	return nil
}

// mergers is how many merges are asked for at a time.
const mergers = 8

// merge tells of the customers that were found to be one person.
func (f *filling) merge(ctx context.Context, pairs [][2]int64, out *Result) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mergers)
	for _, p := range pairs {
		g.Go(func() error {
			_, err := f.Segmentation.MergeCustomers(ctx, &segmentationv1.MergeCustomersRequest{
				Brand: f.brand, FromId: p[0], IntoId: p[1], Reason: "card and e-mail of one person",
			})
			if err != nil {
				return fmt.Errorf("merge customer %d into %d: %w", p[0], p[1], err)
			}
			return nil
		})
	}
	out.Merged = len(pairs)
	return g.Wait()
}
