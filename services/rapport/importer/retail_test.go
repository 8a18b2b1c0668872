package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// The invoices of Online Retail, imported twice, come to what the file holds and to what
// was counted elsewhere: points, cohorts and cuts.
func TestOnlineRetail(t *testing.T) {
	dir := realData(t, "online_retail")
	issued, net, pieces, lines := countPoints(t, dir)
	if issued != 8_715_721 || net != 8_200_442 {
		t.Fatalf("%d points by the file, %d of them stay", issued, net)
	}
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := suite(t, url)
		_, err := w.points.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: "retail", Programme: &loyaltyv1.Programme{
			Id: "pounds", FromJourney: true, EffectiveFrom: &timestamppb.Timestamp{Seconds: 1_000_000_000},
			Earning: []*loyaltyv1.EarningRule{{Name: "all", Points: 1, PerMinorUnits: 100}},
		}})
		must(t, err)
		load(t, Events, w.events, "online_retail/purchases.yaml", dir, 2, Counts{Read: 157306, Recorded: 22186, Skipped: 135120})
		t.Run("cohorts", func(t *testing.T) { retailCohorts(t, w.events) })
		t.Run("cuts", func(t *testing.T) {
			sameCuts(t, cut(t, w.customers, "retail", "2011-12-10", 18532), &segmentationv1.RfmRun{
				Day: "2011-12-10", Persons: 4338, RecencyCuts: []int64{13, 33, 72, 180}, FrequencyCuts: []int64{1, 2, 3, 6},
				MonetaryCuts: []int64{25015, 49022, 94226, 205945},
			})
		})
		t.Run("points", func(t *testing.T) {
			w.until(t, "retail", tally{issued, net})
			retailReturns(t, w.points, pieces, lines)
		})
	})
}

// retailReturns holds what was brought back and never bought against a count of the file.
func retailReturns(t *testing.T, c loyaltyv1.LoyaltyServiceClient, pieces, lines int64) {
	t.Helper()
	var gotPieces, gotLines int64
	for token := ""; ; {
		page, err := c.ListUnmatchedReturns(t.Context(), &loyaltyv1.ListUnmatchedReturnsRequest{Brand: "retail", PageSize: 1000, PageToken: token})
		must(t, err)
		for _, u := range page.GetReturns() {
			gotLines++
			gotPieces += u.GetQuantityMilli() / 1000
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if gotPieces != pieces || gotLines != lines {
		t.Errorf("%d pieces of %d lines found no purchase, want %d of %d", gotPieces, gotLines, pieces, lines)
	}
}

// retailCohorts holds who came back, by the month of the first purchase, against what was
// counted elsewhere, once every event is somebody's.
func retailCohorts(t *testing.T, c journeyv1.JourneyServiceClient) {
	t.Helper()
	known := 0
	follow(t, c, "retail", func(fact *journeyv1.JourneyFact) bool {
		if fact.GetResolved() != nil || fact.GetRecorded().GetCustomer().GetId() > 0 {
			known++
		}
		return known == 22186
	})
	resp, err := c.GetRetention(t.Context(), &journeyv1.GetRetentionRequest{Brand: "retail"})
	if err != nil || len(resp.GetCohorts()) == 0 {
		t.Fatal(err, resp)
	}
	first := resp.GetCohorts()[0]
	if diff := cmp.Diff([]int64{324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235}, first.GetReturning()); diff != "" || first.GetMonth() != "2010-12" || first.GetCustomers() != 885 {
		t.Errorf("%s of %d: %s", first.GetMonth(), first.GetCustomers(), diff)
	}
	all := int64(0)
	for _, cohort := range resp.GetCohorts() {
		all += cohort.GetCustomers()
	}
	if all != 4338 {
		t.Errorf("%d customers, want 4338", all)
	}
}
