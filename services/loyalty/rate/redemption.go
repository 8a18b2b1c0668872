package rate

import (
	"maps"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Redemption sums points issued and spent. Rows are only needed where a question is about
// persons.
type Redemption struct {
	split    loyaltyv1.RateSplit
	channels map[commonv1.Channel]bool
	subjects map[Subject]bool
	// TierOf is the name of a number's tier on a day, Keep whether the number counts; nil:
	// nobody asks.
	TierOf func(who int64, day calendar.Day) string
	Tiers  map[string]bool
	Keep   func(who int64) bool

	places map[string]*placed
	total  [flowWidth]int64
	groups map[string]*[flowWidth]int64
}

// placed is a place as a question sees it: whether it counts, and in which groups.
type placed struct {
	counts bool
	keys   []string
}

// NewRedemption begins a sum of movements in any of some channels and with any of some
// subjects; none: all.
func NewRedemption(split loyaltyv1.RateSplit, scope *loyaltyv1.RateScope) *Redemption {
	r := &Redemption{
		split: split, channels: map[commonv1.Channel]bool{}, subjects: map[Subject]bool{},
		places: map[string]*placed{}, groups: map[string]*[flowWidth]int64{},
	}
	for _, c := range scope.GetChannels() {
		r.channels[c] = true
	}
	for _, s := range scope.GetSubjects() {
		r.subjects[Subject{s.GetKind(), s.GetId()}] = true
	}
	return r
}

// place judges a place, once.
func (r *Redemption) place(packed string) *placed {
	if p := r.places[packed]; p != nil {
		return p
	}
	at, _ := readPlace(packed) // slabs hold what was packed here
	p := &placed{counts: len(r.channels) == 0 || r.channels[at.Channel]}
	if len(r.subjects) > 0 && !slices.ContainsFunc(at.Subjects, func(s Subject) bool { return r.subjects[s] }) {
		p.counts = false
	}
	switch r.split {
	case loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL:
		p.keys = []string{at.Channel.String()}
	case loyaltyv1.RateSplit_RATE_SPLIT_SUBJECT:
		for _, s := range at.Subjects {
			p.keys = append(p.keys, s.String())
		}
	}
	r.places[packed] = p
	return p
}

// Flows adds a day.
func (r *Redemption) Flows(day calendar.Day, s *Flows) {
	month := calendar.GrainMonth.First(day).String()
	for packed, n := range s.all() {
		p := r.place(packed)
		if !p.counts {
			continue
		}
		plus(r.total[:], n)
		if r.split == loyaltyv1.RateSplit_RATE_SPLIT_MONTH {
			r.group(month, n)
		}
		for _, key := range p.keys {
			r.group(key, n)
		}
	}
}

// Rows adds a day of persons.
func (r *Redemption) Rows(day calendar.Day, s *Rows) {
	month := calendar.GrainMonth.First(day).String()
	for at, n := range s.all() {
		p := r.place(at.place)
		if !p.counts || r.Keep != nil && !r.Keep(at.who) {
			continue
		}
		tier := ""
		if r.TierOf != nil {
			tier = r.TierOf(at.who, calendar.Day(at.day))
		}
		if len(r.Tiers) > 0 && !r.Tiers[tier] {
			continue
		}
		plus(r.total[:], n)
		switch r.split {
		case loyaltyv1.RateSplit_RATE_SPLIT_MONTH:
			r.group(month, n)
		case loyaltyv1.RateSplit_RATE_SPLIT_TIER:
			r.group(tier, n)
		}
		for _, key := range p.keys {
			r.group(key, n)
		}
	}
}

func (r *Redemption) group(key string, n []int64) {
	sum := r.groups[key]
	if sum == nil {
		sum = &[flowWidth]int64{}
		r.groups[key] = sum
	}
	plus(sum[:], n)
}

// Total is all together.
func (r *Redemption) Total() *loyaltyv1.RedemptionRate { return rateOf("", &r.total) }

// Groups are ordered by key; those in which nothing was issued or spent are not told.
func (r *Redemption) Groups() (out []*loyaltyv1.RedemptionRate) {
	for _, key := range slices.Sorted(maps.Keys(r.groups)) {
		if n := r.groups[key]; n[issued] != 0 || n[spent] != 0 || n[redemptions] != 0 {
			out = append(out, rateOf(key, n))
		}
	}
	return out
}

func rateOf(key string, n *[flowWidth]int64) *loyaltyv1.RedemptionRate {
	return &loyaltyv1.RedemptionRate{
		Key: key, Issued: n[issued], Spent: n[spent], Redemptions: n[redemptions], Rate: Share(n[spent], n[issued]),
	}
}

// Share is part of whole in %; absent where there is no whole.
func Share(part, whole int64) *float64 {
	if whole <= 0 {
		return nil
	}
	v := 100 * float64(part) / float64(whole)
	return &v
}

// Issued tells whether anything was issued on the day.
func (s *Flows) Issued() bool {
	for _, n := range s.all() {
		if n[issued] > 0 {
			return true
		}
	}
	return false
}

// Owed is how much more was owed at the day's end than at its beginning.
func (s *Flows) Owed() int64 { return s.owed }

// Wear is what was issued on the day, and what expired.
func (s *Flows) Wear() (made, lost int64) {
	for _, n := range s.all() {
		made, lost = made+n[issued], lost+n[expired]
	}
	return made, lost
}
