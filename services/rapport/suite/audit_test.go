package suite

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// audit holds three services that nobody writes to against the model.
type audit struct {
	t       *testing.T
	f       *fleet
	m       *model
	logs    *logs
	numbers map[string]int64 // of everybody who was not erased
}

func newAudit(t *testing.T, f *fleet, m *model) *audit {
	t.Helper()
	f.drain()
	return &audit{t: t, f: f, m: m, logs: readLogs(t, f)}
}

func (a *audit) all() {
	a.t.Helper()
	a.customers()
	a.facts()
	a.persons()
	a.scores()
	a.measures()
	a.erasures()
}

// customers: numbers are dense, and everybody has one.
func (a *audit) customers() {
	a.numbers = map[string]int64{}
	in := &segmentationv1.ResolveCustomersRequest{Brand: brand, KnownOnly: true}
	all := slices.Sorted(maps.Keys(a.m.names))
	for _, who := range all {
		in.Identities = append(in.Identities, whom(who))
	}
	out, err := a.f.segmentation.ResolveCustomers(a.t.Context(), in)
	if err != nil {
		a.t.Fatal(err)
	}
	taken := map[int64]string{}
	for i, r := range out.GetResults() {
		who := all[i]
		if r.GetId() == 0 {
			continue // was erased, or so the count below will say
		}
		if other, twice := taken[r.GetId()]; twice {
			a.t.Errorf("%s and %s have one number, %d", who, other, r.GetId())
		}
		taken[r.GetId()], a.numbers[who] = who, r.GetId()
	}
	for n := range a.m.gone {
		if who, ok := taken[n]; ok {
			a.t.Errorf("%s has number %d, which was erased", who, n)
		}
		taken[n] = "erased"
	}
	list, err := a.f.segmentation.ListCustomers(a.t.Context(), &segmentationv1.ListCustomersRequest{Brand: brand, PageSize: 1})
	if err != nil {
		a.t.Fatal(err)
	}
	if n := int64(len(taken)); n != list.GetNumbers() || taken[n] == "" || n != int64(len(all)) {
		a.t.Errorf("%d numbers were given out, %d are somebody's, of %d names", list.GetNumbers(), n, len(all))
	}
}

// facts: each is there once, whose it is.
func (a *audit) facts() {
	if len(a.logs.recorded) != len(a.m.events)+len(a.m.responses) {
		a.t.Errorf("%d facts in the logs, %d were acknowledged", len(a.logs.recorded), len(a.m.events)+len(a.m.responses))
	}
	for key := range a.m.ids {
		if n := a.logs.recorded[key]; n != 1 {
			a.t.Errorf("%s stands in the log %d times", key, n)
		}
		if n := a.logs.resolved[key]; n > 1 {
			a.t.Errorf("%s was resolved %d times", key, n)
		}
	}
	for key, want := range a.m.events {
		got := a.logs.events[key]
		if got.GetId() != a.m.ids[key] || got.GetKind() != want.GetKind() || !got.GetOccurredAt().AsTime().Equal(want.GetOccurredAt().AsTime()) {
			a.t.Errorf("event %s = %v, acknowledged as %s", key, got, a.m.ids[key])
		}
		a.whose(key, want.GetCustomer(), got.GetCustomer())
	}
	for key, want := range a.m.responses {
		got := a.logs.responses[key]
		if got.GetId() != a.m.ids[key] || got.GetAnswers()[0].GetScore() != want.GetAnswers()[0].GetScore() {
			a.t.Errorf("response %s = %v, acknowledged as %s", key, got, a.m.ids[key])
		}
		a.whose(key, want.GetCustomer(), got.GetCustomer())
		if is := got.GetFacets()[late]; is != a.m.late(want.GetOrderId()) {
			a.t.Errorf("response %s about %s: late %q, want %q", key, want.GetOrderId(), is, a.m.late(want.GetOrderId()))
		}
	}
}

// whose: the number is the identity's. Of who was erased it may be none.
func (a *audit) whose(key string, asked, got *commonv1.CustomerRef) {
	who := nameOf(asked.GetIdentity())
	want, ok := a.numbers[who]
	if ok && got.GetId() != want || !ok && got.GetId() != 0 && !a.m.gone[got.GetId()] {
		a.t.Errorf("%s of %s has customer %d, want %d", key, who, got.GetId(), want)
	}
}

