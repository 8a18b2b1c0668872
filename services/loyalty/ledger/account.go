package ledger

import (
	"math"
	"slices"
	"sort"
)

// Account is what one customer's number has in one programme.
type Account struct {
	Programme string
	Customer  int64
	// As posted. Owed is what is missing, above 0.
	Available, Held, Pending, Owed int64
	// Lots counts those with points, of both kinds.
	Lots int64
	// Clock is until when all of them live without purchases.
	Clock Clock

	// active are the lots that may be spent, soonest first. With more, there are others
	// behind edge; loose are those of them that were asked for, or made, alone.
	active, loose []*Lot
	more          bool
	edge          Lot
	// pending are all that may not be spent yet, in order of ActiveAt.
	pending []*Lot
	// holds are all that hold points of this account.
	holds []*Hold
	// due is when the next pending lot or hold is; at the latest then settle is called.
	due int64
	// stored tells that the table has a row of it.
	stored bool
}

// NewAccount is one that nothing happened to.
func NewAccount(programme string, customer int64) *Account {
	return &Account{Programme: programme, Customer: customer, due: math.MaxInt64}
}

// find returns a lot that has points, or had and is remembered; nil: there is none. A
// lot behind those that are known is Missing.
func (a *Account) find(id LotID, expiresAt int64) (*Lot, error) {
	key := &Lot{ID: id, ExpiresAt: expiresAt}
	for _, l := range a.pending {
		if l.ID == id {
			return l, nil
		}
	}
	if a.knows(key) {
		if i, ok := slices.BinarySearchFunc(a.active, key, sooner); ok {
			return a.active[i], nil
		}
		return nil, nil
	}
	if i, ok := slices.BinarySearchFunc(a.loose, key, sooner); ok {
		return a.loose[i], nil
	}
	return nil, &Missing{Account: a, Lot: id, ExpiresAt: expiresAt}
}

// knows tells that a lot is among the active ones if it is there at all.
func (a *Account) knows(l *Lot) bool { return !a.more || sooner(l, &a.edge) <= 0 }

// insert puts a lot where it belongs.
func (a *Account) insert(l *Lot) {
	if l.ActiveAt != 0 {
		i := sort.Search(len(a.pending), func(i int) bool {
			p := a.pending[i]
			return p.ActiveAt > l.ActiveAt || p.ActiveAt == l.ActiveAt && p.ID > l.ID
		})
		a.pending = slices.Insert(a.pending, i, l)
		if l.ActiveAt != OnDelivery {
			a.due = min(a.due, l.ActiveAt)
		}
		return
	}
	list := &a.active
	if !a.knows(l) {
		list = &a.loose
	}
	if i, ok := slices.BinarySearchFunc(*list, l, sooner); !ok {
		*list = slices.Insert(*list, i, l)
	}
}

// loosen notes a lot that was asked for alone.
func (a *Account) loosen(l *Lot) {
	i := sort.Search(len(a.loose), func(i int) bool { return sooner(a.loose[i], l) >= 0 })
	a.loose = slices.Insert(a.loose, i, l)
}

// remove takes a lot out that has no points left.
func (a *Account) remove(l *Lot) {
	if l.ActiveAt != 0 {
		a.pending = slices.DeleteFunc(a.pending, func(p *Lot) bool { return p == l })
		return
	}
	if i, ok := slices.BinarySearchFunc(a.active, l, sooner); ok {
		a.active = cut(a.active, i, i+1)
	}
	// A loose one stays, empty, so that it is not read again.
}

// cut drops lots [i, j). At the front, where most are, nothing is moved.
func cut(lots []*Lot, i, j int) []*Lot {
	if i == 0 {
		clear(lots[:j])
		return lots[j:]
	}
	return slices.Delete(lots, i, j)
}

// extend takes in the lots that follow the last one known, in order; whole: there are no
// more. What has become of those known meanwhile stands.
func (a *Account) extend(next []*Lot, whole bool) {
	a.edge = Lot{ExpiresAt: Never, ID: math.MaxInt64}
	if !whole {
		a.edge = *next[len(next)-1]
	}
	known := make(map[LotID]bool, len(a.loose))
	for _, l := range a.loose {
		known[l.ID] = true
	}
	next = slices.DeleteFunc(next, func(l *Lot) bool { return known[l.ID] })
	keep := a.loose[:0]
	for _, l := range a.loose {
		switch {
		case sooner(l, &a.edge) > 0:
			keep = append(keep, l)
		case l.Points > 0:
			next = append(next, l)
		}
	}
	clear(a.loose[len(keep):])
	a.loose, a.more = keep, !whole
	slices.SortFunc(next, sooner)
	a.active = append(a.active, next...)
}

// expired sums what is posted as available and is not any more.
func (a *Account) expired(now int64) (sum int64, err error) {
	for _, l := range a.active {
		if l.ExpiresAt > now {
			return sum, nil
		}
		sum += l.Points
	}
	if a.more && a.edge.ExpiresAt <= now {
		return 0, &Missing{Account: a}
	}
	return sum, nil
}

// lapsed sums what is posted as pending and has expired.
func (a *Account) lapsed(now int64) (sum int64) {
	for _, l := range a.pending {
		if l.ExpiresAt <= now {
			sum += l.Points
		}
	}
	return sum
}

// redue finds out anew when the next thing is due.
func (a *Account) redue() {
	a.due = math.MaxInt64
	if len(a.pending) > 0 && a.pending[0].ActiveAt != OnDelivery {
		a.due = a.pending[0].ActiveAt
	}
	for _, h := range a.holds {
		a.due = min(a.due, h.EndsAt)
	}
}

func (a *Account) dropHold(h *Hold) {
	a.holds = slices.DeleteFunc(a.holds, func(o *Hold) bool { return o == h })
}
