package segmentation_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

func queryPanel(t testing.TB, r *replica, in *segmentationv1.QueryPanelRequest) *segmentationv1.QueryPanelResponse {
	t.Helper()
	in.Brand = brand
	out, err := r.QueryPanel(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inSegmentFilter(id string, not bool) *segmentationv1.PanelFilter {
	return &segmentationv1.PanelFilter{Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: id}, Not: not}
}

func valuesFilter(name string, not bool, values ...string) *segmentationv1.PanelFilter {
	return &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_Field{Field: &segmentationv1.FieldFilter{Field: name, Values: values}}}
}

func boundsFilter(name string, not bool, low, high *float64) *segmentationv1.PanelFilter {
	return &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_Field{
		Field: &segmentationv1.FieldFilter{Field: name, AtLeast: low, AtMost: high}}}
}

// someone is a person as the test knows it.
type someone struct {
	id      int64
	city    string
	numbers int
	days    []calendar.Day
}

// known asks each number who it is and puts together what the test knows.
func (x *interleaved) known() (all []someone) {
	for id := int64(1); id <= x.last; id++ {
		who := get(x.t, x.r[0], id)
		if who.GetPersonId() != id {
			continue
		}
		p := someone{id: id, city: x.cities[id], numbers: len(who.GetMemberIds())}
		for _, n := range who.GetMemberIds() {
			p.city = cmp.Or(p.city, x.cities[n])
			p.days = append(p.days, x.days[n]...)
		}
		slices.Sort(p.days)
		all = append(all, p)
	}
	return all
}

// number is a field of a person; false: it is not known.
func (p *someone) number(name string, today calendar.Day) (float64, bool) {
	n := 0
	for _, d := range p.days {
		if name == "purchases.count_7d" && d > today-7 || name == "purchases.count_365d" && d > today-365 {
			n++
		}
	}
	switch name {
	case "customer.numbers":
		return float64(p.numbers), true
	case "purchases.days_since_last":
		if len(p.days) == 0 {
			return 0, false
		}
		return float64(today - p.days[len(p.days)-1]), true
	}
	return float64(n), true
}

// naive tells by the test's own reckoning whether a filter holds.
func (x *interleaved) naive(f *segmentationv1.PanelFilter, p *someone, segments map[string][]int64) bool {
	holds := slices.Contains(segments[f.GetSegmentId()], p.id)
	if one := f.GetField(); one != nil && len(one.GetValues()) > 0 {
		holds = slices.Contains(one.GetValues(), p.city)
	} else if one != nil {
		n, known := p.number(one.GetField(), moscow.DayOf(x.c.Now()))
		holds = known && (one.AtLeast == nil || n >= *one.AtLeast) && (one.AtMost == nil || n <= *one.AtMost)
	}
	return holds != f.GetNot()
}

var panelNumbers = []string{"purchases.count_7d", "purchases.count_365d", "purchases.days_since_last", "customer.numbers"}

// filters are some at random.
func (x *interleaved) filters() (all []*segmentationv1.PanelFilter) {
	for range x.rnd.IntN(4) {
		not := x.rnd.IntN(2) == 0
		switch x.rnd.IntN(3) {
		case 0:
			all = append(all, inSegmentFilter([]string{"omsk", "often", "mix"}[x.rnd.IntN(3)], not))
		case 1:
			all = append(all, valuesFilter("attributes.city", not, [][]string{{"Omsk"}, {"Tver", ""}, {""}, {"Nowhere"}}[x.rnd.IntN(4)]...))
		default:
			low, high := proto.Float64(float64(x.rnd.IntN(3))), proto.Float64(float64(2+x.rnd.IntN(20)))
			if x.rnd.IntN(3) == 0 {
				low = nil
			} else if x.rnd.IntN(2) == 0 {
				high = nil
			}
			all = append(all, boundsFilter(panelNumbers[x.rnd.IntN(len(panelNumbers))], not, low, high))
		}
	}
	return all
}

