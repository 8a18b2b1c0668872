package journey_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func TestOrderOfATimeLine(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		// Two of one time in the order of their sequence; two of one time and sequence
		// in the order of arrival; one that comes late.
		second, first := happened("b", "visit", time.Hour), happened("a", "visit", time.Hour)
		second.Sequence = 1
		put(t, r, second, first, happened("c", "visit", 50*time.Minute), happened("d", "visit", 50*time.Minute))
		put(t, r, happened("late", "visit", 300*24*time.Hour))
		for _, size := range []int32{0, 1, 2, 3} {
			if got := names(line(t, r, &journeyv1.ListJourneyRequest{CustomerId: 7, PageSize: size})); got != "d c b a late " {
				t.Errorf("pages of %d: %s", size, got)
			}
		}
	})
}

func TestListJourneyAgainstPlainReference(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	kinds := []string{"visit", "visit.app", "purchase", "purchases", "contact"}
	var all []*journeyv1.Event
	for i := range 120 {
		// Few times, so that many are equal.
		e := happened(fmt.Sprint(i), kinds[random.IntN(len(kinds))], time.Duration(random.IntN(40))*4*time.Hour)
		e.Sequence = int32(random.IntN(3) - 1)
		e.Actor = byNumber(int64(7 + random.IntN(2)))
		all = append(all, e)
	}
	each(t, func(t *testing.T, r *replica, _ *clock) {
		put(t, r, all...)
		for range 30 {
			in := &journeyv1.ListJourneyRequest{CustomerId: int64(7 + random.IntN(3)), PageSize: int32(1 + random.IntN(20))}
			if random.IntN(2) == 0 {
				in.Kinds = []string{kinds[random.IntN(len(kinds))], "contact"}
			}
			if random.IntN(2) == 0 {
				in.Before = stamp(start.Add(-time.Duration(random.IntN(40)) * 4 * time.Hour))
			}
			if diff := gocmp.Diff(reference(all, in), names(line(t, r, in))); diff != "" {
				t.Fatalf("%v: %s", in, diff)
			}
		}
	})
}

// reference lists in the plainest way; events arrived in their order.
func reference(all []*journeyv1.Event, in *journeyv1.ListJourneyRequest) string {
	var out []*journeyv1.Event
	for _, e := range all {
		wanted := len(in.GetKinds()) == 0
		for _, k := range in.GetKinds() {
			wanted = wanted || e.GetKind() == k || strings.HasPrefix(e.GetKind(), k+".")
		}
		before := in.GetBefore() == nil || e.GetOccurredAt().AsTime().Before(in.GetBefore().AsTime())
		if wanted && before && e.GetCustomer().GetId() == in.GetCustomerId() {
			out = append(out, e)
		}
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b *journeyv1.Event) int {
		return cmp.Or(b.GetOccurredAt().AsTime().Compare(a.GetOccurredAt().AsTime()), cmp.Compare(b.GetSequence(), a.GetSequence()))
	})
	return names(out)
}

func TestListJourneyRefuses(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		put(t, r, happened("1", "visit", time.Hour), happened("2", "visit", time.Hour))
		in := &journeyv1.ListJourneyRequest{Brand: brand, CustomerId: 7, PageSize: 1}
		out, err := r.ListJourney(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for name, other := range map[string]*journeyv1.ListJourneyRequest{
			"another customer": {Brand: brand, CustomerId: 8, PageToken: out.GetNextPageToken()},
			"another brand":    {Brand: "olist", CustomerId: 7, PageToken: out.GetNextPageToken()},
			"other kinds":      {Brand: brand, CustomerId: 7, Kinds: []string{"visit"}, PageToken: out.GetNextPageToken()},
			"forged":           {Brand: brand, CustomerId: 7, PageToken: "abc"},
		} {
			if _, err := r.ListJourney(t.Context(), other); !fault.Is(err, commonv1.Reason_REASON_PAGE_TOKEN_INVALID) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := r.ListJourney(t.Context(), &journeyv1.ListJourneyRequest{Brand: brand}); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestKinds(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ctx := t.Context()
		put(t, r, happened("1", "contact.call", time.Hour), happened("2", "contact.call", 900*24*time.Hour), happened("3", "dance", 0))
		in := &journeyv1.DescribeEventKindsRequest{Brand: brand, Kinds: []*journeyv1.EventKind{
			{Kind: "contact.call", Titles: map[string]string{"ru": "Звонок"}}, {Kind: "sleep"},
		}}
		want := []*journeyv1.EventKind{
			{Kind: "contact.call", Titles: map[string]string{"ru": "Звонок"}, Meaning: "contact", Events: 2}, {Kind: "sleep"},
		}
		for range 2 {
			got, err := r.DescribeEventKinds(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, got.GetKinds(), protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		}
		list, err := r.ListEventKinds(ctx, &journeyv1.ListEventKindsRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, k := range list.GetKinds() {
			if k.GetEvents() > 0 || k.GetMeaning() != k.GetKind() {
				told = append(told, fmt.Sprint(k.GetKind(), " ", k.GetEvents()))
			}
		}
		if diff := gocmp.Diff([]string{"contact.call 2", "dance 1", "sleep 0"}, told); diff != "" {
			t.Error(diff)
		}
		in.Kinds = append(in.Kinds, in.Kinds[0])
		if _, err := r.DescribeEventKinds(ctx, in); !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Error(err)
		}
	})
}
