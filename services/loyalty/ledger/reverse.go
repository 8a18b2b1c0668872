package ledger

import (
	"math/bits"
	"slices"
)

// Done is an entry of an order, as far as it is still done: what it earned or spent, and
// how much of that was taken back.
type Done struct {
	Seq      int64
	Customer int64
	// Earned is what it gave. Expired is what its lot lost by expiry, Excused how much of
	// that a reversal has let pass before.
	Earned, EarnedUndone, Expired, Excused int64
	// Money is what it was earned by, in minor units.
	Money, MoneyUndone int64
	// Lots are those it made.
	Lots []Part
	// Spent are the parts it took for good, in order.
	Spent       []Part
	SpentUndone int64
}

// Undone is how much a reversal took back of an entry.
type Undone struct {
	Seq, Earned, Spent, Expired, Money int64
}

// Keep is how much of what entries did stays. No money: as much as in proportion to the
// points that stay.
type Keep struct{ Earned, Spent, Money int64 }

// earned is what still stands.
func (d *Done) earned() int64 { return d.Earned - d.EarnedUndone }

func (d *Done) spent() (sum int64) {
	for _, p := range d.Spent {
		sum += p.Points
	}
	return sum - d.SpentUndone
}

// Standing tells whether anything of the entries was not taken back.
func Standing(done []*Done) bool {
	return slices.ContainsFunc(done, func(d *Done) bool { return d.earned() > 0 || d.spent() > 0 })
}

// undo is what a reversal takes back of each entry; the oldest keep theirs.
func undo(done []*Done, keep Keep) (out []Undone) {
	inProportion := keep.Money == 0
	for _, d := range done {
		earned, spent, money := min(keep.Earned, d.earned()), min(keep.Spent, d.spent()), d.Money-d.MoneyUndone
		keep.Earned -= earned
		keep.Spent -= spent
		if inProportion {
			money = min(money, share(d.Money, earned, d.Earned))
		} else {
			money = min(money, keep.Money)
			keep.Money -= money
		}
		u := Undone{Seq: d.Seq, Earned: d.earned() - earned, Spent: d.spent() - spent, Money: d.Money - d.MoneyUndone - money}
		u.Expired = min(u.Earned, d.Expired-d.Excused)
		if u.Earned+u.Spent+u.Money > 0 {
			out = append(out, u)
		}
	}
	return out
}

// share is ⌊money × part / whole⌋; part is at most whole.
func share(money, part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(money), uint64(part))
	n, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(n)
}

// Reverse takes back what entries did, oldest first, all but what is kept. What goes back
// to lots goes first: it may cover what is taken.
func (e *Entry) Reverse(p Person, done []*Done, keep Keep) ([]Undone, error) {
	out := undo(done, keep)
	byseq := map[int64]*Done{}
	for _, d := range done {
		byseq[d.Seq] = d
	}
	var back []Part
	var most int64
	for _, u := range out {
		most = sum(most, u.Earned)
		back = append(back, byseq[u.Seq].last(u.Spent)...)
	}
	if err := e.prepare(p, done, back, most); err != nil {
		return nil, err
	}
	for _, part := range back {
		e.post(redeemed, 0, -part.Points)
	}
	e.back(back)
	for _, u := range out {
		e.takeBack(p, byseq[u.Seq], u.Earned-u.Expired)
	}
	return out, nil
}

// prepare tells that all that a reversal may touch is in memory.
func (e *Entry) prepare(p Person, done []*Done, back []Part, most int64) error {
	if err := e.known(back); err != nil {
		return err
	}
	for _, d := range done {
		if err := e.known(d.Lots); err != nil {
			return err
		}
	}
	if most == 0 {
		return nil
	}
	live, err := p.live(e.Now)
	if err != nil {
		return err
	}
	there := min(most, live)
	for _, part := range back {
		live = sum(live, part.Points)
	}
	if err := p.reach(min(most, live), e.Now); err != nil {
		return err
	}
	return p.sound(there, e.Now)
}

// last are the parts that go back next: of those taken last, the ones not returned yet.
func (d *Done) last(points int64) []Part {
	skip := d.SpentUndone
	var out []Part
	for _, p := range slices.Backward(d.Spent) {
		n := p.Points
		if skip >= n {
			skip -= n
			continue
		}
		n = min(n-skip, points)
		skip = 0
		if n == 0 {
			break
		}
		points -= n
		out = append(out, Part{p.Lot, p.Customer, n, p.EarnedAt, p.ExpiresAt})
	}
	return out
}

// takeBack takes what an entry gave: from its lots, from what is available, and what is
// not there is owed.
func (e *Entry) takeBack(p Person, d *Done, points int64) {
	e.post(issued, 0, points)
	for _, part := range d.Lots {
		a := e.account(part.Customer)
		l, _ := a.find(part.Lot, part.ExpiresAt) // prepare has looked
		if l == nil || l.Points == 0 || points == 0 {
			continue
		}
		n := min(points, l.Points)
		e.drain(a, l, n)
		points -= n
	}
	live, _ := p.live(e.Now) // prepare has looked
	if n := min(points, live); n > 0 {
		parts := e.take(p, n)
		e.leave(available, parts)
		e.taken = append(e.taken, parts...)
		points -= n
	}
	if points > 0 {
		a := e.account(d.Customer)
		a.Owed += points
		e.post(owed, a.Customer, -points)
		e.changes.account(a)
	}
}
