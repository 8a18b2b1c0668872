package ledger

import (
	"fmt"
	"math"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Person is the accounts of one person in one programme, one for each number, ascending.
type Person []*Account

// most bounds what a person may have, so that no sum overflows.
const most int64 = 1e18

// sum adds up without overflow; nothing that is added is below 0.
func sum(all ...int64) (total int64) {
	for _, n := range all {
		if total > math.MaxInt64-n {
			return math.MaxInt64
		}
		total += n
	}
	return total
}

// room tells whether the person may get so many points more.
func (p Person) room(points int64) bool {
	total := points
	for _, a := range p {
		total = sum(total, a.Available, a.Held, a.Pending)
	}
	return total <= most
}

// owed is what all numbers owe.
func (p Person) owed() (total int64) {
	for _, a := range p {
		total = sum(total, a.Owed)
	}
	return total
}

// live is what has not expired of what is posted as available.
func (p Person) live(now int64) (total int64, err error) {
	if p.ended(now) {
		return 0, nil
	}
	for _, a := range p {
		gone, err := a.expired(now)
		if err != nil {
			return 0, err
		}
		total = sum(total, a.Available-gone)
	}
	return total, nil
}

// Spendable is what the person may spend at a moment. Of two who were merged one may have
// points and the other owe: what is owed cannot be spent.
func (p Person) Spendable(now int64) (int64, error) {
	live, err := p.live(now)
	return max(0, live-p.owed()), err
}

// Balance is what the person has at a moment. Nothing may be due.
func (p Person) Balance(now int64) (*loyaltyv1.Balance, error) {
	live, err := p.live(now)
	if err != nil {
		return nil, err
	}
	owed := p.owed()
	out := &loyaltyv1.Balance{Available: max(0, live-owed), Owed: max(0, owed-live)}
	for _, a := range p {
		out.Held = sum(out.Held, a.Held)
		if !p.ended(now) {
			out.Pending = sum(out.Pending, a.Pending-a.lapsed(now))
		}
	}
	return out, nil
}

// taking is a place among an account's lots.
type taking struct {
	account *Account
	from, i int
}

// errTorn says that lots were read that are newer than the account they are of.
var errTorn = fmt.Errorf("lots and their account are of two moments: %w", errUnsure)

// reach tells that lots of so many points are in memory, and Missing if not. It counts
// what is spendable whatever is owed.
func (p Person) reach(points, now int64) error {
	for _, a := range p {
		// Lots behind the edge may be sooner than another account's, so each account
		// that has more must reach the amount by itself.
		if a.more && a.known(points, now) < points {
			return &Missing{Account: a}
		}
	}
	return nil
}

// sound refuses to go on where fewer points are in lots than accounts say there are: what
// was read since they were is of another moment.
func (p Person) sound(points, now int64) error {
	var sum int64
	for _, a := range p {
		sum += a.known(points, now)
	}
	if sum < points {
		return errTorn
	}
	return nil
}

// known sums up lots in memory that may be spent, until there are so many points.
func (a *Account) known(points, now int64) (sum int64) {
	for _, l := range a.active {
		if sum >= points {
			break
		}
		if l.ExpiresAt > now {
			sum += l.Points
		}
	}
	return sum
}

// take takes points out of the soonest lots, of all numbers. There must be as many, and
// in memory (reach).
func (e *Entry) take(p Person, points int64) []Part {
	at := make([]taking, len(p))
	for i, a := range p {
		n := 0
		for n < len(a.active) && a.active[n].ExpiresAt <= e.Now {
			n++
		}
		at[i] = taking{account: a, from: n, i: n}
	}
	var parts []Part
	for points > 0 {
		var best *taking
		for i := range at {
			t := &at[i]
			if t.i < len(t.account.active) && (best == nil || sooner(t.account.active[t.i], best.account.active[best.i]) < 0) {
				best = t
			}
		}
		l := best.account.active[best.i]
		n := min(points, l.Points)
		parts = append(parts, l.part(best.account.Customer, n))
		l.Points -= n
		best.account.Available -= n
		e.changes.lot(best.account, l)
		points -= n
		if l.Points == 0 {
			best.account.Lots--
			best.i++
		}
	}
	for _, t := range at {
		t.account.active = cut(t.account.active, t.from, t.i)
	}
	return parts
}

// pay pays what the person owes, as far as points go, and returns what is left.
func (e *Entry) pay(p Person, points int64) int64 {
	for _, a := range p {
		n := min(points, a.Owed)
		if n > 0 {
			a.Owed -= n
			points -= n
			e.changes.account(a)
			e.post(loyaltyv1.AccountKind_ACCOUNT_KIND_OWED, a.Customer, n)
		}
	}
	return points
}
