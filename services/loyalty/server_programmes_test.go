package loyalty_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// beauty is a programme of three tiers.
func beauty() *loyaltyv1.Programme {
	return &loyaltyv1.Programme{
		Id: "beauty", Titles: map[string]string{"en": "Beauty"}, EffectiveFrom: timestamppb.New(start.AddDate(-2, 0, 0)),
		Lifetime: &loyaltyv1.Lifetime{PendingDays: 3, ExpireMonths: 12},
		Earning: []*loyaltyv1.EarningRule{
			{Name: "all", Points: 1, PerMinorUnits: 100, WithTier: true},
			{Name: "skin", Categories: []string{"skin"}, Points: 1, PerMinorUnits: 100, CapPerPurchase: 5},
		},
		Tiers: &loyaltyv1.TierRules{Basis: loyaltyv1.TierRules_BASIS_SPENT, Tiers: []*loyaltyv1.Tier{
			{Name: "insider"}, {Name: "vip", Threshold: 35_000, MultiplierBp: 12_500}, {Name: "rouge", Threshold: 100_000, MultiplierBp: 15_000},
		}},
	}
}

func TestProgrammes(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		twin := newReplica(t, url, c.Now, loyalty.Neighbours{})
		ctx := t.Context()
		made, err := r.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: beauty()})
		if err != nil || made.GetProgramme().GetVersion() != 1 {
			t.Fatal(made, err)
		}
		// The same from the other replica, which has not read of it yet.
		again, err := twin.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: beauty()})
		if diff := cmp.Diff(made, again, protocmp.Transform()); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
		c.Add(time.Hour)
		next := proto.CloneOf(made.GetProgramme())
		next.Lifetime.PendingDays, next.EffectiveFrom = 0, nil
		changed, err := twin.UpdateProgramme(ctx, &loyaltyv1.UpdateProgrammeRequest{Brand: brand, Programme: next})
		if err != nil || changed.GetProgramme().GetVersion() != 2 || !changed.GetProgramme().GetEffectiveFrom().AsTime().Equal(c.Now()) {
			t.Fatal(changed, err)
		}
		next.Lifetime.PendingDays = 9
		if _, err := r.UpdateProgramme(ctx, &loyaltyv1.UpdateProgrammeRequest{Brand: brand, Programme: next}); !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) {
			t.Error(err)
		}
		got, err := r.GetProgramme(ctx, &loyaltyv1.GetProgrammeRequest{Brand: brand, ProgrammeId: "beauty"})
		want := &loyaltyv1.GetProgrammeResponse{Programme: changed.GetProgramme(), Versions: []*loyaltyv1.Programme{made.GetProgramme(), changed.GetProgramme()}}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" || err != nil {
			t.Error(diff, err)
		}
		list, err := r.ListProgrammes(ctx, &loyaltyv1.ListProgrammesRequest{Brand: brand})
		if err != nil || len(list.GetProgrammes()) != 1 {
			t.Error(list, err)
		}
	})
}

func TestProgrammesAreRefused(t *testing.T) {
	c := &clock{now: start}
	r := newReplica(t, sqldbtest.SQLite(t), c.Now, loyalty.Neighbours{})
	ctx := t.Context()
	create := func(p *loyaltyv1.Programme) error {
		_, err := r.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: p})
		return err
	}
	if err := create(beauty()); err != nil {
		t.Fatal(err)
	}
	other := beauty()
	other.FromJourney = true
	if err := create(other); !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		t.Error(err)
	}
	other.Id, other.Tiers.Tiers[1].Threshold = "next", 100_000
	if err := fault.From(create(other)); err == nil || len(err.Fields) != 1 || err.Fields[0].Path != "programme.tiers.tiers[2].threshold" {
		t.Error(err)
	}
	if err := create(&loyaltyv1.Programme{Id: "No spaces"}); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
		t.Error(err)
	}
	if _, err := r.GetProgramme(ctx, &loyaltyv1.GetProgrammeRequest{Brand: brand, ProgrammeId: "none"}); !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
		t.Error(err)
	}
	if _, err := r.ListProgrammes(ctx, &loyaltyv1.ListProgrammesRequest{Brand: "nobody"}); !fault.Is(err, commonv1.Reason_REASON_BRAND_UNKNOWN) {
		t.Error(err)
	}
}

// What points may pay is judged before anything is looked up, and not kept under the key.
func TestSpendingRules(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		ctx := t.Context()
		_, err := r.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{
			Id: club, Spending: &loyaltyv1.SpendingRules{PointValue: 10, MaxShareBp: 3_000, MinPoints: 50},
		}})
		if err != nil {
			t.Fatal(err)
		}
		earned(t, r, "e", 7, 1000, "a")
		for _, one := range []struct {
			points, receipt int64
			field           string
		}{{49, 10_000, "points"}, {301, 10_000, "points"}, {100, 0, "receipt"}, {300, 10_000, ""}} {
			_, err := r.Redeem(ctx, &loyaltyv1.RedeemRequest{
				Brand: brand, RequestId: "r", ProgrammeId: club, Customer: number(7), Points: one.points, Receipt: one.receipt,
			})
			_, held := r.Hold(ctx, &loyaltyv1.HoldRequest{
				Brand: brand, RequestId: "h", ProgrammeId: club, Customer: number(7), Points: one.points, Receipt: one.receipt,
			})
			for _, err := range []error{err, held} {
				if one.field == "" && err != nil || one.field != "" && (!fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) || fault.From(err).Fields[0].Path != one.field) {
					t.Errorf("%+v: %v", one, err)
				}
			}
		}
		has(t, r, 7, 400, 300, 0, 0)
	})
}
