package programme

import (
	"math/big"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

const (
	// whole is a multiplier of one, in basis points.
	whole = 10_000
	// maxPoints is the most that a rule gives for a line, and that one entry holds.
	maxPoints = 1_000_000_000_000
)

// Purchase is what earns.
type Purchase struct {
	Channel  commonv1.Channel
	Subjects []*commonv1.SubjectRef
	At       time.Time
	Lines    []Line
}

// Line is a line of a purchase: Amount in minor units, not below 0.
type Line struct {
	Category string
	Amount   int64
}

// Member is what rules ask about who buys.
type Member struct {
	// Multiplier is the tier's at that moment, in basis points; 0 is one.
	Multiplier int32
	// In tells whether the member is in a segment; nil: in none.
	In func(segment string) bool
	// Today is what rules gave before on the day of the purchase, by name; those without a
	// cap of the day need not be in it.
	Today map[string]int64
}

// Given is what one rule does for one line.
type Given struct {
	// Miss is why it does not fit.
	Miss loyaltyv1.ExaminedRule_Miss
	// Formula is what it comes to by its formula, Points what is left under caps, Cap the
	// one that took most.
	Formula, Points int64
	Cap             loyaltyv1.ExaminedRule_Cap
	// Outdone: it fits, but another rule is the best one.
	Outdone bool
}

// Earned is what a line earns: Points, and what each rule of the version does for it.
type Earned struct {
	Points int64
	Rules  []Given
}

// Earn is what each line of a purchase earns by a version's rules. Lines fill caps in
// their order.
func Earn(p *loyaltyv1.Programme, zone *calendar.Zone, bought *Purchase, who *Member) []Earned {
	misses := purchaseMisses(p, zone.DayOf(bought.At), bought, who)
	left := newCaps(p, who)
	out := make([]Earned, len(bought.Lines))
	for i := range bought.Lines {
		out[i] = left.earn(p, &bought.Lines[i], misses, who.Multiplier)
	}
	return out
}

// earn is what one line earns; it takes its points out of the caps.
func (c *caps) earn(p *loyaltyv1.Programme, l *Line, misses []loyaltyv1.ExaminedRule_Miss, tier int32) Earned {
	e := Earned{Rules: make([]Given, len(misses))}
	best := -1
	for i, rule := range p.GetEarning() {
		g := &e.Rules[i]
		if g.Miss = lineMiss(rule, l); g.Miss == 0 {
			g.Miss = misses[i]
		}
		if g.Miss != 0 {
			continue
		}
		g.Formula = Formula(rule, l.Amount, 1, 1, tier)
		g.Points, g.Cap = c.cut(i, g.Formula)
		if best < 0 || g.Points > e.Rules[best].Points {
			best = i
		}
	}
	for i := range e.Rules {
		g := &e.Rules[i]
		if p.GetBestRuleOnly() && i != best && g.Miss == 0 {
			g.Points, g.Cap, g.Outdone = 0, 0, true
		}
		c.take(i, g.Points)
		e.Points += g.Points
	}
	e.Points = min(e.Points, maxPoints)
	return e
}

// Formula is what a rule gives for the part of an amount that is kept of all:
// ⌊amount × kept × points × multiplier × tier's / (all × per × 10^8)⌋, rounded once.
func Formula(rule *loyaltyv1.EarningRule, amount, kept, all int64, tier int32) int64 {
	if amount <= 0 || kept <= 0 || all <= 0 {
		return 0
	}
	if tier == 0 || !rule.GetWithTier() {
		tier = whole
	}
	multiplier := rule.GetMultiplierBp()
	if multiplier == 0 {
		multiplier = whole
	}
	over, under := big.NewInt(amount), big.NewInt(all)
	for _, n := range []int64{kept, rule.GetPoints(), int64(multiplier), int64(tier)} {
		over.Mul(over, big.NewInt(n))
	}
	for _, n := range []int64{rule.GetPerMinorUnits(), whole, whole} {
		under.Mul(under, big.NewInt(n))
	}
	if over.Quo(over, under); !over.IsInt64() {
		return maxPoints
	}
	return min(over.Int64(), maxPoints)
}

// purchaseMisses are the conditions that the purchase itself fails, rule by rule.
func purchaseMisses(p *loyaltyv1.Programme, day calendar.Day, bought *Purchase, who *Member) []loyaltyv1.ExaminedRule_Miss {
	out := make([]loyaltyv1.ExaminedRule_Miss, len(p.GetEarning()))
	for i, rule := range p.GetEarning() {
		switch {
		case len(rule.GetChannels()) > 0 && !slices.Contains(rule.GetChannels(), bought.Channel):
			out[i] = loyaltyv1.ExaminedRule_MISS_CHANNEL
		case len(rule.GetSubjects()) > 0 && !anySubject(rule.GetSubjects(), bought.Subjects):
			out[i] = loyaltyv1.ExaminedRule_MISS_SUBJECT
		case rule.GetDates() != nil && !within(rule.GetDates(), day):
			out[i] = loyaltyv1.ExaminedRule_MISS_DATE
		case rule.GetSegmentId() != "" && (who.In == nil || !who.In(rule.GetSegmentId())):
			out[i] = loyaltyv1.ExaminedRule_MISS_SEGMENT
		}
	}
	return out
}

func lineMiss(rule *loyaltyv1.EarningRule, l *Line) loyaltyv1.ExaminedRule_Miss {
	if len(rule.GetCategories()) > 0 && !slices.Contains(rule.GetCategories(), l.Category) {
		return loyaltyv1.ExaminedRule_MISS_CATEGORY
	}
	return loyaltyv1.ExaminedRule_MISS_UNSPECIFIED
}

func anySubject(wanted, have []*commonv1.SubjectRef) bool {
	return slices.ContainsFunc(have, func(h *commonv1.SubjectRef) bool {
		return slices.ContainsFunc(wanted, func(w *commonv1.SubjectRef) bool {
			return w.GetKind() == h.GetKind() && w.GetId() == h.GetId()
		})
	})
}

// within tells whether a day lies in a range that check has judged.
func within(r *commonv1.DateRange, day calendar.Day) bool {
	start, err := calendar.ParseDay(r.GetStart())
	end, err2 := calendar.ParseDay(r.GetEnd())
	return err == nil && err2 == nil && calendar.Days{From: start, Until: end}.Has(day)
}