// ask asks one replica a question at random and holds the answer against a count.
func (x *interleaved) ask(all []someone, segments map[string][]int64) {
	x.t.Helper()
	in := &segmentationv1.QueryPanelRequest{Filters: x.filters(), Rest: true,
		Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.city", Limit: int32(x.rnd.IntN(3))}}}
	for _, name := range panelNumbers {
		d := &segmentationv1.DistributionQuery{Field: name}
		if x.rnd.IntN(2) == 0 {
			d.Bounds = []float64{1, 2.5, 10}
		}
		in.Distributions = append(in.Distributions, d)
	}
	out := queryPanel(x.t, x.one(), in)
	var chosen, rest []someone
	for _, p := range all {
		if slices.ContainsFunc(in.GetFilters(), func(f *segmentationv1.PanelFilter) bool { return !x.naive(f, &p, segments) }) {
			rest = append(rest, p)
		} else {
			chosen = append(chosen, p)
		}
	}
	today := moscow.DayOf(x.c.Now())
	if out.GetPersons() != int64(len(all)) || out.GetRolledTo() != today.String() {
		x.t.Errorf("%d persons of %d, rolled to %s", out.GetPersons(), len(all), out.GetRolledTo())
	}
	x.group(in, out.GetChosen(), chosen, today)
	x.group(in, out.GetRest(), rest, today)
	if x.t.Failed() {
		x.t.Fatalf("asked %v", in)
	}
}

func (x *interleaved) group(in *segmentationv1.QueryPanelRequest, got *segmentationv1.PanelGroup, want []someone, today calendar.Day) {
	x.t.Helper()
	if got.GetPersons() != int64(len(want)) || !got.GetTooFew() || (got.Margin != nil) != (len(want) > 0) {
		x.t.Errorf("%d persons, want %d", got.GetPersons(), len(want))
	}
	var buyers, purchases int64
	for _, p := range want {
		n, _ := p.number("purchases.count_365d", today)
		purchases += int64(n)
		buyers += int64(min(1, n))
	}
	if v := got.GetValue(); v.GetBuyers() != buyers || v.GetPurchases() != purchases || v.GetSpent() != 100*purchases || v.GetPersons() != int64(len(want)) {
		x.t.Errorf("value %v of %d buyers, %d purchases", v, buyers, purchases)
	}
	x.cityOf(got.GetDistributions()[0], want)
	for i, name := range panelNumbers {
		x.spread(got.GetDistributions()[i+1], in.GetDistributions()[i+1].GetBounds(), name, want, today)
	}
}

// cityOf holds words against a count; the city is personal.
func (x *interleaved) cityOf(got *segmentationv1.Distribution, want []someone) {
	x.t.Helper()
	counts, unknown := map[string]int64{}, int64(0)
	for _, p := range want {
		if counts[p.city]++; p.city == "" {
			unknown++
		}
	}
	left := int64(len(want)) - unknown
	delete(counts, "")
	for _, b := range got.GetBuckets() {
		if b.GetPersons() != counts[b.GetValue()] || b.GetPersons() < 5 {
			x.t.Errorf("%s: %d, counted %d", b.GetValue(), b.GetPersons(), counts[b.GetValue()])
		}
		left -= b.GetPersons()
		delete(counts, b.GetValue())
	}
	if got.GetUnknown() != unknown || got.GetHidden()+got.GetOther() != left {
		x.t.Errorf("city %v of %v", got, slices.Sorted(maps.Keys(counts)))
	}
}

// spread holds numbers against a count.
func (x *interleaved) spread(got *segmentationv1.Distribution, bounds []float64, name string, want []someone, today calendar.Day) {
	x.t.Helper()
	sum, known := 0.0, int64(0)
	for _, p := range want {
		if n, ok := p.number(name, today); ok {
			sum, known = sum+n, known+1
		}
	}
	if got.GetUnknown() != int64(len(want))-known || (got.Mean != nil) != (known > 0) || known > 0 && math.Abs(got.GetMean()*float64(known)-sum) > 1e-9 {
		x.t.Errorf("%s: unknown %d, mean %v", name, got.GetUnknown(), got.Mean)
	}
	if len(bounds) > 0 && len(got.GetBuckets()) != len(bounds)+1 {
		x.t.Errorf("%s: %v", name, got)
	}
	left := known
	for _, b := range got.GetBuckets() {
		n := int64(0)
		for _, p := range want {
			v, ok := p.number(name, today)
			if ok && (b.Low == nil || v >= *b.Low) && (b.High == nil || v < *b.High || b.Low != nil && *b.Low == *b.High && v == *b.Low) {
				n++
			}
		}
		if left -= n; n != b.GetPersons() {
			x.t.Errorf("%s: %v, counted %d", name, b, n)
		}
	}
	if left != 0 {
		x.t.Errorf("%s: %d are in no bucket", name, left)
	}
}

// A panel after any interleaving of facts, merges, erasures, nights and restarts says
// on every replica what a count from scratch gives, and a filter and its negation
// split all persons between them.
func TestPanelAfterAnyInterleaving(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		x := &interleaved{t: t, rnd: rand.New(rand.NewPCG(5, 4)), c: c, url: url, j: newJourney(t, c), last: 20, list: []int64{2, 3, 9},
			cities: map[int64]string{}, days: map[int64][]calendar.Day{}, erased: map[int64]bool{}}
		x.w = newWatcher(t, url, c)
		x.start(0)
		x.start(1)
		declare(t, x.r[0], city)
		numbered(t, x.r[0], int(x.last))
		for range 20 {
			x.step()
		}
		x.followed()
		x.define()
		for range 12 {
			for range 10 {
				x.step()
				if x.rnd.IntN(3) == 0 { // whatever it says, it takes something in
					queryPanel(t, x.one(), &segmentationv1.QueryPanelRequest{Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.city"}}})
				}
			}
			x.followed()
			x.w.settled(t)
			all, segments := x.known(), x.expected()
			for range 6 {
				x.ask(all, segments)
			}
		}
	})
}

// What a panel says of a filter and of its negation, one replica and the other, is the
// same seen from the other side.
func TestPanelRestIsTheNegation(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		declare(t, r, &segmentationv1.Attribute{Name: "town", Type: segmentationv1.AttributeType_ATTRIBUTE_TYPE_TEXT})
		var all []*segmentationv1.Customer
		for i := range int64(150) {
			c := &segmentationv1.Customer{Identities: cards(i + 1)}
			if i%5 != 0 {
				c.Attributes = map[string]*segmentationv1.AttributeValue{"town": textValue(fmt.Sprint("town", i%7%4))}
			}
			all = append(all, c)
		}
		upsert(t, r, false, all...)
		ask := func(not bool) *segmentationv1.QueryPanelResponse {
			return queryPanel(t, r, &segmentationv1.QueryPanelRequest{Rest: true, Filters: []*segmentationv1.PanelFilter{valuesFilter("attributes.town", not, "town1", "")},
				Distributions: []*segmentationv1.DistributionQuery{{Field: "attributes.town", Limit: 1}}})
		}
		one, other := ask(false), ask(true)
		if !proto.Equal(one.GetChosen(), other.GetRest()) || !proto.Equal(one.GetRest(), other.GetChosen()) {
			t.Errorf("%v\n%v", one, other)
		}
		if one.GetChosen().GetPersons()+one.GetRest().GetPersons() != 150 || one.GetAsOf() == nil {
			t.Errorf("%v", one)
		}
		d := one.GetRest().GetDistributions()[0]
		if len(d.GetBuckets()) != 1 || d.GetBuckets()[0].GetPersons()+d.GetOther() != one.GetRest().GetPersons() || d.GetHidden() != 0 {
			t.Error(diff.Diff(nil, d.String()))
		}
	})
}
