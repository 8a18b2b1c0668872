package offer

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/stat"
)

// Funnel counts what became of one offer, or of all: "". Persons count once, whatever
// numbers they had it under.
func (b *Book) Funnel(m *people.Mapping, id string) *loyaltyv1.GetOfferFunnelResponse {
	b.mu.RLock()
	defer b.mu.RUnlock()
	merged := roaring64.New()
	m.Each(func(n, _ int64) { merged.Add(uint64(n)) })
	received, completed := roaring64.New(), roaring64.New()
	total := &loyaltyv1.OfferFunnel{}
	out := &loyaltyv1.GetOfferFunnelResponse{Total: total}
	for one, k := range b.byID {
		if id != "" && id != one {
			continue
		}
		got, did := persons(k.received, merged, m), persons(k.completed, merged, m)
		seen := persons(k.viewed, merged, m)
		seen.Or(did)
		f := &loyaltyv1.OfferFunnel{
			OfferId: one, Received: size(got), Viewed: size(seen), Completed: size(did), Redemptions: k.redemptions,
			Persons: size(got), PersonsCompleted: size(did),
		}
		rate(f)
		out.Offers = append(out.Offers, f)
		total.Received += f.GetReceived()
		total.Viewed += f.GetViewed()
		total.Completed += f.GetCompleted()
		total.Redemptions += f.GetRedemptions()
		received.Or(got)
		completed.Or(did)
	}
	total.Persons, total.PersonsCompleted = size(received), size(completed)
	rate(total)
	slices.SortFunc(out.Offers, func(a, b *loyaltyv1.OfferFunnel) int { return strings.Compare(a.GetOfferId(), b.GetOfferId()) })
	return out
}

// persons are those behind a set of numbers; the set stays what it is.
func persons(numbers, merged *roaring64.Bitmap, m *people.Mapping) *roaring64.Bitmap {
	out := numbers.Clone()
	for it := roaring64.And(numbers, merged).Iterator(); it.HasNext(); {
		n := it.Next()
		out.Remove(n)
		out.Add(uint64(m.Person(int64(n))))
	}
	return out
}

func size(set *roaring64.Bitmap) int64 { return int64(set.GetCardinality()) }

// rate adds the share of those who received it that completed it, and its interval.
func rate(f *loyaltyv1.OfferFunnel) {
	if f.GetReceived() == 0 {
		return
	}
	share := 100 * float64(f.GetCompleted()) / float64(f.GetReceived())
	low, high := stat.Wilson(f.GetCompleted(), f.GetReceived())
	f.Rate, f.Low, f.High = &share, &low, &high
}
