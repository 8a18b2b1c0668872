package loyalty_test

import (
	"fmt"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// told says something of a customer to Segmentation.
func told(t testing.TB, c segmentationv1.SegmentationServiceClient, in *segmentationv1.Customer) {
	t.Helper()
	stream, err := c.UpsertCustomers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&segmentationv1.UpsertCustomersRequest{Brand: brand, Rows: []*segmentationv1.CustomerRow{{Line: 1, Customer: in}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := stream.Recv()
	if err != nil || len(out.GetRejections()) > 0 {
		t.Fatal(out, err)
	}
	_ = stream.CloseSend()
}

func born(day string) map[string]*segmentationv1.AttributeValue {
	return map[string]*segmentationv1.AttributeValue{"birthday": {Value: &segmentationv1.AttributeValue_Text{Text: day}}}
}

// A birthday gift asks Segmentation for the day, since when it is known, and for days on
// which people are left alone.
func TestBirthdayGiftOfSegmentation(t *testing.T) {
	c := &clock{now: start} // 2 March
	seg := newSegmentation(t, c.Now)
	_, err := seg.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
		{Name: "birthday", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE, Personal: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	anna, boris := numberOf(t, seg, "anna@example.com"), numberOf(t, seg, "boris@example.com")
	told(t, seg, &segmentationv1.Customer{Id: anna, Attributes: born("1990-04-10")})
	told(t, seg, &segmentationv1.Customer{Id: boris, Attributes: born("1980-04-10"), SensitiveDates: []*segmentationv1.SensitiveDate{{Month: 4, Day: 10}}})
	r := newReplica(t, sqldbtest.SQLite(t), c.Now, loyalty.Neighbours{Segmentation: seg})
	programme(t, r, club, &loyaltyv1.Lifetime{})
	offered(t, r, &loyaltyv1.Reward{Id: "cake", Kind: loyaltyv1.Reward_KIND_BIRTHDAY, DaysAfter: 1})
	key := 0
	try := func(who int64) error {
		key++
		_, err := r.TakeReward(t.Context(), &loyaltyv1.TakeRewardRequest{
			Brand: brand, RequestId: fmt.Sprint("k", key), RewardId: "cake", Customer: number(who), AtOnce: true,
		})
		return err
	}
	forbidden(t, try(anna), loyaltyv1.RewardObstacle_RULE_BIRTHDAY)
	c.Add(20 * 24 * time.Hour) // 22 March: too late for whoever sets it today
	clara := numberOf(t, seg, "clara@example.com")
	told(t, seg, &segmentationv1.Customer{Id: clara, Attributes: born("2000-04-10")})
	c.Add(19 * 24 * time.Hour) // 10 April
	if err := try(anna); err != nil {
		t.Error(err)
	}
	forbidden(t, try(anna), loyaltyv1.RewardObstacle_RULE_TAKEN)
	forbidden(t, try(boris), loyaltyv1.RewardObstacle_RULE_SENSITIVE)
	forbidden(t, try(clara), loyaltyv1.RewardObstacle_RULE_BIRTHDAY)
	c.Add(24 * time.Hour)
	if err := try(boris); err != nil {
		t.Error(err)
	}
	// Who moves the day gets no second cake.
	told(t, seg, &segmentationv1.Customer{Id: anna, Attributes: born("1990-06-01")})
	c.Add(51 * 24 * time.Hour) // 1 June
	forbidden(t, try(anna), loyaltyv1.RewardObstacle_RULE_TAKEN)
	c.Add(365 * 24 * time.Hour)
	if err := try(anna); err != nil {
		t.Error(err)
	}
	verify(t, r)
}

// What a reward is for only some is judged by the segments of now, and an erasure takes out
// what somebody typed.
func TestRewardOfASegment(t *testing.T) {
	c := &clock{now: start}
	seg := newSegmentation(t, c.Now)
	anna, boris := numberOf(t, seg, "anna@example.com"), numberOf(t, seg, "boris@example.com")
	_, err := seg.DeclareAttributes(t.Context(), &segmentationv1.DeclareAttributesRequest{Brand: brand, Attributes: []*segmentationv1.Attribute{
		{Name: "birthday", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_DATE},
	}})
	if err != nil {
		t.Fatal(err)
	}
	told(t, seg, &segmentationv1.Customer{Id: anna, Attributes: born("1990-04-10")})
	_, err = seg.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
		Id: "known", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: "has(attributes.birthday)"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := newReplica(t, sqldbtest.SQLite(t), c.Now, loyalty.Neighbours{Segmentation: seg})
	programme(t, r, club, &loyaltyv1.Lifetime{})
	offered(t, r, &loyaltyv1.Reward{Id: "early", Kind: loyaltyv1.Reward_KIND_PRIVILEGE, SegmentId: "known"})
	promised(t, r, &loyaltyv1.Offer{Id: "spring", SegmentId: "known"})
	var out *loyaltyv1.TakeRewardResponse
	n := 0
	until(t, "the segment has its member", func() bool {
		n++
		out, err = take(t, r, fmt.Sprint("t", n), "early", anna)
		return err == nil
	})
	_, err = take(t, r, "b", "early", boris)
	forbidden(t, err, loyaltyv1.RewardObstacle_RULE_SEGMENT)
	sent(t, r, "spring", 1, 0)
	sent(t, r, "spring", 0, 1)
	if _, err := cancel(t, r, "x", out.GetTaken().GetId()); err != nil {
		t.Error(err)
	}
	if _, err := seg.EraseCustomer(t.Context(), &segmentationv1.EraseCustomerRequest{Brand: brand, Id: anna}); err != nil {
		t.Fatal(err)
	}
	until(t, "the erasure arrives", func() bool {
		// Another reason under the same key is a conflict while the reason is known.
		_, err := r.CancelReward(t.Context(), &loyaltyv1.CancelRewardRequest{Brand: brand, RequestId: "x", TakenId: out.GetTaken().GetId(), Reason: "another"})
		if err != nil && !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
			t.Fatal(err)
		}
		return err == nil
	})
	verify(t, r)
}
