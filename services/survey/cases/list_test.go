package cases

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// pages walks a list and gives the ids of each page.
func (o *office) pages(req *surveyv1.ListCasesRequest) (ids [][]string) {
	o.t.Helper()
	req.Brand = brand
	for {
		got, err := o.ListCases(o.t.Context(), req)
		if err != nil {
			o.t.Fatal(err)
		}
		var page []string
		for _, c := range got.Cases {
			page = append(page, c.Id)
		}
		ids = append(ids, page)
		if req.PageToken = got.NextPageToken; req.PageToken == "" {
			return ids
		}
	}
}

func TestPages(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		if diff := cmp.Diff([][]string{nil}, o.pages(&surveyv1.ListCasesRequest{})); diff != "" {
			t.Errorf("nothing: %s", diff)
		}
		o.submit(unhappy(1), unhappy(2), unhappy(3))
		courier := unhappy(0)
		courier.channel, courier.answers = commonv1.Channel_CHANNEL_EXPRESS, []*surveyv1.Answer{scored("courier", 2)}
		o.submit(courier, unhappy(5)) // due first; due with the others
		o.settle(0)
		for size, want := range map[int32][][]string{
			1: {{"4"}, {"1"}, {"2"}, {"3"}, {"5"}}, 2: {{"4", "1"}, {"2", "3"}, {"5"}},
			5: {{"4", "1", "2", "3", "5"}}, 4: {{"4", "1", "2", "3"}, {"5"}}, 0: {{"4", "1", "2", "3", "5"}}} {
			if diff := cmp.Diff(want, o.pages(&surveyv1.ListCasesRequest{PageSize: size})); diff != "" {
				t.Errorf("page size %d: %s", size, diff)
			}
		}
		// A case that leaves the list between two pages takes no other along.
		first, err := o.ListCases(t.Context(), &surveyv1.ListCasesRequest{Brand: brand, PageSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		must(t)(o.resolve("1", "ann", "x", ""))
		rest := o.pages(&surveyv1.ListCasesRequest{PageSize: 2, PageToken: first.NextPageToken})
		if diff := cmp.Diff([][]string{{"2", "3"}, {"5"}}, rest); diff != "" {
			t.Errorf("after a resolution: %s", diff)
		}
	})
}

func TestPageTokens(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		o.submit(unhappy(1), unhappy(2))
		o.settle(0)
		req := &surveyv1.ListCasesRequest{Brand: brand, PageSize: 1}
		got, err := o.ListCases(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		token := got.NextPageToken
		for name, bad := range map[string]*surveyv1.ListCasesRequest{
			"another queue": {Brand: brand, Queue: "store", PageToken: token},
			"another brand": {Brand: "other", PageToken: token},
			"cut":           {Brand: brand, PageToken: token[:len(token)-2]},
			"changed":       {Brand: brand, PageToken: "A" + token},
			"made up":       {Brand: brand, PageToken: "!"},
		} {
			_, err := o.ListCases(context.Background(), bad)
			refused(t, name, err, codes.InvalidArgument, commonv1.Reason_REASON_PAGE_TOKEN_INVALID)
		}
	})
}

func TestFilters(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ok := must(t)
		second := unhappy(2)
		second.store = 2
		courier := reply{customer: 3, store: 2, channel: commonv1.Channel_CHANNEL_COURIER, answers: []*surveyv1.Answer{scored("courier", 1)}}
		o.submit(unhappy(1), second, courier, unhappy(4))
		o.settle(0)
		ok(o.claim("1", "ann", 0))
		ok(o.claim("3", "bob", 0))
		ok(o.resolve("4", "ann", "x", ""))
		o.now = at(t, "2024-06-10 12:00") // only the courier's case is past due
		type query = surveyv1.ListCasesRequest
		states := func(s ...surveyv1.CaseState) []surveyv1.CaseState { return s }
		about := func(id string) string {
			c, err := o.GetCase(t.Context(), &surveyv1.GetCaseRequest{Brand: brand, Id: id})
			if err != nil {
				t.Fatal(err)
			}
			return c.GetCase().GetResponseIds()[0]
		}
		for name, tt := range map[string]struct {
			req  *query
			want []string
		}{
			"about responses":     {&query{States: states(open, claimed, resolved), ResponseIds: []string{about("4"), about("2"), "none"}}, []string{"2", "4"}},
			"about nothing":       {&query{ResponseIds: []string{"0"}}, nil},
			"waiting":             {&query{}, []string{"3", "1", "2"}},
			"any state":           {&query{States: states(0)}, []string{"3", "1", "2", "4"}},
			"all three":           {&query{States: states(open, claimed, resolved)}, []string{"3", "1", "2", "4"}},
			"open":                {&query{States: states(open)}, []string{"2"}},
			"open twice":          {&query{States: states(open, open)}, []string{"2"}},
			"open and claimed":    {&query{States: states(claimed, open)}, []string{"3", "1", "2"}},
			"resolved":            {&query{States: states(resolved)}, []string{"4"}},
			"resolved or claimed": {&query{States: states(resolved, claimed)}, []string{"3", "1", "4"}},
			"unknown state":       {&query{States: states(77)}, nil},
			"queue":               {&query{Queue: "logistics"}, []string{"3"}},
			"cause":               {&query{Cause: "courier"}, []string{"3"}},
			"another cause":       {&query{Cause: "courier2"}, nil},
			"assignee":            {&query{Assignee: "ann"}, []string{"1"}},
			"overdue":             {&query{Overdue: true, States: states(0)}, []string{"3"}},
			"store":               {&query{Subject: subjects[2]}, []string{"3", "2"}},
			"network":             {&query{Subject: subjects[0]}, []string{"3", "1", "2"}},
			"unknown subject": {&query{Subject: &commonv1.SubjectRef{
				Kind: commonv1.SubjectKind_SUBJECT_KIND_SELLER, Id: "s2"}}, nil},
			"all at once": {&query{States: states(claimed), Queue: "logistics", Assignee: "bob", Overdue: true, Subject: subjects[2]}, []string{"3"}},
		} {
			var got []string
			for _, c := range o.list(tt.req) {
				got = append(got, c.Id)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

func TestChanges(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		_, next := o.Changes(brand)
		o.submit(unhappy(1), reply{})
		o.settle(1)
		<-next // when the second fact was asked for, the first was committed
		count, next := o.Changes(brand)
		must(t)(o.claim("1", "ann", 0))
		must(t)(o.claim("1", "ann", 0)) // nothing new
		<-next
		if now, _ := o.Changes(brand); now == count {
			t.Error("a claim was not counted")
		}
		if n, err := o.Revision(t.Context(), brand); err != nil || n != 2 {
			t.Errorf("revision %d %v, want opened and claimed", n, err)
		}
		if n, err := o.Revision(t.Context(), "other"); err != nil || n != 0 {
			t.Errorf("revision of a brand without cases: %d %v", n, err)
		}
	})
}
