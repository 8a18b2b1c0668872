package importer

import (
	"testing"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// The campaigns of Complete Journey make the funnel that was counted elsewhere; imported
// twice nothing doubles.
func TestCompleteJourneyOffers(t *testing.T) {
	dir := realData(t, "completejourney")
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := suite(t, url)
		load(t, Offers, w.points, "completejourney/offers.yaml", dir, 2, Counts{Read: 27 + 6589 + 2102, Recorded: 27 + 6589 + 2102})
		out, err := w.points.GetOfferFunnel(t.Context(), &loyaltyv1.GetOfferFunnelRequest{Brand: "grocery"})
		if err != nil || len(out.GetOffers()) != 27 {
			t.Fatal(out, err)
		}
		f := out.GetTotal()
		got := [...]int64{f.GetReceived(), f.GetViewed(), f.GetCompleted(), f.GetRedemptions(), f.GetPersons(), f.GetPersonsCompleted()}
		// 2,102 redemptions are of 792 pairs of campaign and household.
		if want := [...]int64{6589, 792, 792, 2102, 1559, 410}; got != want {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
