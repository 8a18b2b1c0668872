package programme

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// beauty is a programme of three tiers: a point a pound, ×1.25 from 350 and ×1.5 from
// 1,000 points a calendar year.
func beauty() *loyaltyv1.Programme {
	return &loyaltyv1.Programme{
		Id: "beauty", Titles: map[string]string{"en": "Beauty"},
		Lifetime: &loyaltyv1.Lifetime{PendingDays: 14, ExpireMonths: 12},
		Earning:  []*loyaltyv1.EarningRule{{Name: "all", Points: 1, PerMinorUnits: 100, WithTier: true}},
		Tiers: &loyaltyv1.TierRules{Basis: loyaltyv1.TierRules_BASIS_SPENT, Tiers: []*loyaltyv1.Tier{
			{Name: "insider"}, {Name: "vip", Threshold: 35_000, MultiplierBp: 12_500}, {Name: "rouge", Threshold: 100_000, MultiplierBp: 15_000},
		}},
	}
}

// write takes facts into the book, as the log's tail does.
func write(t *testing.T, b *Book) func([]feed.Fact, error) int {
	return func(facts []feed.Fact, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for i := range facts {
			if err := b.Apply(&facts[i]); err != nil {
				t.Fatal(err)
			}
		}
		return len(facts)
	}
}

func at(seconds int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: seconds} }

func TestVersionsAreFrozen(t *testing.T) {
	b, now := NewBook(), time.Unix(1000, 0)
	do := write(t, b)
	if n := do(b.Create(beauty(), now)) + do(b.Create(beauty(), now.Add(time.Hour))); n != 1 {
		t.Fatalf("%d facts make a programme", n)
	}
	other := beauty()
	other.FromJourney = true
	if _, err := b.Create(other, now); !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		t.Fatal(err)
	}
	other.EffectiveFrom = at(2000)
	if n := do(b.Update(other, now)) + do(b.Update(other, now)); n != 1 {
		t.Fatalf("%d facts update a programme", n)
	}
	if n := do(b.Create(beauty(), now)); n != 0 {
		t.Error("a creation sent again after an update made a version")
	}
	for _, c := range []struct{ at, version int64 }{{999, 0}, {1000, 1}, {1999, 1}, {2000, 2}, {9000, 2}} {
		if got := b.InForce("beauty", time.Unix(c.at, 0)); int64(got.GetVersion()) != c.version {
			t.Errorf("version %d at %d, want %d", got.GetVersion(), c.at, c.version)
		}
	}
	if p, err := b.Terms("beauty", time.Unix(5, 0)); err != nil || p.GetVersion() != 1 {
		t.Error(p, err)
	}
	if p, err := b.Get("beauty"); err != nil || p.GetVersion() != 2 || len(b.Versions("beauty")) != 2 || len(b.List()) != 1 {
		t.Error(p, err)
	}
}

func TestUpdateIsRefused(t *testing.T) {
	b, now := NewBook(), time.Unix(1000, 0)
	write(t, b)(b.Create(beauty(), now))
	for name, c := range map[string]struct {
		spoil  func(*loyaltyv1.Programme)
		reason commonv1.Reason
	}{
		"another programme":  {func(p *loyaltyv1.Programme) { p.Id = "none" }, commonv1.Reason_REASON_PROGRAMME_UNKNOWN},
		"a stale version":    {func(p *loyaltyv1.Programme) { p.Version = 7 }, commonv1.Reason_REASON_VERSION_CONFLICT},
		"before the one old": {func(p *loyaltyv1.Programme) { p.EffectiveFrom = at(999) }, commonv1.Reason_REASON_FIELD_INVALID},
	} {
		p := beauty()
		p.FromJourney = true
		c.spoil(p)
		if _, err := b.Update(p, now); !fault.Is(err, c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Get("none"); !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
		t.Error(err)
	}
	if _, err := b.Terms("none", now); !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
		t.Error(err)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	for field, spoil := range map[string]func(*loyaltyv1.Programme){
		"programme.version":              func(p *loyaltyv1.Programme) { p.Version = 1 },
		"programme.created_at":           func(p *loyaltyv1.Programme) { p.CreatedAt = at(1) },
		"programme.titles":               func(p *loyaltyv1.Programme) { p.Titles["en"] = " " },
		"programme.lifetime.on_delivery": func(p *loyaltyv1.Programme) { p.Lifetime.OnDelivery = true },
		"programme.lifetime.expire_end_of": func(p *loyaltyv1.Programme) {
			p.Lifetime = &loyaltyv1.Lifetime{ExpireEndOf: commonv1.Grain_GRAIN_MONTH}
		},
		"programme.lifetime.expire_end_of_year": func(p *loyaltyv1.Programme) { p.Lifetime = &loyaltyv1.Lifetime{ExpireEndOfYear: true} },
		"programme.earning[1].name":             func(p *loyaltyv1.Programme) { p.Earning = append(p.Earning, p.GetEarning()[0]) },
		"programme.earning[0].with_tier":        func(p *loyaltyv1.Programme) { p.Tiers = nil },
		"programme.earning[0].categories[1]":    func(p *loyaltyv1.Programme) { p.Earning[0].Categories = []string{"a", "a"} },
		"programme.earning[0].channels[0]":      func(p *loyaltyv1.Programme) { p.Earning[0].Channels = []commonv1.Channel{99} },
		"programme.earning[0].dates.end": func(p *loyaltyv1.Programme) {
			p.Earning[0].Dates = &commonv1.DateRange{Start: "2026-01-01", End: "2026-01-01"}
		},
		"programme.tiers.basis":              func(p *loyaltyv1.Programme) { p.Tiers.Basis = 0 },
		"programme.tiers.tiers":              func(p *loyaltyv1.Programme) { p.Tiers.Tiers = nil },
		"programme.tiers.tiers[0].threshold": func(p *loyaltyv1.Programme) { p.Tiers.Tiers[0].Threshold = 1 },
		"programme.tiers.tiers[2].threshold": func(p *loyaltyv1.Programme) { p.Tiers.Tiers[2].Threshold = 35_000 },
		"programme.tiers.tiers[1].name":      func(p *loyaltyv1.Programme) { p.Tiers.Tiers[1].Name = "insider" },
	} {
		p := beauty()
		if err := CheckNew(p); err != nil {
			t.Fatal(err)
		}
		spoil(p)
		err := fault.From(CheckNew(p))
		if err == nil || len(err.Fields) != 1 || err.Fields[0].Path != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	read := beauty()
	read.Version, read.CreatedAt = 3, at(1)
	if err := CheckUpdate(read); err != nil {
		t.Error(err)
	}
}
