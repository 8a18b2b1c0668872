package loyalty_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/hot/hottest"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

func rateOf(t testing.TB, r *replica, scope *loyaltyv1.RateScope) *loyaltyv1.GetRedemptionRateResponse {
	t.Helper()
	scope.ProgrammeId = club
	out, err := r.GetRedemptionRate(t.Context(), &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Of a segment counts what its members did, with whatever number; who it is cannot be told
// without Segmentation.
func TestRatesOfSegments(t *testing.T) {
	c := &clock{now: start}
	near := newSegmentation(t, c.Now)
	url := sqldbtest.SQLite(t)
	r := newReplica(t, url, c.Now, loyalty.Neighbours{Segmentation: near})
	programme(t, r, club, nil)
	anna, boris := numberOf(t, near, "anna@example.com"), numberOf(t, near, "boris@example.com")
	_, err := near.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
		Id: "best", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: &segmentationv1.CustomerList{Ids: []int64{anna}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	earned(t, r, "a", anna, 100, "o1")
	earned(t, r, "b", boris, 50, "o2")
	if _, err := redeem(t, r, "c", anna, 30, "o3"); err != nil {
		t.Fatal(err)
	}
	if got := rateOf(t, r, &loyaltyv1.RateScope{SegmentId: "best"}).GetTotal(); got.GetIssued() != 100 || got.GetSpent() != 30 {
		t.Errorf("the segment has %v", got)
	}
	merge(t, r, boris, anna)
	if got := rateOf(t, r, &loyaltyv1.RateScope{SegmentId: "best"}).GetTotal(); got.GetIssued() != 150 {
		t.Errorf("the segment has %v with a number more", got)
	}
	ask := func(r *replica, segment string) error {
		_, err := r.GetRedemptionRate(t.Context(), &loyaltyv1.GetRedemptionRateRequest{
			Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: club, SegmentId: segment},
		})
		return err
	}
	if err := ask(r, "worst"); !fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN) {
		t.Errorf("an unknown segment: %v", err)
	}
	if err := ask(newReplica(t, url, c.Now, loyalty.Neighbours{}), "best"); !fault.Is(err, commonv1.Reason_REASON_UNAVAILABLE) {
		t.Errorf("without Segmentation: %v", err)
	}
}

// Questions that cannot be answered are refused, and name the field.
func TestRatesRefused(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		at := func(want string, in *loyaltyv1.GetRedemptionRateRequest) {
			t.Helper()
			in.Brand = brand
			_, err := r.GetRedemptionRate(t.Context(), in)
			if e := fault.From(err); e == nil || len(e.Fields) == 0 || e.Fields[0].Path != want {
				t.Errorf("%v: %v, want %s refused", in, err, want)
			}
		}
		at("scope.tiers", &loyaltyv1.GetRedemptionRateRequest{Scope: &loyaltyv1.RateScope{ProgrammeId: club, Tiers: []string{"gold"}}})
		at("scope.dates", &loyaltyv1.GetRedemptionRateRequest{Scope: &loyaltyv1.RateScope{ProgrammeId: club, Dates: &commonv1.DateRange{Start: "2026-03-02", End: "2026-03-02"}}})
		at("scope.channels", &loyaltyv1.GetRedemptionRateRequest{Cohorts: true, Scope: &loyaltyv1.RateScope{ProgrammeId: club, Channels: []commonv1.Channel{1}}})
		_, err := r.GetRedemptionRate(t.Context(), &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: "none"}})
		if !fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) {
			t.Errorf("no programme: %v", err)
		}
		_, err = r.GetParticipation(t.Context(), &loyaltyv1.GetParticipationRequest{Brand: brand, ProgrammeId: club, Grain: commonv1.Grain_GRAIN_DAY,
			Dates: &commonv1.DateRange{Start: "2020-01-01", End: "2026-01-01"}})
		if err == nil {
			t.Error("2,000 periods are answered")
		}
		if _, err := r.GetLiability(t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club, Day: "2026-02-30"}); err == nil {
			t.Error("30 February is a day")
		}
		// Before anything happened nothing is told.
		if out := rateOf(t, r, &loyaltyv1.RateScope{}); out.GetTotal().Rate != nil || out.GetAsOf() != nil || out.GetYoung() {
			t.Errorf("of nothing %v", out)
		}
	})
}

