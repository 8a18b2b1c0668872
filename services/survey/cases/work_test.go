package cases

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// refused checks an error's kind and reason.
func refused(t *testing.T, what string, err error, code codes.Code, reason commonv1.Reason) *fault.Error {
	t.Helper()
	if fault.Code(err) != code || reason != 0 && !fault.Is(err, reason) {
		t.Errorf("%s: got %v, want %v %v", what, err, code, reason)
	}
	return fault.From(err)
}

const (
	caseState = commonv1.Reason_REASON_CASE_STATE
	conflict  = commonv1.Reason_REASON_VERSION_CONFLICT
)

func TestLifeOfACase(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.submit(unhappy(1))
		o.settle(0)
		ok := must(t)
		_, err := o.claim("1", "ann", 9)
		refused(t, "claim at another revision", err, codes.Aborted, conflict)
		c := ok(o.claim("1", "ann", 1))
		if again := ok(o.claim("1", "ann", 1)); !cmp.Equal(c, again, protocmp.Transform()) || c.Revision != 2 {
			t.Errorf("claimed again: %v", again)
		}
		_, err = o.claim("1", "bob", 0)
		e := refused(t, "claim of somebody else's", err, codes.FailedPrecondition, caseState)
		want := map[string]string{"state": "CLAIMED", "assignee": "ann", "revision": "2"}
		if diff := cmp.Diff(want, e.Meta); diff != "" {
			t.Error(diff)
		}
		_, err = o.claim("1", "bob", 1)
		refused(t, "claim without having seen", err, codes.FailedPrecondition, caseState)
		if c = ok(o.claim("1", "bob", 2)); c.Assignee != "bob" {
			t.Errorf("taken over: %v", c)
		}
		o.now = o.now.Add(time.Hour)
		_, err = o.resolve("1", "bob", " ", "")
		refused(t, "blank root cause", err, codes.InvalidArgument, 0)
		c = ok(o.resolve("1", "bob", "queue", "called"))
		if again := ok(o.resolve("1", "bob", "queue", "called")); !cmp.Equal(c, again, protocmp.Transform()) {
			t.Errorf("resolved again: %v", again)
		}
		_, err = o.resolve("1", "bob", "queue", "called twice")
		refused(t, "resolve with other words", err, codes.FailedPrecondition, caseState)
		_, err = o.claim("1", "bob", 0)
		refused(t, "claim of a resolved one", err, codes.FailedPrecondition, caseState)
		c = ok(o.reopen("1", "ann", "called back"))
		if again := ok(o.reopen("1", "ann", "called back")); !cmp.Equal(c, again, protocmp.Transform()) || c.Reopened != 1 {
			t.Errorf("reopened again: %v", again)
		}
		_, err = o.reopen("1", "bob", "called back")
		refused(t, "reopen of an open one", err, codes.FailedPrecondition, caseState)
		ok(o.resolve("1", "ann", "lift", ""))
		got := history(o.get("1"))
		if diff := cmp.Diff([]string{"rapport: opened: detractor, lowest score 3", "ann: claimed",
			"bob: claimed, taken over from ann", "bob: resolved: queue\ncalled", "ann: called back", "ann: resolved: lift"}, got); diff != "" {
			t.Error(diff)
		}
		if c := o.get("1"); c.RootCause != "lift" || c.State != resolved || c.Revision != 6 {
			t.Errorf("at the end: %v", c)
		}
	})
}

