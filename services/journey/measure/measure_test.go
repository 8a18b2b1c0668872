package measure

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// An order counts under the first of its reasons, and under every one in any.
func TestOffNormReasonsSumUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	w := newWorld(t)
	days := calendar.Days{From: 0, Until: 90}
	var statuses [7]int64
	for range 3000 {
		o := record.Order{
			ID: "o", Status: journeyv1.OrderOutcome_Status(1 + r.IntN(6)), Partial: r.IntN(3) == 0,
			Missorted: r.IntN(4) == 0, Late: r.IntN(3) == 0, Reason: []string{"", "rain"}[r.IntN(2)],
			Channel: commonv1.Channel(r.IntN(3)),
		}
		statuses[o.Status]++
		w.outcome(calendar.Day(r.IntN(90)), o)
	}
	s := NewSuccess(Filter{}, Split{By: journeyv1.MeasureGroup_MEASURE_GROUP_CHANNEL})
	w.orders(days, s.Day)
	total, groups := s.Answer()
	judged := statuses[2] + statuses[3] + statuses[4]
	off, orders := int64(0), int64(0)
	for i, o := range total.GetOffNorm() {
		off += o.GetOrders()
		if o.GetAny() < o.GetOrders() || i > 0 && o.GetReason() <= total.GetOffNorm()[i-1].GetReason() {
			t.Errorf("reason %v", o)
		}
	}
	for _, g := range groups {
		orders += g.GetOrders()
	}
	if total.GetOrders() != judged || off != judged-total.GetWithinNorm() || orders != judged ||
		total.GetOpen() != statuses[1] || total.GetCancelledByCustomer() != statuses[5] ||
		total.GetNotCollected()[0].GetCount()+total.GetNotCollected()[1].GetCount() != statuses[6] {
		t.Errorf("%v of %v", total, statuses)
	}
	if v := total.GetValue(); v != 100*float64(total.GetWithinNorm())/float64(judged) || total.GetLow() >= v || total.GetHigh() <= v {
		t.Errorf("value %v of %v to %v", v, total.GetLow(), total.GetHigh())
	}
}

func TestNothingIsAbsent(t *testing.T) {
	total, groups := NewSuccess(Filter{}, Split{}).Answer()
	if total.Value != nil || total.Low != nil || groups != nil {
		t.Errorf("no orders have an index: %v", total)
	}
	rate, _ := NewContactRate(Filter{}, Split{}).Answer()
	if rate.Value != nil {
		t.Errorf("no receipts have a rate: %v", rate)
	}
}

func TestContactRate(t *testing.T) {
	w := newWorld(t)
	store := func(id string) []record.Subject {
		return []record.Subject{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: id}}
	}
	both := append(store("b"), store("a")...)
	for i := range 4 {
		w.event(3, int64(i), record.Packed{Kind: "purchase", Subjects: both})
		w.event(4, int64(i), record.Packed{Kind: "contact", Subjects: store("a"), Reason: fmt.Sprint("r", i%3)})
	}
	w.event(4, 1, record.Packed{Kind: "contact", Subjects: store("c"), Channel: 2})
	ask := func(f *journeyv1.EventFilter, split Split) (*journeyv1.ContactRate, []*journeyv1.ContactRate) {
		c := NewContactRate(NewFilter(f), split)
		w.events(calendar.Days{Until: 9}, "contact", c.Contacts)
		w.events(calendar.Days{Until: 9}, "purchase", c.Receipts)
		return c.Answer()
	}
	total, groups := ask(nil, Split{By: journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE})
	one, quarter := 1.25, 0.0
	four := []*journeyv1.ReasonCount{{Reason: "r0", Count: 2}, {Reason: "", Count: 1}, {Reason: "r1", Count: 1}, {Reason: "r2", Count: 1}}
	if diff := cmp.Diff(&journeyv1.ContactRate{Contacts: 5, Receipts: 4, Value: &one, Reasons: four}, total, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if len(groups) != 3 || groups[0].GetKey() != "a" || groups[0].GetContacts() != 4 || groups[1].GetReceipts() != 4 ||
		groups[1].GetValue() != quarter || groups[2].Value != nil {
		t.Errorf("by store: %v", groups)
	}
	total, _ = ask(&journeyv1.EventFilter{Channels: []commonv1.Channel{2}}, Split{})
	if total.GetContacts() != 1 || total.GetReceipts() != 0 {
		t.Errorf("in one channel: %v", total)
	}
}

// Cohorts by the book: person by person, month by month.
func TestRetentionAgainstTheBook(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t)
		person := func(number int64) int64 {
			if number > 40 {
				number = number%40 + 1
			}
			return number
		}
		bought := map[int64]map[int]bool{} // months by person
		first := map[int64]calendar.Day{}
		start := calendar.DayOn(2019, 1, 1)
		window := calendar.Days{From: start + calendar.Day(r.IntN(90)), Until: start + 90 + calendar.Day(r.IntN(300))}
		for range 400 {
			who, day := int64(r.IntN(80)), start+calendar.Day(r.IntN(400))
			if r.IntN(10) == 0 {
				who += 1 << 40
			}
			w.event(day, who, record.Packed{Kind: "purchase"})
			if who == 0 {
				continue
			}
			p := person(who)
			if d, ok := first[p]; !ok || day < d {
				first[p] = day
			}
			if window.Has(day) {
				if bought[p] == nil {
					bought[p] = map[int]bool{}
				}
				bought[p][monthOf(day)] = true
			}
		}
		got := NewRetention(window, Filter{}, person)
		w.events(calendar.Days{From: start, Until: start + 500}, "purchase", got.Day)
		want := map[string][]int64{}
		last := monthOf(window.Until - 1)
		for p, day := range first {
			if !window.Has(day) {
				continue
			}
			m := monthOf(day)
			if want[monthName(m)] == nil {
				want[monthName(m)] = make([]int64, last-m+1)
			}
			for month := range bought[p] {
				want[monthName(m)][month-m]++
			}
		}
		have := map[string][]int64{}
		for _, c := range got.Cohorts() {
			have[c.GetMonth()] = append([]int64{c.GetCustomers()}, c.GetReturning()...)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// BenchmarkRetention is a year of a million customers, ten million purchases.
func BenchmarkRetention(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 9))
	f := record.Packed{Kind: "purchase"}
	w := newWorld(b)
	const days = 36 // a tenth of the slabs, each ten times as often
	for day := range calendar.Day(days) {
		for range 27_000 {
			w.event(day*10, r.Int64N(1_000_000)+1, f)
		}
	}
	b.ResetTimer()
	for range b.N {
		s := NewRetention(calendar.Days{Until: 365}, Filter{}, nobodyElse)
		for day := range calendar.Day(days) {
			for range 10 {
				s.Day(day*10, w.days[day*10][tally.KindMeasure("purchase")].(*tally.Events))
			}
		}
		if len(s.Cohorts()) != 12 {
			b.Fatal(s.Cohorts())
		}
	}
}
