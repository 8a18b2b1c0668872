package loyalty_test

import (
	"fmt"
	"testing"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// A batch is done in order, each item is judged alone, and the same chunk again is
// answered the same.
func TestBatchPost(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		chunk := &loyaltyv1.BatchPostRequest{Brand: brand, Items: []*loyaltyv1.PostItem{
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{RequestId: "a", ProgrammeId: club, Customer: number(1), Points: 100, Origin: of("o1")}}},
			{Item: &loyaltyv1.PostItem_Redeem{Redeem: &loyaltyv1.RedeemRequest{RequestId: "b", ProgrammeId: club, Customer: number(1), Points: 60}}},
			{Item: &loyaltyv1.PostItem_Redeem{Redeem: &loyaltyv1.RedeemRequest{RequestId: "c", ProgrammeId: club, Customer: number(1), Points: 60}}},
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{RequestId: "d", ProgrammeId: club, Customer: number(1), Points: -1}}},
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{RequestId: "e", ProgrammeId: "other", Customer: number(1), Points: 1}}},
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{Brand: "olist", RequestId: "f", ProgrammeId: club, Customer: number(1), Points: 1}}},
			{Item: &loyaltyv1.PostItem_Reverse{Reverse: &loyaltyv1.ReverseRequest{RequestId: "g", ProgrammeId: club, Customer: number(1), Origin: of("o1")}}},
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{RequestId: "a", ProgrammeId: club, Customer: number(1), Points: 100, Origin: of("o1")}}},
			{Item: &loyaltyv1.PostItem_Earn{Earn: &loyaltyv1.EarnRequest{RequestId: "a", ProgrammeId: club, Customer: number(1), Points: 101, Origin: of("o1")}}},
		}}
		stream, err := r.BatchPost(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for round := range 2 {
			if err := stream.Send(chunk); err != nil {
				t.Fatal(err)
			}
			out, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			again := round == 1
			want := []string{
				fmt.Sprint(again), fmt.Sprint(again), "REASON_POINTS_INSUFFICIENT", "REASON_FIELD_INVALID earn.points", "REASON_PROGRAMME_UNKNOWN",
				"REASON_FIELD_INVALID earn.brand", fmt.Sprint(again), "true", "REASON_KEY_REUSED points",
			}
			for i, one := range out.GetResults() {
				got := one.GetReason()
				switch {
				case got == "":
					got = fmt.Sprint(one.GetReplayed())
				case one.GetField() != "":
					got += " " + one.GetField()
				}
				if got != want[i] {
					t.Errorf("round %d, item %d: %s, want %s (%v)", round, i, got, want[i], one)
				}
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		has(t, r, 1, 0, 0, 0, 60)
	})
}

// Who watches sees every entry once, in order, and goes on from where it was.
func TestWatchEntries(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for i := range 5 {
			earned(t, r, fmt.Sprint(i), 1, 10, "")
		}
		in, seen := &loyaltyv1.WatchEntriesRequest{Brand: brand}, ""
		for len(seen) < 5 {
			stream, err := r.WatchEntries(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			out, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range out.GetEntries() {
				seen += m.GetRequestId()
			}
			in.After = out.GetCursor()
		}
		if seen != "01234" {
			t.Errorf("saw %s", seen)
		}
	})
}
