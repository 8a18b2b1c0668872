package importer

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// column reads two columns of a file as pairs, in order.
func column(t *testing.T, dir, file, key, value string) (pairs [][2]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, file))
	must(t, err)
	defer func() { must(t, f.Close()) }()
	z, err := gzip.NewReader(f)
	must(t, err)
	rows, err := csv.NewReader(z).ReadAll()
	must(t, err)
	at := func(name string) int {
		i := slices.IndexFunc(rows[0], func(s string) bool { return strings.Trim(s, "\ufeff") == name })
		if i < 0 {
			t.Fatalf("%s has no %s", file, name)
		}
		return i
	}
	k, v := at(key), at(value)
	for _, row := range rows[1:] {
		pairs = append(pairs, [2]string{row[k], row[v]})
	}
	return pairs
}

// first is the first value of each key.
func first(pairs [][2]string) map[string]string {
	out := map[string]string{}
	for _, p := range pairs {
		if _, known := out[p[0]]; !known {
			out[p[0]] = p[1]
		}
	}
	return out
}

// joined are the scores of Olist's reviews by their customer's state, by a join over
// the files that knows nothing of Rapport.
func joined(t *testing.T, dir string) map[string][]int64 {
	t.Helper()
	const customers = "olist_customers_dataset.csv.gz"
	order := first(column(t, dir, "olist_orders_dataset.csv.gz", "order_id", "customer_id"))
	person := first(column(t, dir, customers, "customer_id", "customer_unique_id"))
	state := first(column(t, dir, customers, "customer_unique_id", "customer_state"))
	out := map[string][]int64{}
	for _, review := range column(t, dir, "olist_order_reviews_dataset.csv.gz", "order_id", "review_score") {
		at := state[person[order[review[0]]]]
		if out[at] == nil {
			out[at] = make([]int64, 11)
		}
		score, err := strconv.Atoi(review[1])
		must(t, err)
		out[at][score]++
	}
	return out
}

// ofSegments are the scores of Olist's reviews by segment, once every review knows
// its customer.
func ofSegments(t *testing.T, c surveyv1.SurveyServiceClient, ids []string, reviews int64) map[string]*surveyv1.Score {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream, err := c.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{Brand: "olist", Metric: "csat.order",
		GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SEGMENT, SegmentIds: ids}}}})
	must(t, err)
	for {
		resp, err := stream.Recv()
		must(t, err)
		got, n := map[string]*surveyv1.Score{}, int64(0)
		for _, one := range resp.GetResult().GetSeries() {
			got[one.GetKey()[0]] = one.GetTotal()
			n += one.GetTotal().GetN()
		}
		if n == reviews {
			return got
		}
	}
}
