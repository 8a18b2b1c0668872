package loyalty_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// withBeauty runs a test on each engine, with the programme of three tiers.
func withBeauty(t *testing.T, fn func(t *testing.T, r *replica, c *clock)) {
	t.Helper()
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		r := newReplica(t, url, c.Now, loyalty.Neighbours{})
		if _, err := r.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: beauty()}); err != nil {
			t.Fatal(err)
		}
		fn(t, r, c)
		verify(t, r)
	})
}

// bought earns for an order of so many minor units, so many days before the start.
func bought(t *testing.T, r *replica, order string, money int64, days int) {
	t.Helper()
	_, err := r.Earn(t.Context(), &loyaltyv1.EarnRequest{
		Brand: brand, RequestId: "earn " + order, ProgrammeId: "beauty", Customer: number(7), Points: money / 100, Spent: money,
		Origin: &loyaltyv1.Origin{OrderId: order}, OccurredAt: timestamppb.New(start.AddDate(0, 0, -days)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func tierOf(t *testing.T, r *replica) *loyaltyv1.TierState {
	t.Helper()
	out, err := r.ExplainTier(t.Context(), &loyaltyv1.ExplainTierRequest{Brand: brand, ProgrammeId: "beauty", Customer: number(7)})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetState()
}

// Tiers follow from purchases: gifts, corrections and spending do not move them, returns do.
func TestTiersFollowPurchases(t *testing.T) {
	withBeauty(t, func(t *testing.T, r *replica, _ *clock) {
		if s := tierOf(t, r); s.GetTier().GetName() != "insider" || s.GetMissing() != 35_000 || s.GetSince() != "" || s.GetUntil() != "" {
			t.Error(s)
		}
		bought(t, r, "a", 30_000, 40)
		bought(t, r, "b", 80_000, 10)
		ctx := t.Context()
		_, err := r.Adjust(ctx, &loyaltyv1.AdjustRequest{Brand: brand, RequestId: "gift", ProgrammeId: "beauty", Customer: number(7), Points: 5000, Reason: "a gift"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Redeem(ctx, &loyaltyv1.RedeemRequest{Brand: brand, RequestId: "spend", ProgrammeId: "beauty", Customer: number(7), Points: 5100})
		if err != nil {
			t.Fatal(err)
		}
		s := tierOf(t, r)
		if s.GetTier().GetName() != "rouge" || s.GetQualifying() != 110_000 || s.GetUntil() != "2027-12-31" || s.GetNext() != nil || s.GetSince() != "2026-02-20" {
			t.Error(s)
		}
		_, err = r.Reverse(ctx, &loyaltyv1.ReverseRequest{Brand: brand, RequestId: "back", ProgrammeId: "beauty", Customer: number(7),
			Origin: &loyaltyv1.Origin{OrderId: "b"}, KeepEarned: 400, KeepMoney: 40_000})
		if err != nil {
			t.Fatal(err)
		}
		if s := tierOf(t, r); s.GetTier().GetName() != "vip" || s.GetQualifying() != 70_000 || s.GetMissing() != 30_000 || s.GetNext().GetName() != "rouge" {
			t.Error(s)
		}
		got, err := r.GetAccount(ctx, &loyaltyv1.GetAccountRequest{Brand: brand, ProgrammeId: "beauty", Customer: number(7)})
		a := got.GetAccount()
		if err != nil || a.GetEarned() != 700 || a.GetSpent() != 5100 || a.GetAdjusted() != 5000 || !a.GetEnrolledAt().AsTime().Equal(start.AddDate(0, 0, -40)) {
			t.Error(a, err)
		}
		if a.GetTier().GetTier().GetName() != "vip" || a.GetBalance().GetAvailable() != 600 {
			t.Error(a)
		}
	})
}

// What is examined is what the rules give, and nothing is recorded.
func TestExamineEarn(t *testing.T) {
	withBeauty(t, func(t *testing.T, r *replica, _ *clock) {
		bought(t, r, "a", 40_000, 40)
		ask := &loyaltyv1.ExamineEarnRequest{Brand: brand, ProgrammeId: "beauty", Customer: number(7),
			Lines: []*loyaltyv1.PurchaseLine{{Category: "skin", Amount: 1_999}, {Amount: 80}}}
		got, err := r.ExamineEarn(t.Context(), ask)
		if err != nil || got.GetTier() != "vip" || got.GetTierMultiplierBp() != 12_500 || got.GetPoints() != 24+5+1 || got.GetVersion() != 1 {
			t.Fatal(got, err)
		}
		if rule := got.GetLines()[0].GetRules()[1]; rule.GetFormulaPoints() != 19 || rule.GetCap() != loyaltyv1.ExaminedRule_CAP_PURCHASE {
			t.Error(rule)
		}
		if rule := got.GetLines()[1].GetRules()[1]; rule.GetMiss() != loyaltyv1.ExaminedRule_MISS_CATEGORY {
			t.Error(rule)
		}
		// In Moscow's days: from the third midnight on, until a year and the rest of its day have passed.
		if at := got.GetActiveFrom().AsTime().Format("2006-01-02 15:04"); at != "2026-03-04 21:00" {
			t.Error(at)
		}
		if at := got.GetExpiresAt().AsTime().Format("2006-01-02 15:04"); at != "2027-03-02 21:00" {
			t.Error(at)
		}
		ask.Customer = nil
		if got, err = r.ExamineEarn(t.Context(), ask); err != nil || got.GetTier() != "insider" || got.GetPoints() != 19+5 {
			t.Error(got, err)
		}
		ask.OccurredAt = timestamppb.New(start.AddDate(-5, 0, 0))
		if got, err = r.ExamineEarn(t.Context(), ask); err != nil || got.GetVersion() != 0 || got.GetPoints() != 0 || len(got.GetLines()) != 2 {
			t.Error(got, err)
		}
		ask.ProgrammeId = "none"
		if _, err = r.ExamineEarn(t.Context(), ask); !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
			t.Error(err)
		}
		if got := tierOf(t, r); got.GetQualifying() != 40_000 {
			t.Error(got)
		}
	})
}
