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
	// lapses are points that went since nothing was bought, and did not come back.
	lapses []refLapse
}

type refLapse struct{ points, at int64 }

// refClock is until when points of a number live without purchases.
type refClock struct{ bought, until, given int64 }

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
	// idle is after how many days without purchases all points go; 0: never.
	idle   int
	clocks map[int64]refClock
}

func newReference(now time.Time) *reference {
	return &reference{now: now.UnixMicro(), owed: map[int64]int64{}, into: map[int64]int64{}, clocks: map[int64]refClock{}}
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

// end is when all points of a person go.
func (r *reference) end(who int64) int64 {
	var c refClock
	for _, n := range r.numbers(who) {
		o := r.clocks[n]
		if o.bought > c.bought || o.bought == c.bought && o.until > c.until {
			c.bought, c.until = o.bought, o.until
		}
		c.given = max(c.given, o.given)
	}
	if c == (refClock{}) {
		return never
	}
	return max(c.until, c.given)
}

// until is the midnight behind the days that points live for.
func (r *reference) until(at int64) int64 {
	moscow, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		panic(err)
	}
	y, m, d := time.UnixMicro(at).In(moscow).Date()
	return time.Date(y, m, d+r.idle+1, 0, 0, 0, 0, moscow).UnixMicro()
}

// bought restarts a clock. What went before stays gone, what had not gone by it comes back.
func (r *reference) bought(who, at int64) {
	if r.idle == 0 {
		return
	}
	if end := r.end(who); end <= r.now {
		if at >= end {
			r.lapse(who, end)
		}
		defer r.settle(who)
	}
	until, c := r.until(at), r.clocks[who]
	if at > c.bought || at == c.bought && until > c.until {
		c.bought, c.until = at, until
	}
	r.clocks[who] = c
	if until <= r.now {
		return
	}
	lots := slices.Clone(r.lots)
	slices.SortFunc(lots, func(a, b *refLot) int { return cmp.Or(cmp.Compare(a.expires, b.expires), cmp.Compare(a.id, b.id)) })
	for _, l := range lots {
		for i, p := range l.lapses {
			if !r.has(who, l.owner) || p.at <= at || l.expires <= r.now || p.points == 0 {
				continue
			}
			l.lapses[i].points = 0
			for _, e := range r.entries {
				if e.lot == l.id {
					e.expired -= p.points
				}
			}
			if l.activeAt != 0 && l.activeAt != never && l.activeAt > r.now {
				l.points += p.points
				continue
			}
			l.activeAt = 0
			l.points += r.pay(l.owner, p.points)
		}
	}
}

// given lets a clock run that does not; until 0: by the days from now.
func (r *reference) given(who, until int64) {
	end := r.end(who)
	if r.idle == 0 || end > r.now && end != never {
		return
	}
	if until == 0 {
		until = r.until(r.now)
	}
	if end == never && until == never {
		return
	}
	if end <= r.now {
		r.lapse(who, end)
	}
	c := r.clocks[who]
	c.given = max(c.given, until)
	r.clocks[who] = c
}

// lapse posts that all points of a person went at a time.
func (r *reference) lapse(who, at int64) (lots, points int64) {
	for _, l := range r.lots {
		if r.has(who, l.owner) && l.points > 0 && l.expires > at {
			lots, points = lots+1, points+l.points
			l.lapses = append(l.lapses, refLapse{l.points, at})
			r.post(l)
		}
	}
	return lots, points
}

// post empties a lot that went.
func (r *reference) post(l *refLot) {
	for _, e := range r.entries {
		if e.lot == l.id {
			e.expired += l.points
		}
	}
	l.points = 0
}

// live are the lots of a person that may be spent, soonest first.
func (r *reference) live(who int64) (out []*refLot, sum int64) {
	if r.end(who) <= r.now {
		return nil, 0
	}
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
			return l.owner != n || l.points == 0 || l.activeAt == 0 || l.activeAt > r.now || l.expires <= r.now || r.end(who) <= r.now
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
	if activeAt == 0 && expires > r.now && r.end(owner) > r.now {
		points = r.pay(owner, points)
	}
	r.made++
	r.lots = append(r.lots, &refLot{id: r.made, owner: owner, points: points, earned: earned, expires: expires, activeAt: activeAt})
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
		if p.expires > r.now && r.end(p.owner) > r.now {
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
		if e.lot > 0 {
			pass := free
			for i := range slices.Backward(r.lots[e.lot-1].lapses) {
				l := &r.lots[e.lot-1].lapses[i]
				part := min(pass, l.points)
				l.points, pass = l.points-part, pass-part
			}
		}
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
	for n := int64(1); n <= people; n++ {
		if end := r.end(n); end <= r.now {
			l, p := r.lapse(n, end)
			lots, points = lots+l, points+p
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
			r.post(l)
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
	free, end := map[int64]int64{}, r.end(who)
	for _, l := range r.lots {
		expires := min(l.expires, end)
		switch {
		case !r.has(who, l.owner) || l.points == 0 || expires <= r.now:
		case l.activeAt > r.now:
			b.Pending += l.points
			b.Waiting[l.activeAt] += l.points
		default:
			free[expires] += l.points
		}
	}
	for _, h := range r.holds {
		for _, p := range h.parts {
			expires := min(p.expires, end)
			switch {
			case !r.has(who, p.owner):
			case h.ends > r.now:
				b.Held += p.points
				b.Expiries[expires] += p.points
			case expires > r.now:
				free[expires] += p.points
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