func TestUnknown(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.submit(unhappy(1))
		o.settle(0)
		for _, id := range []string{"2", "0", "01", "+1", "x", "", "99999999999999999999"} {
			_, err := o.claim(id, "ann", 0)
			refused(t, "case "+id, err, codes.NotFound, commonv1.Reason_REASON_CASE_UNKNOWN)
			_, err = o.GetCase(t.Context(), &surveyv1.GetCaseRequest{Brand: brand, Id: id})
			refused(t, "case "+id, err, codes.NotFound, commonv1.Reason_REASON_CASE_UNKNOWN)
		}
		_, err := o.GetCase(t.Context(), &surveyv1.GetCaseRequest{Brand: "other", Id: "1"})
		refused(t, "another brand's", err, codes.NotFound, commonv1.Reason_REASON_CASE_UNKNOWN)
		_, err = o.ListCases(t.Context(), &surveyv1.ListCasesRequest{Brand: "none"})
		refused(t, "unknown brand", err, codes.NotFound, commonv1.Reason_REASON_BRAND_UNKNOWN)
	})
}

func TestNotes(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.submit(unhappy(1), unhappy(2))
		o.settle(0)
		note := func(id, author, text, request string) (*surveyv1.Case, error) {
			got, err := o.AddCaseNote(t.Context(),
				&surveyv1.AddCaseNoteRequest{Brand: brand, Id: id, Author: author, Text: text, RequestId: request})
			return got.GetCase(), err
		}
		ok := must(t)
		ok(note("1", "ann", "no answer", "r1"))
		if c := ok(note("1", "ann", "no answer", "r1")); len(c.Notes) != 2 || c.Revision != 2 {
			t.Errorf("repeated: %v", c)
		}
		for field, call := range map[string][3]string{
			"id": {"2", "ann", "no answer"}, "author": {"1", "bob", "no answer"}, "text": {"1", "ann", "no"}} {
			_, err := note(call[0], call[1], call[2], "r1")
			if e := refused(t, "other "+field, err, codes.AlreadyExists, commonv1.Reason_REASON_KEY_REUSED); e.Meta["field"] != field {
				t.Errorf("conflict names %q, want %q", e.Meta["field"], field)
			}
		}
		ok(note("2", "ann", "same", ""))
		if c := ok(note("2", "ann", "same", "")); len(c.Notes) != 3 {
			t.Errorf("without a key: %v", c)
		}
		for i := range maxNotes {
			ok(note("1", "ann", fmt.Sprint(i), ""))
		}
		if c := o.get("1"); len(c.Notes) != maxNotes || c.Notes[0].Text != "0" || c.Notes[maxNotes-1].Text != "199" {
			t.Errorf("the newest %d notes: %v", maxNotes, c.Notes)
		}
	})
}

func TestConcurrentClaims(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		offices := []*office{newOffice(t, sqldbtest.Open(t, url)), newOffice(t, sqldbtest.Open(t, url))}
		offices[0].submit(unhappy(1))
		offices[0].settle(0)
		var wg sync.WaitGroup
		won := make(chan string, 8)
		for i := range 8 {
			wg.Go(func() {
				who := fmt.Sprint("clerk ", i)
				if _, err := offices[i%2].claim("1", who, 1); err == nil {
					won <- who
				} else {
					refused(t, who, err, codes.FailedPrecondition, caseState)
				}
			})
		}
		wg.Wait()
		close(won)
		if c := offices[1].get("1"); len(won) != 1 || c.Assignee != <-won || len(c.Notes) != 2 {
			t.Errorf("%d more winners, case %v", len(won), c)
		}
	})
}

func TestReopenBesideAnother(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ok := must(t)
		o.submit(unhappy(1))
		o.settle(0)
		ok(o.resolve("1", "ann", "queue", ""))
		o.submit(unhappy(1))
		o.settle(0)
		_, err := o.reopen("1", "ann", "again")
		if e := refused(t, "beside an open one", err, codes.FailedPrecondition, caseState); e.Meta["case"] != "2" {
			t.Errorf("metadata %v", e.Meta)
		}
		ok(o.resolve("2", "ann", "queue", ""))
		ok(o.reopen("1", "ann", "again"))
	})
}

