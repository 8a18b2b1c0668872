package importer

import (
	"context"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
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
