package offer

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Check judges a definition, beside the rules of the proto file.
func (b *Book) Check(in *loyaltyv1.Offer, currency string) error {
	f := fault.Invalid()
	if !in.GetValidFrom().AsTime().Before(in.GetValidUntil().AsTime()) {
		f.Field("offer.valid_until", "must be after valid_from")
	}
	if old := b.Find(in.GetId()); old != nil && old.GetProgrammeId() != in.GetProgrammeId() {
		f.Field("offer.programme_id", "must stay %q", old.GetProgrammeId())
	}
	if spend := in.GetCondition().GetSpend(); spend != nil {
		if spend.GetMinorUnits() < 0 {
			f.Field("offer.condition.spend.minor_units", "must not be below 0")
		}
		if spend.GetCurrency() != currency {
			f.Field("offer.condition.spend.currency", "must be %s, the brand's", currency)
		}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	seen := map[string]bool{}
	for i, code := range in.GetCodes() {
		path := fmt.Sprintf("offer.codes[%d]", i)
		if of, ok := b.codes[code]; ok && of != in.GetId() {
			f.Field(path, "is a code of offer %s", of)
		}
		if seen[code] {
			f.Field(path, "stands twice")
		}
		seen[code] = true
	}
	return f.Err()
}

// Upsert is the fact that makes the next version, which Check has judged; none if the
// newest says the same. used are the offer's codes that were used: they stay.
func (b *Book) Upsert(in *loyaltyv1.Offer, used []string) ([]feed.Fact, error) {
	old := b.Find(in.GetId())
	next := proto.CloneOf(in)
	next.Version = old.GetVersion()
	have := map[string]bool{}
	for _, code := range in.GetCodes() {
		have[code] = true
	}
	for _, code := range used {
		if !have[code] {
			next.Codes = append(next.Codes, code)
		}
	}
	slices.Sort(next.Codes)
	if old != nil && differ.First("offer", old, next) == "" {
		return nil, nil
	}
	if in.GetVersion() != 0 && in.GetVersion() != old.GetVersion() {
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "offer %q has version %d", in.GetId(), old.GetVersion())
	}
	next.Version++
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	return []feed.Fact{{Kind: record.Offer, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, err
}