// What happens over a weekend takes no business time.
func TestStatsOverAWeekend(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ok := must(t)
		courier := reply{customer: 3, store: 2, channel: commonv1.Channel_CHANNEL_COURIER, answers: []*surveyv1.Answer{scored("courier", 1)}}
		o.submit(unhappy(1), unhappy(2), courier, unhappy(4))
		o.settle(0)
		stats := func(req *surveyv1.GetCaseStatsRequest) *surveyv1.GetCaseStatsResponse {
			t.Helper()
			req.Brand = brand
			got, err := o.GetCaseStats(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		o.now = at(t, "2024-06-09 23:00") // Sunday
		if s := stats(&surveyv1.GetCaseStatsRequest{}); s.Total.Overdue != 0 || s.Total.Open != 4 || s.Total.AverageClock != nil {
			t.Errorf("on Sunday: %v", s)
		}
		ok(o.claim("1", "ann", 0))
		o.now = at(t, "2024-06-10 11:00")
		ok(o.resolve("1", "ann", "queue", ""))
		// The courier's rule allows four hours: two on Friday, two on Monday.
		if over := o.list(&surveyv1.ListCasesRequest{Overdue: true}); len(over) != 0 {
			t.Errorf("overdue at the due time itself: %v", over)
		}
		o.now = o.now.Add(time.Microsecond)
		over := o.list(&surveyv1.ListCasesRequest{Overdue: true})
		if len(over) != 1 || over[0].Id != "3" || !over[0].Overdue {
			t.Errorf("overdue: %v", over)
		}
		o.now = at(t, "2024-06-11 00:30")
		ok(o.resolve("2", "ann", "queue", ""))
		ok(o.claim("4", "bob", 0))
		h := func(n int) *durationpb.Duration { return durationpb.New(time.Duration(n) * 30 * time.Minute) }
		store := &surveyv1.CaseStats{Claimed: 1, Overdue: 1, Resolved: 2,
			// 67 and 80.5 hours; 2 + 2 and 2 + 9 business hours.
			AverageClock: durationpb.New(73*time.Hour + 45*time.Minute), AverageBusiness: h(15)}
		logistics := &surveyv1.CaseStats{Open: 1, Overdue: 1}
		total := &surveyv1.CaseStats{Open: 1, Claimed: 1, Overdue: 2, Resolved: 2,
			AverageClock: store.AverageClock, AverageBusiness: store.AverageBusiness}
		want := &surveyv1.GetCaseStatsResponse{Total: total, Queues: []*surveyv1.QueueStats{
			{Queue: "logistics", Stats: logistics}, {Queue: "store", Stats: store}}}
		if diff := cmp.Diff(want, stats(&surveyv1.GetCaseStatsRequest{}), protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		for _, tt := range []struct {
			req      *surveyv1.GetCaseStatsRequest
			resolved int64
			business *durationpb.Duration
		}{
			{&surveyv1.GetCaseStatsRequest{FirstDay: "2024-06-10", LastDay: "2024-06-10"}, 1, h(8)},
			{&surveyv1.GetCaseStatsRequest{FirstDay: "2024-06-11"}, 1, h(22)},
			{&surveyv1.GetCaseStatsRequest{LastDay: "2024-06-09"}, 0, nil},
			{&surveyv1.GetCaseStatsRequest{Queue: "logistics"}, 0, nil},
			{&surveyv1.GetCaseStatsRequest{Subject: subjects[1]}, 2, h(15)},
			{&surveyv1.GetCaseStatsRequest{Subject: subjects[2]}, 0, nil},
		} {
			got := stats(tt.req).Total
			if got.Resolved != tt.resolved || !cmp.Equal(got.AverageBusiness, tt.business, protocmp.Transform()) {
				t.Errorf("%v: %v", tt.req, got)
			}
		}
		for _, days := range [][2]string{{"2024-06-11", "2024-06-09"}, {"2024-02-31", ""}, {"", "2024-13-01"}} {
			_, err := o.GetCaseStats(t.Context(), &surveyv1.GetCaseStatsRequest{Brand: brand, FirstDay: days[0], LastDay: days[1]})
			refused(t, fmt.Sprint(days), err, codes.InvalidArgument, 0)
		}
	})
}
