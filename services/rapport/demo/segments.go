package demo

import (
	"context"
	"fmt"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// runDays are how many days ago RFM was computed, the newest last.
var runDays = []int{60, 30, 0}

// Segments are what the chain's marketers look at.
func Segments() []*segmentationv1.Segment {
	expression := func(text string) *segmentationv1.SegmentRule {
		return &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: text}}
	}
	return []*segmentationv1.Segment{
		{Id: "toddlers", Titles: titles("Родители малышей", "Parents of toddlers"), Rule: expression(`attributes.family.youngest == "toddler"`)},
		{Id: "courier", Titles: titles("Покупают с курьером", "Buy by courier"), Rule: expression(`"COURIER" in purchases.channels_90d`)},
		{Id: "regulars", Titles: titles("Покупают хотя бы раз в две недели", "Buy at least every fortnight"), Rule: expression(`purchases.count_30d >= 2`)},
		{Id: "sleepers", Titles: titles("Не были 45 дней", "Away for 45 days"), Rule: expression(`purchases.days_since_last >= 45`)},
		{Id: "one-visit", Titles: titles("Купили один раз", "Bought once"), Rule: expression(`purchases.count == 1`)},
		{Id: "best", Titles: titles("Лучшие: недавно, часто, много", "Best: lately, often, much"), Rule: &segmentationv1.SegmentRule{
			Rule: &segmentationv1.SegmentRule_Rfm{Rfm: &segmentationv1.RfmCells{Recency: []int32{4, 5}, Frequency: []int32{4, 5}, Monetary: []int32{4, 5}}}}},
		{Id: "toddlers-courier", Titles: titles("Родители малышей с курьером", "Parents of toddlers by courier"), Rule: &segmentationv1.SegmentRule{
			Rule: &segmentationv1.SegmentRule_Algebra{Algebra: &segmentationv1.SegmentAlgebra{
				Operation: segmentationv1.SegmentAlgebra_OPERATION_INTERSECTION, SegmentIds: []string{"toddlers", "courier"},
			}}}},
	}
}

// group cuts the customers into fifths and segments, once it is known what they
// bought.
func (f *filling) group(ctx context.Context, w *World) error {
	if err := f.counted(ctx); err != nil {
		return err
	}
	for _, back := range runDays {
		if back >= w.opts.Days {
			continue
		}
		day := w.opts.Anchor.AddDate(0, 0, -back).Format(time.DateOnly)
		_, err := f.Segmentation.ComputeRfm(ctx, &segmentationv1.ComputeRfmRequest{Brand: f.brand, Day: day})
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_NO_PURCHASES) {
			return fmt.Errorf("compute RFM of %s: %w", day, err)
		}
	}
	for _, s := range Segments() {
		_, err := f.Segmentation.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{Brand: f.brand, Segment: s})
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
			return fmt.Errorf("make segment %s: %w", s.GetId(), err)
		}
	}
	return nil
}

// counted waits until no more purchases arrive.
func (f *filling) counted(ctx context.Context) error {
	before := int64(-1)
	return patient(ctx, func() (bool, error) {
		value, err := f.Segmentation.GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{Brand: f.brand})
		if err != nil {
			return false, fmt.Errorf("count purchases: %w", err)
		}
		n := value.GetTotal().GetValue().GetPurchases()
		done := n > 0 && n == before
		before = n
		return done, nil
	})
}
