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