// persons: who is one person is so everywhere, whichever number is asked for.
func (a *audit) persons() {
	for who, id := range a.numbers {
		var ids []int64
		for _, name := range a.m.members(who) {
			if n, ok := a.numbers[name]; ok {
				ids = append(ids, n)
			}
		}
		slices.Sort(ids)
		out, err := a.f.segmentation.GetCustomer(a.t.Context(), &segmentationv1.GetCustomerRequest{Brand: brand, Customer: byNumber(id)})
		if err != nil {
			a.t.Fatal(err)
		}
		got := out.GetCustomer()
		if got.GetPersonId() != a.numbers[a.m.person(who)] && a.numbers[a.m.person(who)] != 0 {
			a.t.Errorf("person of %s (%d) = %d, want %d", who, id, got.GetPersonId(), a.numbers[a.m.person(who)])
		}
		if diff := cmp.Diff(ids, got.GetMemberIds()); diff != "" {
			a.t.Errorf("members of %s (%d): %s", who, id, diff)
		}
		if diff := cmp.Diff(a.keysOf(ids, true), a.journeyOf(id)); diff != "" {
			a.t.Errorf("journey of %s (%d): %s", who, id, diff)
		}
		if diff := cmp.Diff(a.keysOf(ids, false), a.responsesOf(id)); diff != "" {
			a.t.Errorf("responses of %s (%d): %s", who, id, diff)
		}
		a.purchases(who, ids, got.GetPurchases())
	}
}

// keysOf are the external ids of what is of any of some numbers.
func (a *audit) keysOf(ids []int64, events bool) []string {
	out := []string{}
	for key, e := range a.logs.events {
		if events && slices.Contains(ids, e.GetCustomer().GetId()) {
			out = append(out, key)
		}
	}
	for key, r := range a.logs.responses {
		if !events && slices.Contains(ids, r.GetCustomer().GetId()) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func (a *audit) journeyOf(id int64) []string {
	out, err := a.f.journey.ListJourney(a.t.Context(), &journeyv1.ListJourneyRequest{Brand: brand, CustomerId: id, PageSize: 1000})
	if err != nil {
		a.t.Fatal(err)
	}
	keys := []string{}
	for _, e := range out.GetEvents() {
		keys = append(keys, e.GetExternalId())
	}
	slices.Sort(keys)
	return keys
}

func (a *audit) responsesOf(id int64) []string {
	out, err := a.f.survey.ListResponses(a.t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000,
		Filter: &surveyv1.ResponseFilter{CustomerId: id}})
	if err != nil {
		a.t.Fatal(err)
	}
	keys := []string{}
	for _, r := range out.GetResponses() {
		keys = append(keys, r.GetExternalId())
	}
	slices.Sort(keys)
	return keys
}

// purchases: what a person bought is the sum over its numbers.
func (a *audit) purchases(who string, ids []int64, got *segmentationv1.PurchaseFacts) {
	want := fmt.Sprint(a.bought(ids))
	is := fmt.Sprint([4]int64{got.GetPurchases(), got.GetReturns(), got.GetSpent().GetMinorUnits(), got.GetReturned().GetMinorUnits()})
	if is != want {
		a.t.Errorf("purchases, returns, spent, returned of %s = %s, want %s", who, is, want)
	}
}

func (a *audit) bought(ids []int64) (sum [4]int64) {
	for key, e := range a.m.events {
		if !slices.Contains(ids, a.logs.events[key].GetCustomer().GetId()) {
			continue
		}
		switch e.GetKind() {
		case "purchase":
			sum[0]++
			sum[2] += e.GetAmount().GetMinorUnits()
		case "return":
			sum[1]++
			sum[3] += e.GetAmount().GetMinorUnits()
		}
	}
	return sum
}

// scores: every answer counts once, under what is known of its order.
func (a *audit) scores() {
	want := map[string]*surveyv1.Score{"": {}, "yes": {}, "no": {}}
	for _, r := range a.m.responses {
		s, score := want[a.m.late(r.GetOrderId())], r.GetAnswers()[0].GetScore()
		s.N++
		switch {
		case score >= 9:
			s.Promoters++
		case score >= 7:
			s.Passives++
		default:
			s.Detractors++
		}
	}
	total := int64(len(a.m.responses))
	out, err := a.f.survey.GetMetric(a.t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: metric, Window: everything(a.m.base),
		GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: late}}})
	if err != nil {
		a.t.Fatal(err)
	}
	if out.GetTotal().GetN() != total {
		a.t.Errorf("%d answers count, want %d", out.GetTotal().GetN(), total)
	}
	for _, s := range out.GetSeries() {
		w := want[s.GetKey()[0]]
		if g := s.GetTotal(); w == nil || g.GetN() != w.N || g.GetPromoters() != w.Promoters || g.GetDetractors() != w.Detractors {
			a.t.Errorf("answers with late = %q: %v, want %v", s.GetKey(), g, w)
		}
		delete(want, s.GetKey()[0])
	}
	for key, w := range want {
		if w.N > 0 {
			a.t.Errorf("no answers with late = %q, want %v", key, w)
		}
	}
}

func everything(now time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: now.AddDate(0, 0, -400).Format(time.DateOnly), End: now.AddDate(0, 0, 30).Format(time.DateOnly),
	}}}
}
