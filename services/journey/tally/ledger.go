package tally

import "slices"

// Run is a stretch of rows, ascending by customer and Trait, in columns.
type Run struct {
	Who   []int64
	Trait []uint32
	Count []int32
}

// at is where the row stands, or would stand.
func (r *Run) at(who int64, trait uint32) (int, bool) {
	low, high := 0, len(r.Who)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if r.Who[mid] < who || r.Who[mid] == who && r.Trait[mid] < trait {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, low < len(r.Who) && r.Who[low] == who && r.Trait[low] == trait
}

func (r *Run) push(who int64, trait uint32, n int32) {
	if n != 0 {
		r.Who, r.Trait, r.Count = append(r.Who, who), append(r.Trait, trait), append(r.Count, n)
	}
}

// ledger holds signed counts by row. A row that is there costs a search; a new one
// goes into a small second run, which is merged into the first when it grows.
// Counts may reach 0, and below while facts are applied out of order; rows of 0
// are dropped when merging and never written.
type ledger struct{ settled, fresh Run }

// Bounds of the second run: the lower keeps merges rare, the upper keeps
// inserting into it cheap.
const minFresh, maxFresh = 128, 1024

func (l *ledger) add(who int64, trait uint32, n int32) {
	if i, ok := l.settled.at(who, trait); ok {
		l.settled.Count[i] += n
		return
	}
	f := &l.fresh
	i, ok := f.at(who, trait)
	if ok {
		f.Count[i] += n
		return
	}
	f.Who = slices.Insert(f.Who, i, who)
	f.Trait = slices.Insert(f.Trait, i, trait)
	f.Count = slices.Insert(f.Count, i, n)
	if len(f.Who) >= max(minFresh, min(maxFresh, len(l.settled.Who)/16)) {
		*l = ledger{settled: l.merged(len(l.settled.Who) / 8)}
	}
}

// merged is both runs in one, without rows of 0, with room for more.
func (l *ledger) merged(room int) Run {
	a, b := &l.settled, &l.fresh
	n := len(a.Who) + len(b.Who)
	out := Run{make([]int64, 0, n+room), make([]uint32, 0, n+room), make([]int32, 0, n+room)}
	i := 0
	for j, who := range b.Who {
		for ; i < len(a.Who) && (a.Who[i] < who || a.Who[i] == who && a.Trait[i] < b.Trait[j]); i++ {
			out.push(a.Who[i], a.Trait[i], a.Count[i])
		}
		out.push(who, b.Trait[j], b.Count[j])
	}
	for ; i < len(a.Who); i++ {
		out.push(a.Who[i], a.Trait[i], a.Count[i])
	}
	return out
}

func (l *ledger) size() int {
	return 16 * (cap(l.settled.Who) + cap(l.fresh.Who))
}