// Points leave the liability at the moment they expire in, though nothing was posted and
// the answer was kept.
func TestLiabilityEndsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "a", Customer: number(1), Points: 10, ExpiresAt: stamp(start.Add(time.Hour))})
		earn(t, r, &loyaltyv1.EarnRequest{RequestId: "b", Customer: number(2), Points: 7, ExpiresAt: stamp(start.Add(2 * time.Hour))})
		for _, want := range []int64{17, 7, 0} {
			for range 2 {
				out, err := r.GetLiability(t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club})
				if err != nil || out.GetPoints() != want {
					t.Errorf("%v, %v, want %d points", out, err, want)
				}
			}
			c.Add(time.Hour)
		}
		if expire(t, r).GetPoints() != 17 {
			t.Error("17 points expire")
		}
	})
}

// Receipts are noted once, of whoever is known, however often they are told of.
func TestReceiptsAreNotedOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		at := start.AddDate(0, 0, -40)
		log := []*journeyv1.Event{
			tillEvent("one", 1, at, tea(900), milk(100)),
			tillEvent("two", 2, at.AddDate(0, 0, 1), tea(500)),
			{Source: "web", ExternalId: "three", Kind: "view", OccurredAt: stamp(at), Actor: &journeyv1.Event_Customer{Customer: number(1)}},
			tillEvent("one", 1, at, tea(900), milk(100)),
			tillEvent("nobody", 0, at, tea(5000)),
		}
		earned(t, r, "e", 1, 5, "o")
		for range 2 {
			if err := r.server.Receive(t.Context(), brand, log); err != nil {
				t.Fatal(err)
			}
			c.Add(time.Minute) // the lease of the one before is over
		}
		if err := r.server.Receive(t.Context(), brand, append(log, tillEvent("two", 2, at, tea(500)), tillEvent("four", 1, at, tea(3000)))); err != nil {
			t.Fatal(err)
		}
		out, err := r.GetLoyaltyImpact(t.Context(), &loyaltyv1.GetLoyaltyImpactRequest{Brand: brand, ProgrammeId: club})
		if err != nil {
			t.Fatal(err)
		}
		check := out.GetAgainstOthers()[1]
		if check.GetNBase() != 1 || check.GetBase() != 500 || check.GetN() != 2 || check.GetValue() != 2000 || out.GetWarning() == "" {
			t.Errorf("%v", out)
		}
	})
}

// What replicas share in Redis is what each would work out, and nothing there drifts.
func TestRatesInRedis(t *testing.T) {
	c := &clock{now: start}
	url, redis := sqldbtest.Postgres(t), hottest.Redis(t)
	one := newReplicaWith(t, url, redis, c.Now, loyalty.Neighbours{})
	programme(t, one, club, &loyaltyv1.Lifetime{ExpireMonths: 1})
	earned(t, one, "a", 1, 100, "o1")
	first := rateOf(t, one, &loyaltyv1.RateScope{})
	if err := one.server.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	two := newReplicaWith(t, url, redis, c.Now, loyalty.Neighbours{})
	if got := rateOf(t, two, &loyaltyv1.RateScope{}); !proto.Equal(got, first) {
		t.Errorf("%v, the other says %v", got, first)
	}
	if _, err := redeem(t, two, "b", 1, 40, "o2"); err != nil {
		t.Fatal(err)
	}
	if got := rateOf(t, two, &loyaltyv1.RateScope{}).GetTotal(); got.GetSpent() != 40 {
		t.Errorf("its own entry is not in %v", got)
	}
	if err := two.server.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	verify(t, one)
	verify(t, two)
}
