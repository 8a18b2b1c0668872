package journey_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func indexed(in *journeyv1.GetSuccessIndexRequest) *journeyv1.MeasureRequest {
	return &journeyv1.MeasureRequest{Measure: &journeyv1.MeasureRequest_SuccessIndex{SuccessIndex: in}}
}

func contacted(in *journeyv1.GetContactRateRequest) *journeyv1.MeasureRequest {
	return &journeyv1.MeasureRequest{Measure: &journeyv1.MeasureRequest_ContactRate{ContactRate: in}}
}

// Several questions at once are answered as each alone; one that is wrong says so in its
// place.
func TestBatchGetMeasures(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		w := watch(t, r)
		put(t, r, ofOrder("a", "order.placed", 50*time.Hour), ofOrder("a", "order.delivered", 10*time.Hour),
			ofOrder("b", "order.placed", 40*time.Hour), ofOrder("b", "order.missorted", 5*time.Hour), ofOrder("b", "order.delivered", 4*time.Hour),
			happened("p", "purchase", 10*day), happened("c", "contact.call", time.Hour))
		put(t, r, ofOrder("zz", "order.placed", time.Hour))
		w.until(t, func() bool { return w.outcomes["zz"] != nil })
		month := months("2026-02-01", "2026-03-01")
		kinds := &journeyv1.EventFilter{Kinds: []string{"purchase"}}
		asked := []*journeyv1.MeasureRequest{
			indexed(&journeyv1.GetSuccessIndexRequest{Brand: brand, GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL}),
			contacted(&journeyv1.GetContactRateRequest{GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_MONTH}),
			indexed(&journeyv1.GetSuccessIndexRequest{Window: month}),
			contacted(&journeyv1.GetContactRateRequest{Window: month}),
			indexed(&journeyv1.GetSuccessIndexRequest{Filter: kinds}),
			contacted(&journeyv1.GetContactRateRequest{GroupBy: 99}),
		}
		got, err := r.BatchGetMeasures(t.Context(), &journeyv1.BatchGetMeasuresRequest{Brand: brand, Requests: asked})
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range asked {
			want, have := &journeyv1.BatchedMeasure{}, got.GetResults()[i]
			var err error
			if one := proto.CloneOf(in.GetSuccessIndex()); one != nil {
				one.Brand = brand
				alone := &journeyv1.BatchedMeasure_SuccessIndex{}
				alone.SuccessIndex, err = r.GetSuccessIndex(t.Context(), one)
				want.Measure = alone
			} else {
				one := proto.CloneOf(in.GetContactRate())
				one.Brand = brand
				alone := &journeyv1.BatchedMeasure_ContactRate{}
				alone.ContactRate, err = r.GetContactRate(t.Context(), one)
				want.Measure = alone
			}
			if err == nil != (i < 4) || err == nil && !proto.Equal(want, have) || err != nil && codes.Code(have.GetError().GetCode()) != fault.Code(err) {
				t.Errorf("%v: %v, alone %v (%v)", in, have, want, err)
			}
		}
		if index := got.GetResults()[0].GetSuccessIndex().GetTotal(); index.GetOrders() != 2 || index.GetWithinNorm() != 1 || got.GetAsOf() == nil {
			t.Errorf("%v as of %v", index, got.GetAsOf())
		}
		if rate := got.GetResults()[1].GetContactRate().GetTotal(); rate.GetContacts() != 1 || rate.GetReceipts() != 1 {
			t.Error(rate)
		}
		refused(t, r)
	})
}

// refused are batches that are wrong as a whole, and questions that ask nothing.
func refused(t *testing.T, r *replica) {
	t.Helper()
	many := make([]*journeyv1.MeasureRequest, 201)
	for i := range many {
		many[i] = indexed(&journeyv1.GetSuccessIndexRequest{})
	}
	for name, bad := range map[string][]*journeyv1.MeasureRequest{
		"none": nil, "too many": many, "another brand": {contacted(&journeyv1.GetContactRateRequest{Brand: "olist"})},
	} {
		if _, err := r.BatchGetMeasures(t.Context(), &journeyv1.BatchGetMeasuresRequest{Brand: brand, Requests: bad}); fault.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	nothing := []*journeyv1.MeasureRequest{{}, contacted(&journeyv1.GetContactRateRequest{})}
	got, err := r.BatchGetMeasures(t.Context(), &journeyv1.BatchGetMeasuresRequest{Brand: brand, Requests: nothing})
	if err != nil || !fault.Is(fault.FromStatus(got.GetResults()[0].GetError()), commonv1.Reason_REASON_FIELD_INVALID) || got.GetResults()[1].GetContactRate() == nil {
		t.Error(got, err)
	}
}
