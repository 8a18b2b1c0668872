package ledger

import (
	"errors"
	"math/rand/v2"
	"testing"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// hall is some persons' accounts, and the time.
type hall struct {
	t       *testing.T
	rnd     *rand.Rand
	persons []Person
	holds   []*Hold
	seq     int64
	now     int64
	changes *Changes
}

func (h *hall) person(customer int64) Person { return h.persons[(customer-1)/2] }

func (h *hall) entry() *Entry {
	h.seq++
	return NewEntry(loyaltyv1.MovementKind_MOVEMENT_KIND_EARN, h.seq, h.now, h.person, h.changes)
}

// step makes a random movement. A refused one changes nothing.
func (h *hall) step() {
	h.now += h.rnd.Int64N(5)
	p := h.persons[h.rnd.IntN(len(h.persons))]
	e, own, points := h.entry(), p[h.rnd.IntN(len(p))], 1+h.rnd.Int64N(50)
	before, _ := p.Spendable(h.now)
	var err error
	switch h.rnd.IntN(8) {
	case 0, 1:
		err = e.Earn(p, own, Grant{Points: points, EarnedAt: h.now, ExpiresAt: h.now + h.rnd.Int64N(90), ActiveAt: h.now + h.rnd.Int64N(9) - 5})
	case 2:
		err = e.Redeem(p, points)
	case 3:
		one := &Hold{Programme: "p", Customer: own.Customer, EndsAt: h.now + h.rnd.Int64N(40)}
		if err = e.Hold(p, one, points); err == nil {
			h.holds = append(h.holds, one)
		}
	case 4:
		if len(h.holds) > 0 {
			one := h.holds[0]
			h.holds = h.holds[1:]
			err = e.Capture(one, h.rnd.Int64N(one.Points()+1))
		}
	case 5:
		to := h.persons[(own.Customer/2+1)%int64(len(h.persons))]
		err = e.Transfer(p, to, to[0], points)
	case 6:
		for _, a := range p {
			lots, _ := a.Due(h.now)
			e.Activate(a, lots...)
		}
	case 7:
		if len(own.active) > 0 {
			e.Expire(own, own.active[0], own.active[0].ExpiresAt)
		}
	}
	var short *Insufficient
	if errors.As(err, &short) {
		if short.Available != before || before >= points || len(e.postings) > 0 {
			h.t.Errorf("refused %d of %d, told %d, posted %v", points, before, short.Available, e.postings)
		}
	} else if err != nil {
		h.t.Error(err)
	}
	h.check(e)
}

// check finds that the movement sums to zero, and that accounts are what their lots and
// holds say.
func (h *hall) check(e *Entry) {
	var total int64
	for _, p := range e.postings {
		total += p.GetPoints()
	}
	if total != 0 {
		h.t.Errorf("movement sums to %d: %v", total, e.postings)
	}
	for _, p := range h.persons {
		for _, a := range p {
			var free, later, kept int64
			for i, l := range a.active {
				free += l.Points
				if l.Points <= 0 || i > 0 && sooner(a.active[i-1], l) >= 0 {
					h.t.Errorf("lot %+v of %d is out of place", l, a.Customer)
				}
			}
			for _, l := range a.pending {
				later += l.Points
			}
			for _, one := range a.holds {
				kept += owned(one, a.Customer)
			}
			if free != a.Available || later != a.Pending || kept != a.Held || int64(len(a.active)+len(a.pending)) != a.Lots || a.Owed < 0 {
				h.t.Errorf("account %+v holds %d, %d and %d", a, free, later, kept)
			}
		}
	}
}

// Every movement sums to zero, whatever is done: nothing is spent that is not there, and
// accounts are the sums of their lots and holds.
func TestMovementsSumToZero(t *testing.T) {
	for seed := range uint64(30) {
		h := &hall{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), changes: NewChanges(), now: 1000}
		for i := range int64(3) {
			h.persons = append(h.persons, Person{NewAccount("p", 2*i+1), NewAccount("p", 2*i+2)})
		}
		for range 400 {
			h.step()
			if t.Failed() {
				t.Fatalf("seed %d, movement %d", seed, h.seq)
			}
		}
	}
}

// A reversal returns the parts that were taken last, and each point once.
func TestReversalReturnsEachPointOnce(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 200 {
		d := &Done{}
		var all int64
		for i := range 1 + rnd.IntN(5) {
			n := 1 + rnd.Int64N(9)
			d.Spent = append(d.Spent, Part{Lot: LotID(i + 1), Points: n})
			all += n
		}
		left := map[LotID]int64{}
		for _, p := range d.Spent {
			left[p.Lot] = p.Points
		}
		for last := LotID(len(d.Spent)); d.spent() > 0; {
			n := 1 + rnd.Int64N(d.spent())
			for _, p := range d.last(n) {
				if p.Lot > last || p.Points <= 0 {
					t.Fatalf("%v went back behind lot %d", p, last)
				}
				last = p.Lot
				left[p.Lot] -= p.Points
				all -= p.Points
			}
			d.SpentUndone += n
		}
		for lot, n := range left {
			if n != 0 {
				t.Fatalf("%d of lot %d did not go back", n, lot)
			}
		}
		if all != 0 {
			t.Fatalf("%d points are left over", all)
		}
	}
}
