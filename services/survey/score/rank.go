package score

import (
	"cmp"
	"slices"
	"sort"
)

// Item is something to rank: a store, a seller, a courier.
type Item[K cmp.Ordered] struct {
	ID   K
	Hist Hist
}

// Place is an item's place in a ranking.
type Place[K cmp.Ordered] struct {
	ID K
	// Rank is the place from 1; no two items share one. 0: not ranked.
	Rank int
	// Best and Worst are the ranks the intervals allow: 1 + the number of items
	// surely better (their interval lies above this one's), and the number of all
	// less those surely worse.
	Best, Worst int
	// Tier is from 1. An item is in the tier of the one before it unless it is
	// surely worse than that tier's first: their intervals do not meet.
	Tier int
	// N and Value are plain; Absent if nobody answered.
	N      int64
	Value  float64
	Absent bool
	// Low and High are the 95 % interval with a pseudo-answer at each end of the
	// scale: what the ranking is decided by.
	Low, High float64
}

// Ranking is a ranked list, best first.
type Ranking[K cmp.Ordered] struct {
	Ranked []Place[K]
	// TooFew have less than the least number of answers asked for, by ID. They
	// have no rank, and count in nobody's.
	TooFew []Place[K]
}

// contender is what is sorted: little, as there may be a million. Where lower is
// better its interval is turned over, so that high is always good.
type contender[K cmp.Ordered] struct {
	low, high float64
	id        K
	item      int
}

// before orders contenders, best first. It runs n·log n times: nothing is
// compared that need not be.
func (c contender[K]) before(o contender[K]) int {
	switch {
	case c.low > o.low:
		return -1
	case c.low < o.low:
		return 1
	case c.id != o.id:
		return cmp.Compare(c.id, o.id)
	}
	return cmp.Compare(c.item, o.item)
}

// Rank orders items by what they are at least, as far as 95 % certainty goes: by
// the lower bound of their interval (the upper one, ascending, where lower is
// better). So one answer of 10 does not beat ninety-five of a hundred. Equal
// bounds are ordered by ID, equal IDs as they came. An item below leastN answers
// (at least 1) is set apart.
func Rank[K cmp.Ordered](d Def, items []Item[K], leastN int64) Ranking[K] {
	d = d.filled()
	var out Ranking[K]
	contenders := make([]contender[K], 0, len(items))
	for i := range items {
		id, h := items[i].ID, &items[i].Hist
		if h.N() < max(leastN, 1) {
			out.TooFew = append(out.TooFew, place(d, id, h))
			continue
		}
		steady := d.steadied(*h)
		interval := d.interval(&steady)
		c := contender[K]{low: interval.Low, high: interval.High, id: id, item: i}
		if d.LowerIsBetter() {
			c.low, c.high = -c.high, -c.low
		}
		contenders = append(contenders, c)
	}
	slices.SortStableFunc(out.TooFew, func(a, b Place[K]) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(contenders, contender[K].before)
	out.Ranked = make([]Place[K], len(contenders))
	for i, c := range contenders {
		out.Ranked[i] = place(d, c.id, &items[c.item].Hist)
	}
	standings(contenders, out.Ranked)
	return out
}

// place is an item before it has a rank.
func place[K cmp.Ordered](d Def, id K, h *Hist) Place[K] {
	p := Place[K]{ID: id, N: h.N()}
	if p.N <= 0 {
		p.Absent = true
		return p
	}
	p.Value, _ = d.estimate(h)
	steady := d.steadied(*h)
	interval := d.interval(&steady)
	p.Low, p.High = interval.Low, interval.High
	return p
}

// standings fills in ranks, their ranges and tiers of sorted contenders.
func standings[K cmp.Ordered](sorted []contender[K], places []Place[K]) {
	n := len(sorted)
	lows, highs := make([]float64, n), make([]float64, n)
	for i, c := range sorted {
		lows[n-1-i], highs[i] = c.low, c.high
	}
	slices.Sort(highs)
	tier, first := 0, 0.0
	for i, c := range sorted {
		better := n - sort.Search(n, func(j int) bool { return lows[j] > c.high })
		worse := sort.SearchFloat64s(highs, c.low)
		if i == 0 || c.high < first {
			tier, first = tier+1, c.low
		}
		p := &places[i]
		p.Rank, p.Best, p.Worst, p.Tier = i+1, 1+better, n-worse, tier
	}
}
