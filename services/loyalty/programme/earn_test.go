package programme

import (
	"math/rand/v2"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

func points(lines []Earned) []int64 {
	out := make([]int64, len(lines))
	for i := range lines {
		out[i] = lines[i].Points
	}
	return out
}

// Each line is rounded down by itself, with the tier's multiplier in it.
func TestTiersMultiply(t *testing.T) {
	bought := &Purchase{At: time.Unix(1e9, 0), Lines: []Line{{Amount: 199}, {Amount: 1_000}, {Amount: 99}, {Amount: 0}}}
	for multiplier, want := range map[int32][4]int64{0: {1, 10, 0, 0}, 10_000: {1, 10, 0, 0}, 12_500: {2, 12, 1, 0}, 15_000: {2, 15, 1, 0}} {
		if got := points(Earn(beauty(), calendar.UTC, bought, &Member{Multiplier: multiplier})); [4]int64(got) != want {
			t.Errorf("×%d: %v, want %v", multiplier, got, want)
		}
	}
}

func TestFormula(t *testing.T) {
	for _, c := range []struct {
		rule              *loyaltyv1.EarningRule
		amount, kept, all int64
		tier              int32
		want              int64
	}{
		{&loyaltyv1.EarningRule{Points: 2, PerMinorUnits: 100}, 150, 1, 1, 0, 3}, // money is divided last
		{&loyaltyv1.EarningRule{Points: 1, PerMinorUnits: 100, MultiplierBp: 12_500}, 1000, 1, 1, 15_000, 12},
		{&loyaltyv1.EarningRule{Points: 1, PerMinorUnits: 100, MultiplierBp: 12_500, WithTier: true}, 1000, 1, 1, 15_000, 18},
		{&loyaltyv1.EarningRule{Points: 1, PerMinorUnits: 100}, 1000, 2, 3, 0, 6}, // ⌊6.66⌋
		{&loyaltyv1.EarningRule{Points: 1, PerMinorUnits: 100}, 1000, 0, 3, 0, 0},
		{&loyaltyv1.EarningRule{Points: 1, PerMinorUnits: 100}, -1000, 1, 1, 0, 0},
		{&loyaltyv1.EarningRule{Points: 1_000_000, PerMinorUnits: 1, MultiplierBp: 1_000_000, WithTier: true}, 1e13, 1, 1, 1_000_000, maxPoints},
	} {
		if got := Formula(c.rule, c.amount, c.kept, c.all, c.tier); got != c.want {
			t.Errorf("%v of %d × %d/%d: %d, want %d", c.rule, c.amount, c.kept, c.all, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	store := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}
	fits := func() *loyaltyv1.EarningRule {
		return &loyaltyv1.EarningRule{
			Name: "r", Points: 1, PerMinorUnits: 1, Categories: []string{"skin"}, Channels: []commonv1.Channel{commonv1.Channel_CHANNEL_APP},
			Subjects: []*commonv1.SubjectRef{store}, SegmentId: "loyal", Dates: &commonv1.DateRange{Start: "2026-03-01", End: "2026-03-02"},
		}
	}
	bought := &Purchase{
		Channel: commonv1.Channel_CHANNEL_APP, Subjects: []*commonv1.SubjectRef{{Kind: 5, Id: "s1"}, store},
		At: time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC), Lines: []Line{{"skin", 7}},
	}
	who := &Member{In: func(segment string) bool { return segment == "loyal" }}
	for want, spoil := range map[loyaltyv1.ExaminedRule_Miss]func(*loyaltyv1.EarningRule){
		0:                                    func(*loyaltyv1.EarningRule) {},
		loyaltyv1.ExaminedRule_MISS_CATEGORY: func(r *loyaltyv1.EarningRule) { r.Categories = []string{"hair"} },
		loyaltyv1.ExaminedRule_MISS_CHANNEL:  func(r *loyaltyv1.EarningRule) { r.Channels = []commonv1.Channel{1} },
		loyaltyv1.ExaminedRule_MISS_SUBJECT:  func(r *loyaltyv1.EarningRule) { r.Subjects = []*commonv1.SubjectRef{{Kind: 3, Id: "s2"}} },
		loyaltyv1.ExaminedRule_MISS_DATE:     func(r *loyaltyv1.EarningRule) { r.Dates.Start, r.Dates.End = "2026-02-28", "2026-03-01" },
		loyaltyv1.ExaminedRule_MISS_SEGMENT:  func(r *loyaltyv1.EarningRule) { r.SegmentId = "new" },
	} {
		r := fits()
		spoil(r)
		// In Moscow it is 1 March already.
		got := Earn(&loyaltyv1.Programme{Earning: []*loyaltyv1.EarningRule{r}}, zone(t, "Europe/Moscow"), bought, who)[0]
		if got.Rules[0].Miss != want || (got.Points == 7) != (want == 0) {
			t.Errorf("%v: %+v", want, got)
		}
	}
}

func TestCaps(t *testing.T) {
	p := &loyaltyv1.Programme{Earning: []*loyaltyv1.EarningRule{
		{Name: "a", Points: 1, PerMinorUnits: 1, CapPerPurchase: 100},
		{Name: "b", Points: 2, PerMinorUnits: 1, CapPerDay: 150},
	}}
	bought := &Purchase{At: time.Unix(1e9, 0), Lines: []Line{{Amount: 80}, {Amount: 80}}}
	sum := Earn(p, calendar.UTC, bought, &Member{Today: map[string]int64{"b": 60}})
	if got := points(sum); got[0] != 80+90 || got[1] != 20+0 {
		t.Errorf("%v", got)
	}
	if sum[0].Rules[1].Cap != loyaltyv1.ExaminedRule_CAP_DAY || sum[1].Rules[0].Cap != loyaltyv1.ExaminedRule_CAP_PURCHASE {
		t.Errorf("%+v", sum)
	}
	p.BestRuleOnly = true
	best := Earn(p, calendar.UTC, bought, &Member{})
	// 160 by b, under its cap 150; then nothing is left of it and a gives 80.
	if got := points(best); got[0] != 150 || got[1] != 80 || !best[0].Rules[0].Outdone || best[0].Rules[1].Outdone {
		t.Errorf("%+v", best)
	}
}

// However a purchase is made up, no cap is broken, and parts of a line never earn more
// than the line.
func TestCapsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		p := &loyaltyv1.Programme{BestRuleOnly: r.IntN(2) == 0}
		for i := range 1 + r.IntN(4) {
			p.Earning = append(p.Earning, &loyaltyv1.EarningRule{
				Name: string(rune('a' + i)), Points: 1 + r.Int64N(5), PerMinorUnits: 1 + r.Int64N(50), MultiplierBp: r.Int32N(30_000),
				WithTier: r.IntN(2) == 0, CapPerPurchase: r.Int64N(3) * r.Int64N(100), CapPerDay: r.Int64N(3) * r.Int64N(100),
			})
		}
		bought := &Purchase{At: time.Unix(1e9, 0)}
		for range 1 + r.IntN(6) {
			bought.Lines = append(bought.Lines, Line{Amount: r.Int64N(2000)})
		}
		today := map[string]int64{"a": r.Int64N(120)}
		given := map[string]int64{}
		for i, e := range Earn(p, calendar.UTC, bought, &Member{Multiplier: r.Int32N(20_000), Today: today}) {
			sum := int64(0)
			for k, rule := range p.GetEarning() {
				given[rule.GetName()] += e.Rules[k].Points
				sum += e.Rules[k].Points
				kept, all := r.Int64N(10), 10+r.Int64N(10)
				amount := bought.Lines[i].Amount
				if a, b, c := Formula(rule, amount, kept, all, 0), Formula(rule, amount, all-kept, all, 0), Formula(rule, amount, 1, 1, 0); a+b > c || a+b < c-1 {
					t.Fatalf("%d and %d of %d", a, b, c)
				}
			}
			if sum != e.Points {
				t.Fatalf("%d of %d", e.Points, sum)
			}
		}
		for _, rule := range p.GetEarning() {
			n := given[rule.GetName()]
			if most := rule.GetCapPerPurchase(); most > 0 && n > most {
				t.Fatalf("%v gave %d", rule, n)
			}
			if most := rule.GetCapPerDay(); most > 0 && n > max(0, most-today[rule.GetName()]) {
				t.Fatalf("%v gave %d after %d", rule, n, today[rule.GetName()])
			}
		}
	}
}

func TestSpending(t *testing.T) {
	s := &loyaltyv1.SpendingRules{PointValue: 10, MaxShareBp: 3_000, MinPoints: 50}
	for receipt, want := range map[int64]int64{10_000: 300, 10_033: 300, 1_000: 0, 0: 0} {
		if got := MaxSpend(s, receipt); got != want {
			t.Errorf("%d of %d, want %d", got, receipt, want)
		}
	}
	if got := MaxSpend(&loyaltyv1.SpendingRules{}, 100); got != 0 {
		t.Error(got)
	}
	for n, ok := range map[int64]bool{49: false, 50: true, 300: true, 301: false} {
		if err := CheckSpend(s, n, 10_000); (err == nil) != ok || err != nil && !fault.Is(err, commonv1.Reason_REASON_FIELD_INVALID) {
			t.Errorf("%d points: %v", n, err)
		}
	}
	if err := fault.From(CheckSpend(s, 100, 0)); err == nil || err.Fields[0].Path != "receipt" {
		t.Error(err)
	}
	if err := CheckSpend(&loyaltyv1.SpendingRules{PointValue: 1}, 100, 0); err != nil {
		t.Error(err)
	}
}
