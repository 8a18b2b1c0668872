package survey_test

import (
	"fmt"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/survey"
)

// Who watches the score of customers given is told when one of them turns out to be
// somebody else too, and all questions then agree.
func TestScoresOfCustomersGiven(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near, _ := newSegmentation(t, c)
		r := newReplicaBeside(t, url, "", c.Now, fold.Config{SweepEvery: -1}, hot.Options{}, survey.Neighbours{Segmentation: near})
		define(t, r)
		customers(t, near, 8)
		for i := range 18 {
			one := response("n1", int32(i%11))
			if k := int64(i % 9); k > 0 { // two each, and two of nobody known
				one.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: k}}
			}
			submit(t, r, fmt.Sprint("r", i), one)
		}
		given, err := roaring64.BitmapOf(1, 2, 500).ToBytes()
		if err != nil {
			t.Fatal(err)
		}
		in, out := &surveyv1.Scope{Customers: given}, &surveyv1.Scope{Customers: given, Outside: true}
		stream, err := r.WatchMetric(t.Context(), &surveyv1.WatchMetricRequest{
			Query: &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: in}})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []int64{4, 6} {
			next, err := stream.Recv()
			if err != nil || next.GetResult().GetTotal().GetN() != want {
				t.Fatalf("%v, %v, want %d", next, err, want)
			}
			d, err := r.CompareMetric(t.Context(), &surveyv1.CompareMetricRequest{Brand: brand, Metric: "nps.network",
				A: &surveyv1.MetricSide{Scope: in}, B: &surveyv1.MetricSide{Scope: out}})
			if err != nil || d.GetA().GetN() != want || d.GetB().GetN() != 16-want {
				t.Fatalf("%v, %v, want %d and %d", d, err, want, 16-want)
			}
			if want == 4 {
				if _, err := near.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: 8, IntoId: 1, Reason: "same"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, err = r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network", Scope: &surveyv1.Scope{Customers: []byte("me")}})
		if !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Errorf("no set: %v", err)
		}
	})
}
