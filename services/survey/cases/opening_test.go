package cases

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func TestOpens(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		r := unhappy(42)
		r.channel = commonv1.Channel_CHANNEL_COURIER
		o.submit(reply{customer: 42, answers: []*surveyv1.Answer{scored("nps", 9)}}, r)
		o.settle(0)
		got := o.get("1")
		want := &surveyv1.Case{
			Id: "1", State: open, Cause: "detractor", Queue: "store", ResponseIds: []string{"2"}, SurveyId: "visit",
			Subjects: []*commonv1.SubjectRef{subjects[1]}, Channel: r.channel, CustomerId: 42, Score: new(int32(3)),
			Comment: "bad", OpenedAt: timestamppb.New(at(t, friday)),
			// Two hours on Friday, six on Monday.
			DueAt:    timestamppb.New(at(t, "2024-06-10 15:00")),
			Revision: 1,
			Notes: []*surveyv1.CaseNote{{At: timestamppb.New(at(t, friday)), Author: "rapport",
				Text: "opened: detractor, lowest score 3", State: open}},
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		if cases := o.all(); len(cases) != 1 || len(cases[0].Notes) != 0 {
			t.Errorf("listed: %v", cases)
		}
	})
}

// One open case per person and cause; who is nobody is a new person each time.
func TestOneOpenCasePerPersonAndCause(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		for _, limit := range []int{0, 1} {
			o := newOffice(t, db)
			if limit == 1 { // a second time behind the first, fact by fact
				o.appended, o.consumed = 8, 8
				for _, c := range o.all() {
					must(t)(o.resolve(c.Id, "ann", "x", ""))
				}
			}
			rude := unhappy(1)
			rude.store, rude.answers = 2, append(rude.answers, chose("why", "rude"))
			ids := o.submit(unhappy(1), rude, unhappy(2), unhappy(0), unhappy(0),
				reply{identity: "hash", answers: unhappy(0).answers}, unhappy(1),
				reply{identity: "hash", answers: unhappy(0).answers})
			o.settle(limit)
			var got [][]string
			base := ids[0] - 1
			for _, c := range o.list(&surveyv1.ListCasesRequest{}) {
				row := []string{c.Cause}
				for _, id := range c.ResponseIds {
					n := parse(t, id)
					row = append(row, string(rune('0'+n-base)))
				}
				got = append(got, row)
			}
			want := [][]string{{"detractor", "1", "2", "7"}, {"rude", "2"}, {"detractor", "3"}, {"detractor", "4"},
				{"detractor", "5"}, {"detractor", "6", "8"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("limit %d: %s", limit, diff)
			}
			// A later response of the case counts in another store.
			s2 := o.list(&surveyv1.ListCasesRequest{Subject: subjects[2]})
			if len(s2) != 2 || s2[0].Cause == s2[1].Cause {
				t.Errorf("limit %d: cases of store 2: %v", limit, s2)
			}
		}
	})
}

func parse(t *testing.T, id string) (n int64) {
	t.Helper()
	for _, r := range id {
		n = n*10 + int64(r-'0')
	}
	return n
}

// Two replicas whose lease protects nothing: whoever comes second finds the
// cursor moved. Every response is in one case of its cause, once.
func TestTwins(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		a := newOffice(t, sqldbtest.Open(t, url))
		b := newOffice(t, sqldbtest.Open(t, url))
		const people, rounds = 7, 12
		for range rounds {
			var batch []reply
			for p := range people {
				batch = append(batch, unhappy(int64(p+1)))
			}
			a.submit(append(batch, unhappy(0))...)
		}
		total := rounds * (people + 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, o := range []*office{a, b} {
			wg.Go(func() {
				c := o.Consumer(brand)
				c.Limit, c.Lease = 3, 1
				for ctx.Err() == nil {
					n, err := c.Step(ctx)
					if err != nil && ctx.Err() == nil {
						t.Error(err)
						cancel()
					}
					mu.Lock()
					if total -= n; total == 0 {
						cancel()
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		cases := a.list(&surveyv1.ListCasesRequest{PageSize: 1000})
		if len(cases) != people+rounds {
			t.Errorf("%d cases, want %d", len(cases), people+rounds)
		}
		checkOnce(t, a, rounds*(people+1))
	})
}

// checkOnce verifies that the cases hold n responses, each once, that their
// numbers leave no gap, and that no person has two open ones.
func checkOnce(t *testing.T, o *office, n int) {
	t.Helper()
	seen := map[string]bool{}
	owners := map[int64]bool{}
	responses := 0
	cases := o.list(&surveyv1.ListCasesRequest{States: []surveyv1.CaseState{0}, PageSize: 1000})
	for _, c := range cases {
		for _, id := range c.ResponseIds {
			if seen[id] {
				t.Errorf("response %s is in two cases", id)
			}
			seen[id] = true
			responses++
		}
		if parse(t, c.Id) > int64(len(cases)) {
			t.Errorf("case %s of %d", c.Id, len(cases))
		}
		if c.State != resolved && c.CustomerId != 0 {
			if owners[c.CustomerId] {
				t.Errorf("customer %d has two open cases", c.CustomerId)
			}
			owners[c.CustomerId] = true
		}
	}
	if responses != n {
		t.Errorf("%d responses in cases, want %d", responses, n)
	}
}

// People resolve and reopen while responses of the same customer arrive.
func TestOpeningMeetsWorking(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		a := newOffice(t, sqldbtest.Open(t, url))
		b := newOffice(t, sqldbtest.Open(t, url))
		const n = 40
		a.submit(unhappy(7))
		a.settle(0)
		for range n - 1 {
			a.submit(unhappy(7))
		}
		done := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				// Refusals are what the other side's progress looks like.
				id := fmt.Sprint(1 + i%n)
				_, _ = b.resolve(id, "ann", "x", "")
				if i%3 == 0 {
					_, _ = b.reopen(id, "ann", "again")
				}
			}
		})
		a.settle(1)
		close(done)
		wg.Wait()
		checkOnce(t, a, n)
	})
}

