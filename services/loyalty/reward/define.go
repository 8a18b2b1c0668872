package reward

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

// Check judges a definition, beside the rules of the proto file. tiers are the names of
// the programme's tiers.
func (b *Book) Check(in *loyaltyv1.Reward, tiers []string) error {
	f := fault.Invalid()
	kind := in.GetKind()
	free := kind == loyaltyv1.Reward_KIND_PRIVILEGE || kind == loyaltyv1.Reward_KIND_BIRTHDAY
	if free && in.GetCost() != 0 {
		f.Field("reward.cost", "must be 0 of a privilege or birthday gift")
	}
	if from, until := in.GetValidFrom(), in.GetValidUntil(); from != nil && until != nil && !from.AsTime().Before(until.AsTime()) {
		f.Field("reward.valid_until", "must be after valid_from")
	}
	for i, name := range in.GetTiers() {
		if !slices.Contains(tiers, name) {
			f.Field(fmt.Sprintf("reward.tiers[%d]", i), "is no tier of the programme")
		}
	}
	if kind != loyaltyv1.Reward_KIND_BIRTHDAY && (in.GetDaysBefore() != 0 || in.GetDaysAfter() != 0 || in.GetAttribute() != "") {
		f.Field("reward.days_before", "days around a birthday, and where it stands, are of birthday gifts alone")
	}
	b.checkChoices(in, f)
	old := b.Find(in.GetId())
	if old != nil && old.GetProgrammeId() != in.GetProgrammeId() {
		f.Field("reward.programme_id", "must stay %q", old.GetProgrammeId())
	}
	if old != nil && old.GetKind() != kind {
		f.Field("reward.kind", "must stay what it is")
	}
	return f.Err()
}

func (b *Book) checkChoices(in *loyaltyv1.Reward, f *fault.Fields) {
	if (in.GetKind() == loyaltyv1.Reward_KIND_CHOICE) != (len(in.GetChoices()) > 0) {
		f.Field("reward.choices", "gifts to choose from are of kind CHOICE, which has at least one")
		return
	}
	for i, id := range in.GetChoices() {
		path := fmt.Sprintf("reward.choices[%d]", i)
		gift := b.Find(id)
		switch {
		case slices.Contains(in.GetChoices()[:i], id):
			f.Field(path, "stands twice")
		case gift.GetKind() != loyaltyv1.Reward_KIND_GIFT || gift.GetProgrammeId() != in.GetProgrammeId():
			f.Field(path, "is no gift of the programme")
		}
	}
}

// Upsert is the fact that makes the next version, which Check has judged; none if the
// newest says the same. taken is how many pieces are gone.
func (b *Book) Upsert(in *loyaltyv1.Reward, taken int64) ([]feed.Fact, error) {
	old := b.Find(in.GetId())
	next := proto.CloneOf(in)
	next.Taken, next.Version = 0, old.GetVersion()
	if old != nil && differ.First("reward", old, next) == "" {
		return nil, nil
	}
	if in.GetVersion() != 0 && in.GetVersion() != old.GetVersion() {
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "reward %q has version %d", in.GetId(), old.GetVersion())
	}
	if in.Stock != nil && in.GetStock() < taken {
		return nil, fault.Invalid().Field("reward.stock", "must be at least %d, which are taken or held", taken).Err()
	}
	next.Version++
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	return []feed.Fact{{Kind: record.Reward, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, err
}
