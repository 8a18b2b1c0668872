package loyalty_test

import (
	"cmp"
	"slices"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// The plain reference: lists, walked from end to end, and no postings. It knows the
// contract and none of the code that it judges.

const never = int64(1) << 62

type refLot struct {
	id                        int
	owner, points             int64
	earned, expires, activeAt int64
}

type refPart struct {
	lot                            int
	owner, points, earned, expires int64
}

type refHold struct {
	id, who, ends int64
	order         string
	parts         []refPart
}

// refEntry is what an order earned or spent.
type refEntry struct {
	who              int64
	order            string
	lot              int
	earned, undone   int64
	expired, excused int64
	parts            []refPart
	spent, given     int64
}

type reference struct {
	now     int64
	lots    []*refLot
	holds   []*refHold
	entries []*refEntry
	owed    map[int64]int64
	into    map[int64]int64
	made    int
}

func newReference(now time.Time) *reference {
	return &reference{now: now.UnixMicro(), owed: map[int64]int64{}, into: map[int64]int64{}}
}

const people = 5

// numbers are those of one person, ascending.
func (r *reference) numbers(who int64) (out []int64) {
	top := func(n int64) int64 {
		for r.into[n] != 0 {
			n = r.into[n]
		}
		return n
	}
	for n := int64(1); n <= people; n++ {
		if top(n) == top(who) {
			out = append(out, n)
		}
	}
	return out
}

func (r *reference) has(who, owner int64) bool { return slices.Contains(r.numbers(who), owner) }

// live are the lots of a person that may be spent, soonest first.
func (r *reference) live(who int64) (out []*refLot, sum int64) {
	for _, l := range r.lots {
		if r.has(who, l.owner) && l.points > 0 && l.activeAt == 0 && l.expires > r.now {
			out, sum = append(out, l), sum+l.points
		}
	}
	slices.SortFunc(out, func(a, b *refLot) int { return cmp.Or(cmp.Compare(a.expires, b.expires), cmp.Compare(a.id, b.id)) })
	return out, sum
}

func (r *reference) debts(who int64) (sum int64) {
	for _, n := range r.numbers(who) {
		sum += r.owed[n]
	}
	return sum
}

func (r *reference) pay(who, points int64) int64 {
	for _, n := range r.numbers(who) {
		paid := min(points, r.owed[n])
		r.owed[n] -= paid
		points -= paid
	}
	return points
}

// settle does what is due for a person, as any call about it does.
func (r *reference) settle(who int64) {
	for _, n := range r.numbers(who) {
		ripe := slices.DeleteFunc(slices.Clone(r.lots), func(l *refLot) bool {
			return l.owner != n || l.points == 0 || l.activeAt == 0 || l.activeAt > r.now || l.expires <= r.now
		})
		slices.SortStableFunc(ripe, func(a, b *refLot) int { return cmp.Compare(a.activeAt, b.activeAt) })
		for _, l := range ripe {
			r.activate(l)
		}
		over := slices.DeleteFunc(slices.Clone(r.holds), func(h *refHold) bool {
			return h.ends > r.now || !slices.ContainsFunc(h.parts, func(p refPart) bool { return p.owner == n })
		})
		slices.SortStableFunc(over, func(a, b *refHold) int { return cmp.Compare(a.ends, b.ends) })
		for _, h := range over {
			r.release(h, 0)
		}
	}
}

func (r *reference) activate(l *refLot) {
	l.activeAt = 0
	l.points = r.pay(l.owner, l.points)
}

// give makes a lot, or pays debts.
func (r *reference) give(owner, points, earned, expires, activeAt int64) int {
	if activeAt <= r.now {
		activeAt = 0
	}
	if activeAt == 0 && expires > r.now {
		points = r.pay(owner, points)
	}
	r.made++
	r.lots = append(r.lots, &refLot{r.made, owner, points, earned, expires, activeAt})
	return r.made
}

// take takes from the soonest lots; there are as many points.
func (r *reference) take(who, points int64) (out []refPart) {
	lots, _ := r.live(who)
	for _, l := range lots {
		if n := min(points, l.points); n > 0 {
			out = append(out, refPart{l.id, l.owner, n, l.earned, l.expires})
			l.points -= n
			points -= n
		}
	}
	return out
}

// spend takes what may be spent.
func (r *reference) spend(who, points int64) ([]refPart, commonv1.Reason) {
	if _, sum := r.live(who); sum-r.debts(who) < points {
		return nil, commonv1.Reason_REASON_POINTS_INSUFFICIENT
	}
	return r.take(who, points), 0
}

// back returns parts to their lots.
func (r *reference) back(parts []refPart) {
	for _, p := range parts {
		points := p.points
		if p.expires > r.now {
			points = r.pay(p.owner, points)
		}
		r.lots[p.lot-1].points += points
	}
}

// release spends so many points of a hold and gives the rest back.
func (r *reference) release(h *refHold, points int64) (spent []refPart) {
	var back []refPart
	for _, p := range h.parts {
		n := min(points, p.points)
		points -= n
		one, rest := p, p
		one.points, rest.points = n, p.points-n
		if n > 0 {
			spent = append(spent, one)
		}
		if rest.points > 0 {
			back = append(back, rest)
		}
	}
	r.holds = slices.DeleteFunc(r.holds, func(o *refHold) bool { return o == h })
	r.back(back)
	return spent
}

func (r *reference) reverse(who int64, order string, keepEarned, keepSpent int64) commonv1.Reason {
	var mine []*refEntry
	stands := false
	for _, e := range r.entries {
		if e.order == order && r.has(who, e.who) {
			mine = append(mine, e)
			stands = stands || e.earned > e.undone || e.spent > e.given
		}
	}
	if !stands {
		return commonv1.Reason_REASON_NOTHING_TO_REVERSE
	}
	type debt struct {
		e      *refEntry
		points int64
	}
	var take []debt
	var back []refPart
	for _, e := range mine {
		keep := min(keepEarned, e.earned-e.undone)
		keepEarned -= keep
		n := e.earned - e.undone - keep
		free := min(n, e.expired-e.excused)
		e.undone, e.excused = e.undone+n, e.excused+free
		take = append(take, debt{e, n - free})
		stay := min(keepSpent, e.spent-e.given)
		keepSpent -= stay
		back = append(back, e.unspend(e.spent-e.given-stay)...)
	}
	r.back(back)
	for _, d := range take {
		points := d.points
		if d.e.lot > 0 {
			l := r.lots[d.e.lot-1]
			n := min(points, l.points)
			l.points -= n
			points -= n
		}
		_, sum := r.live(who)
		n := min(points, sum)
		r.take(who, n)
		r.owed[d.e.who] += points - n
	}
	return 0
}

// unspend are the parts spent last that did not go back yet.
func (e *refEntry) unspend(points int64) (out []refPart) {
	// Point by point: as plain as can be.
	var each []refPart
	for _, p := range e.parts {
		for range p.points {
			one := p
			one.points = 1
			each = append(each, one)
		}
	}
	end := len(each) - int(e.given)
	e.given += points
	for i := end - 1; i >= end-int(points); i-- {
		if n := len(out); n > 0 && out[n-1].lot == each[i].lot {
			out[n-1].points++
		} else {
			out = append(out, each[i])
		}
	}
	return out
}

// expire posts all that is due.
func (r *reference) expire() (lots, points, holds, activated int64) {
	over := slices.Clone(r.holds)
	slices.SortStableFunc(over, func(a, b *refHold) int { return cmp.Compare(a.ends, b.ends) })
	for _, h := range over {
		if h.ends <= r.now {
			r.release(h, 0)
			holds++
		}
	}
	ripe := slices.Clone(r.lots)
	slices.SortStableFunc(ripe, func(a, b *refLot) int { return cmp.Compare(a.activeAt, b.activeAt) })
	for _, l := range ripe {
		if l.points > 0 && l.activeAt != 0 && l.activeAt <= r.now && l.expires > r.now {
			r.activate(l)
			activated++
		}
	}
	for _, l := range r.lots {
		if l.points > 0 && l.expires <= r.now {
			lots, points = lots+1, points+l.points
			for _, e := range r.entries {
				if e.lot == l.id {
					e.expired += l.points
				}
			}
			l.points = 0
		}
	}
	return lots, points, holds, activated
}

// refBalance is what somebody has at the reference's time.
type refBalance struct {
	Available, Held, Pending, Owed int64
	Expiries, Waiting              map[int64]int64
}

func (r *reference) balance(who int64) refBalance {
	b := refBalance{Owed: r.debts(who), Expiries: map[int64]int64{}, Waiting: map[int64]int64{}}
	free := map[int64]int64{}
	for _, l := range r.lots {
		switch {
		case !r.has(who, l.owner) || l.points == 0 || l.expires <= r.now:
		case l.activeAt > r.now:
			b.Pending += l.points
			b.Waiting[l.activeAt] += l.points
		default:
			free[l.expires] += l.points
		}
	}
	for _, h := range r.holds {
		for _, p := range h.parts {
			switch {
			case !r.has(who, p.owner):
			case h.ends > r.now:
				b.Held += p.points
				b.Expiries[p.expires] += p.points
			case p.expires > r.now:
				free[p.expires] += p.points
			}
		}
	}
	times := make([]int64, 0, len(free))
	for at := range free {
		times = append(times, at)
	}
	slices.Sort(times)
	for _, at := range slices.Backward(times) {
		n := min(b.Owed, free[at])
		b.Owed -= n
		if free[at] -= n; free[at] > 0 {
			b.Available += free[at]
			b.Expiries[at] += free[at]
		}
	}
	return b
}
