package journey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
)

func months(start, end string) *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: &commonv1.DateRange{Start: start, End: end}}}
}

const day = 24 * time.Hour

func TestContactRateThroughTheServer(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ask := func(in *journeyv1.GetContactRateRequest) *journeyv1.GetContactRateResponse {
			t.Helper()
			in.Brand = brand
			out, err := r.GetContactRate(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if out := ask(&journeyv1.GetContactRateRequest{}); out.GetTotal().Value != nil || out.GetAsOf() != nil {
			t.Errorf("nothing happened yet: %v", out)
		}
		for i := range 4 {
			put(t, r, happened(fmt.Sprint("p", i), "purchase", time.Duration(i)*10*day))
		}
		// A kind that turns up for the first time counts at once, in answers asked before too.
		for n, kind := range []string{"contact", "contact.call", "contact.call.complaint", "contacts"} {
			e := happened(kind, kind, time.Hour)
			e.Reason = "late"
			put(t, r, e)
			want := int64(min(n+1, 3))
			out := ask(&journeyv1.GetContactRateRequest{})
			if got := out.GetTotal(); got.GetContacts() != want || got.GetReceipts() != 4 || got.GetReasons()[0].GetCount() != want || out.GetAsOf() == nil {
				t.Errorf("after %s: %v", kind, got)
			}
		}
		today := ask(&journeyv1.GetContactRateRequest{Window: &journeyv1.Window{Window: &journeyv1.Window_LastDays{LastDays: 1}}})
		if v := today.GetTotal().GetValue(); v != 3 {
			t.Errorf("rate of today %v", v)
		}
		byMonth := ask(&journeyv1.GetContactRateRequest{GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_MONTH}).GetGroups()
		if len(byMonth) != 3 || byMonth[0].GetKey() != "2026-01" || byMonth[2].GetContacts() != 3 {
			t.Errorf("by month: %v", byMonth)
		}
		for _, in := range []*journeyv1.GetContactRateRequest{
			{Filter: &journeyv1.EventFilter{Kinds: []string{"purchase"}}},
			{GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT},
			{SubjectKind: commonv1.SubjectKind_SUBJECT_KIND_STORE},
			{Window: months("2026-02-01", "2026-02-01")},
			{Window: months("2026-02-30", "2026-03-01")},
		} {
			in.Brand = brand
			if _, err := r.GetContactRate(t.Context(), in); status.Code(err) != codes.InvalidArgument {
				t.Errorf("%v: %v", in, err)
			}
		}
	})
}

func TestRetentionThroughTheServer(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		bought := func(id string, who int64, before time.Duration) {
			e := happened(id, "purchase.online", before)
			e.Actor = byNumber(who)
			put(t, r, e)
		}
		bought("a", 1, 60*day) // January
		bought("b", 1, time.Hour)
		bought("c", 2, 20*day) // February
		bought("d", 2, 19*day)
		bought("e", 2, time.Hour)
		bought("f", 3, time.Hour)
		ask := func(w *journeyv1.Window) *journeyv1.GetRetentionResponse {
			t.Helper()
			out, err := r.GetRetention(t.Context(), &journeyv1.GetRetentionRequest{Brand: brand, Window: w})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		want := []*journeyv1.Cohort{
			{Month: "2026-01", Customers: 1, Returning: []int64{0, 1}},
			{Month: "2026-02", Customers: 1, Returning: []int64{1}},
			{Month: "2026-03", Customers: 1},
		}
		// Whoever bought before the window is new in none of its months.
		for w, from := range map[*journeyv1.Window]int{nil: 0, months("2025-01-01", "2027-01-01"): 0, months("2026-02-01", "2026-04-01"): 1, months("2020-01-01", "2020-02-01"): 3} {
			if diff := cmp.Diff(want[from:], ask(w).GetCohorts(), protocmp.Transform(), protocmp.IgnoreEmptyMessages()); diff != "" && from < 3 {
				t.Errorf("%v: %s", w, diff)
			} else if from == 3 && len(ask(w).GetCohorts()) > 0 {
				t.Errorf("%v: cohorts of nobody", w)
			}
		}
		// An older purchase that comes late moves its customer to an older cohort.
		bought("g", 3, 70*day)
		if c := ask(nil).GetCohorts(); len(c) != 3 || c[0].GetMonth() != "2025-12" || c[0].GetCustomers() != 1 {
			t.Errorf("after an older purchase: %v", c)
		}
	})
}