// A replica whose directory lags takes nothing and loses nothing.
func TestDirectoryBehind(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.hidden = true
		o.submit(unhappy(1))
		c := o.Consumer(brand)
		if _, err := c.Step(t.Context()); !errors.Is(err, errBehind) {
			t.Fatalf("got %v", err)
		}
		o.hidden = false
		if n, err := c.Step(t.Context()); err != nil || n != 1 || len(o.all()) != 1 {
			t.Errorf("%d facts, %d cases, %v", n, len(o.all()), err)
		}
	})
}

func TestAmendments(t *testing.T) {
	for _, limit := range []int{0, 1, 2} {
		eachOffice(t, func(t *testing.T, o *office) {
			id := o.submit(unhappy(1), reply{store: 2, answers: []*surveyv1.Answer{scored("nps", 10)}})
			o.settle(limit)
			// It moves to another store, names the customer's real mood, and no
			// longer meets its rule; but another one.
			o.change(id[0], &reply{customer: 1, store: 2,
				answers: []*surveyv1.Answer{scored("nps", 8), text("more", "fine"), chose("why", "rude")}})
			// A happy one becomes unhappy.
			worse := unhappy(0)
			worse.store = 2
			o.change(id[1], &worse)
			// And is amended once more: no second case.
			o.change(id[1], &worse)
			o.settle(limit)
			var got [][]string
			for _, c := range o.all() {
				got = append(got, append([]string{c.Cause, c.State.String(), c.Comment}, history(o.get(c.Id))...))
			}
			want := [][]string{
				{"detractor", "CASE_STATE_OPEN", "fine", "rapport: opened: detractor, lowest score 3",
					"rapport: response 1 was amended, lowest score 8; it no longer meets the rule: a slip"},
				{"rude", "CASE_STATE_OPEN", "fine", "rapport: opened: rude, lowest score 8"},
				{"detractor", "CASE_STATE_OPEN", "bad", "rapport: opened: detractor, lowest score 3",
					"rapport: response 2 was amended, lowest score 3: a slip"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(o.list(&surveyv1.ListCasesRequest{Subject: subjects[1]})); n != 0 {
				t.Errorf("%d cases stayed in the store the response left", n)
			}
			if n := len(o.list(&surveyv1.ListCasesRequest{Subject: subjects[0]})); n != 3 {
				t.Errorf("%d cases in the network", n)
			}
		})
	}
}

// An amendment that names the customer makes the case the customer's.
func TestAmendmentNamesTheCustomer(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		id := o.submit(unhappy(0), unhappy(0))
		o.settle(0)
		named := unhappy(5)
		o.change(id[0], &named)
		o.submit(unhappy(5))
		o.change(id[1], &named) // 5 has an open case: this one stays apart
		o.settle(0)
		cases := o.all()
		if len(cases) != 2 || len(cases[0].ResponseIds) != 2 || cases[0].CustomerId != 5 || cases[1].CustomerId != 5 {
			t.Errorf("got %v", cases)
		}
	})
}

func TestRetractions(t *testing.T) {
	for _, limit := range []int{0, 1} {
		eachOffice(t, func(t *testing.T, o *office) {
			id := o.submit(unhappy(1), unhappy(2), unhappy(2), unhappy(3), unhappy(4))
			o.settle(limit)
			must(t)(o.claim("3", "ann", 0))
			must(t)(o.resolve("4", "ann", "tired", ""))
			o.now = at(t, "2024-06-10 10:00")
			for _, i := range []int{0, 1, 3, 4} {
				o.change(id[i], nil)
			}
			o.settle(limit)
			gone := o.get("1")
			if gone.State != resolved || gone.RootCause != "response retracted" || !gone.ResolvedAt.AsTime().Equal(o.now) {
				t.Errorf("alone and unclaimed: %v", gone)
			}
			want := []string{"rapport: opened: detractor, lowest score 3", "rapport: response 1 was retracted: a slip",
				"rapport: resolved: response retracted"}
			if diff := cmp.Diff(want, history(gone)); diff != "" {
				t.Error(diff)
			}
			for id, state := range map[string]surveyv1.CaseState{"2": open, "3": claimed, "4": resolved} {
				if c := o.get(id); c.State != state || len(c.Notes) != 3 {
					t.Errorf("case %s: %v", id, c)
				}
			}
			if root := o.get("4").RootCause; root != "tired" {
				t.Errorf("root cause became %q", root)
			}
			o.change(id[2], nil)
			o.submit(unhappy(1), unhappy(2))
			o.settle(limit)
			if c := o.get("2"); c.State != resolved {
				t.Errorf("all retracted: %v", c)
			}
			if n := len(o.list(&surveyv1.ListCasesRequest{})); n != 3 {
				t.Errorf("%d cases wait, want claimed 3 and two new ones", n)
			}
		})
	}
}
