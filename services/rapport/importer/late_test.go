package importer

import (
	"context"
	"math"
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// byLateness are the scores of Olist's reviews by what Journey knows of their
// order, once so many are of orders that were late.
func byLateness(t *testing.T, c surveyv1.SurveyServiceClient, late int64) map[string]*surveyv1.Score {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := c.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{
		Brand: "olist", Metric: "csat.order", GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: "order.late"}},
	}})
	must(t, err)
	for {
		resp, err := stream.Recv()
		must(t, err)
		got := map[string]*surveyv1.Score{}
		for _, one := range resp.GetResult().GetSeries() {
			got[one.GetKey()[0]] = one.GetTotal()
		}
		if got["yes"].GetN() == late && got["no"].GetN()+late+got[""].GetN() == 8225 && got["no"].GetN() == 4814 {
			return got
		}
	}
}

// Reviews know whether their order was late, whichever came first.
func TestReviewsOfLateOrders(t *testing.T) {
	dir := realData(t, "olist")
	for _, reviewsFirst := range []bool{true, false} {
		w := suite(t, sqldbtest.SQLite(t))
		reviews := func() {
			load(t, Responses, w.responses, "olist/reviews.yaml", dir, 1, Counts{Read: 8225, Recorded: 8225})
		}
		if reviewsFirst {
			reviews()
		}
		load(t, Events, w.events, "olist/orders.yaml", dir, 1, Counts{Read: 37010, Recorded: 37010})
		if !reviewsFirst {
			arrived(t, w.events)
			reviews()
		}
		got := byLateness(t, w.responses, 418)
		if late, inTime := got["yes"].GetMean(), got["no"].GetMean(); math.Abs(late-2.4976) > 5e-5 || math.Abs(inTime-4.2796) > 5e-5 || got[""].GetN() != 2993 {
			t.Errorf("mean %v late, %v in time, n=%d absent; want 2.4976, 4.2796, 2993", late, inTime, got[""].GetN())
		}
	}
}

// arrived waits until Journey has judged every order that arrived.
func arrived(t *testing.T, c journeyv1.JourneyServiceClient) {
	t.Helper()
	judged := map[string]bool{}
	follow(t, c, "olist", func(fact *journeyv1.JourneyFact) bool {
		if o := fact.GetOutcome(); o.GetStatus() == journeyv1.OrderOutcome_STATUS_ARRIVED {
			judged[o.GetOrderId()] = true
		}
		return len(judged) == 5164
	})
}