func TestSuccessIndexThroughTheServer(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		w := watch(t, r)
		for id, ends := range map[string]string{
			"good": "order.delivered", "late": "order.delivered", "gone": "order.cancelled.shop", "left": "order.not_collected",
			"changed": "order.cancelled.customer", "wrong": "order.missorted", "open": "order.approved",
		} {
			placed := ofOrder(id, "order.placed", 50*time.Hour)
			placed.PromisedAt = stamp(start.Add(-5 * time.Hour))
			if id == "late" {
				placed.PromisedAt = stamp(start.Add(-45 * time.Hour))
			}
			ended := ofOrder(id, ends, 10*time.Hour)
			ended.Reason = "r-" + id
			put(t, r, placed, ended)
		}
		put(t, r, ofOrder("wrong", "order.delivered", 9*time.Hour), ofOrder("zz", "order.placed", time.Hour))
		w.until(t, func() bool { return w.outcomes["zz"] != nil })
		out, err := r.GetSuccessIndex(t.Context(), &journeyv1.GetSuccessIndexRequest{
			Brand: brand, GroupBy: journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT, SubjectKind: commonv1.SubjectKind_SUBJECT_KIND_STORE,
		})
		if err != nil {
			t.Fatal(err)
		}
		got := out.GetTotal()
		off := fmt.Sprint(len(got.GetOffNorm()))
		for _, o := range got.GetOffNorm() {
			off += fmt.Sprint(" ", o.GetReason().Number(), ":", o.GetOrders(), "/", o.GetAny())
		}
		if got.GetOrders() != 4 || got.GetWithinNorm() != 1 || got.GetValue() != 25 || off != "3 1:1/1 3:1/1 5:1/1" ||
			got.GetOpen() != 2 || got.GetCancelledByCustomer() != 1 || len(got.GetNotCollected()) != 1 || got.GetNotCollected()[0].GetReason() != "r-left" {
			t.Errorf("off norm %s of %v", off, got)
		}
		if g := out.GetGroups(); len(g) != 1 || g[0].GetKey() != "s1" || g[0].GetOrders() != 4 {
			t.Errorf("by store: %v", g)
		}
		verify(t, r)
	})
}

// One person under two numbers is one new customer that came back.
func TestRetentionFollowsMerges(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		near := newSegmentation(t, c.Now)
		a, b := numberOf(t, near, "a@example.com"), numberOf(t, near, "b@example.com")
		r := newReplica(t, url, c.Now, journey.Neighbours{Segmentation: near})
		for i, before := range []time.Duration{20 * day, time.Hour} {
			e := happened(fmt.Sprint(i), "purchase", before)
			e.Actor = byNumber([]int64{a, b}[i])
			put(t, r, e)
		}
		cohorts := func() string {
			out, err := r.GetRetention(t.Context(), &journeyv1.GetRetentionRequest{Brand: brand})
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, c := range out.GetCohorts() {
				text += fmt.Sprintf("%s:%d%v ", c.GetMonth(), c.GetCustomers(), c.GetReturning())
			}
			return text
		}
		const two, one = "2026-02:1[0] 2026-03:1[] ", "2026-02:1[1] "
		if got := cohorts(); got != two {
			t.Errorf("before the merge: %s", got)
		}
		if _, err := near.MergeCustomers(t.Context(), &segmentationv1.MergeCustomersRequest{Brand: brand, FromId: b, IntoId: a}); err != nil {
			t.Fatal(err)
		}
		for cohorts() != one {
		}
		if _, err := near.UnmergeCustomers(t.Context(), &segmentationv1.UnmergeCustomersRequest{Brand: brand, FromId: b}); err != nil {
			t.Fatal(err)
		}
		for cohorts() != two {
		}
	})
}
