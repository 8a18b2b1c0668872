package ledger

import (
	"errors"
	"fmt"
	"slices"
)

// Insufficient says that fewer points may be spent than were asked for.
type Insufficient struct{ Available int64 }

func (e *Insufficient) Error() string { return fmt.Sprintf("%d points are available", e.Available) }

// ErrTooMuch says that a balance would become larger than is kept.
var ErrTooMuch = errors.New("the balance would become larger than 10^18")

// Grant is how points are given.
type Grant struct {
	Points, EarnedAt, ExpiresAt int64
	// ActiveAt, if it lies ahead, is from when they may be spent.
	ActiveAt int64
}

// Earn gives points to a number of a person. What is owed is paid from them first,
// unless they are pending, or expired as they come.
func (e *Entry) Earn(p Person, to *Account, g Grant) error {
	if !p.room(g.Points) {
		return ErrTooMuch
	}
	e.post(issued, 0, -g.Points)
	e.grant(p, to, g)
	return nil
}

// grant gives points that come from somewhere.
func (e *Entry) grant(p Person, to *Account, g Grant) {
	points := g.Points
	if g.ActiveAt <= e.Now {
		g.ActiveAt = 0
	}
	if g.ActiveAt == 0 && g.ExpiresAt > e.Now && !p.ended(e.Now) {
		points = e.pay(p, points)
	}
	e.lot(to, points, g.EarnedAt, g.ExpiresAt, g.ActiveAt)
}

// spend takes points that must be available.
func (e *Entry) spend(p Person, points int64) error {
	have, err := p.Spendable(e.Now)
	if err != nil {
		return err
	}
	if have < points {
		return &Insufficient{have}
	}
	if err := p.reach(points, e.Now); err != nil {
		return err
	}
	if err := p.sound(points, e.Now); err != nil {
		return err
	}
	e.taken = e.take(p, points)
	e.leave(available, e.taken)
	return nil
}

// Redeem spends points.
func (e *Entry) Redeem(p Person, points int64) error {
	err := e.spend(p, points)
	if err == nil {
		e.post(redeemed, 0, points)
	}
	return err
}

// Adjust adds points, or takes them.
func (e *Entry) Adjust(p Person, to *Account, g Grant) error {
	if g.Points < 0 {
		err := e.spend(p, -g.Points)
		if err == nil {
			e.post(adjusted, 0, -g.Points)
		}
		return err
	}
	if !p.room(g.Points) {
		return ErrTooMuch
	}
	e.post(adjusted, 0, -g.Points)
	e.grant(p, to, g)
	return nil
}

// Transfer gives points to another person. They stay as old as they are.
func (e *Entry) Transfer(from, to Person, account *Account, points int64) error {
	if !to.room(points) {
		return ErrTooMuch
	}
	if err := e.spend(from, points); err != nil {
		return err
	}
	for _, part := range e.taken {
		e.grant(to, account, Grant{Points: part.Points, EarnedAt: part.EarnedAt, ExpiresAt: part.ExpiresAt})
	}
	return nil
}

// Activate makes pending lots available; those that expired stay what they are.
func (e *Entry) Activate(a *Account, lots ...*Lot) {
	for _, l := range lots {
		if l.ActiveAt == 0 || l.ExpiresAt <= e.Now || e.Person(a.Customer).ended(e.Now) {
			continue
		}
		points := l.Points
		e.drain(a, l, points)
		// It keeps its id: it is the same lot.
		l.ActiveAt = 0
		if l.Points = e.pay(e.Person(a.Customer), points); l.Points > 0 {
			e.add(a, l)
			e.given = append(e.given, l.part(a.Customer, l.Points))
		}
		a.redue()
	}
}

// Expire posts a lot that expired at a time. False: there is nothing to post.
func (e *Entry) Expire(a *Account, l *Lot, at int64) bool {
	if l == nil || l.Points == 0 || at > e.Now {
		return false
	}
	e.post(expired, 0, l.Points)
	e.drain(a, l, l.Points)
	return true
}

// Hold sets points aside.
func (e *Entry) Hold(p Person, h *Hold, points int64) error {
	if err := e.spend(p, points); err != nil {
		return err
	}
	h.ID, h.Parts = e.Seq, e.taken
	for _, part := range h.Parts {
		e.post(held, part.Customer, part.Points)
	}
	for _, customer := range h.owners() {
		a := e.account(customer)
		a.holds = append(a.holds, h)
		a.due = min(a.due, h.EndsAt)
		a.Held += owned(h, customer)
		e.changes.account(a)
	}
	e.changes.Holds[h.ID] = h
	return nil
}

// owned is how much of a hold is of a number.
func owned(h *Hold, customer int64) (sum int64) {
	for _, p := range h.Parts {
		if p.Customer == customer {
			sum += p.Points
		}
	}
	return sum
}

// Capture spends so many points of a hold, those that expire soonest, and gives the rest
// back. None: the hold is void.
func (e *Entry) Capture(h *Hold, points int64) error {
	var spent, back []Part
	for _, p := range h.Parts {
		n := min(points, p.Points)
		points -= n
		if n > 0 {
			spent = append(spent, Part{p.Lot, p.Customer, n, p.EarnedAt, p.ExpiresAt})
		}
		if n < p.Points {
			back = append(back, Part{p.Lot, p.Customer, p.Points - n, p.EarnedAt, p.ExpiresAt})
		}
	}
	if err := e.known(back); err != nil {
		return err
	}
	for _, customer := range h.owners() {
		a := e.account(customer)
		a.Held -= owned(h, customer)
		a.dropHold(h)
		a.redue()
		e.changes.account(a)
	}
	e.leave(held, h.Parts)
	for _, p := range spent {
		e.post(redeemed, 0, p.Points)
	}
	e.taken = spent
	e.back(back)
	h.Parts = nil
	e.changes.Holds[h.ID] = h
	return nil
}

// known tells that the lots of parts are in memory, or are not there at all.
func (e *Entry) known(parts []Part) error {
	for _, p := range parts {
		if _, err := e.account(p.Customer).find(p.Lot, p.ExpiresAt); err != nil {
			return err
		}
	}
	return nil
}

// back gives parts back to their lots, which keep their expiry. What is owed is paid
// from them, unless they have expired.
func (e *Entry) back(parts []Part) {
	for _, p := range parts {
		a := e.account(p.Customer)
		points := p.Points
		if p.ExpiresAt > e.Now && !e.Person(p.Customer).ended(e.Now) {
			points = e.pay(e.Person(p.Customer), points)
		}
		if n := p.Points - points; n > 0 {
			e.paid = append(e.paid, Part{p.Lot, p.Customer, n, p.EarnedAt, p.ExpiresAt})
		}
		if points == 0 {
			continue
		}
		e.restore(a, p, points)
		e.given = append(e.given, Part{p.Lot, p.Customer, points, p.EarnedAt, p.ExpiresAt})
	}
}

// wait gives all points of a pending lot back to it.
func (e *Entry) wait(p Part, activeAt int64) {
	l := e.changes.Lots[p.Lot].Lot // it may have been emptied in this very batch
	if l == nil {
		l = &Lot{ID: p.Lot, EarnedAt: p.EarnedAt, ExpiresAt: p.ExpiresAt}
	}
	l.Points, l.ActiveAt = p.Points, activeAt
	e.add(e.account(p.Customer), l)
	e.given = append(e.given, p)
}

// restore puts points into a lot again, which may have been used up.
func (e *Entry) restore(a *Account, p Part, points int64) {
	l, _ := a.find(p.Lot, p.ExpiresAt) // known has looked
	if l == nil {
		// It may have been used up in this very batch, and its row is there still.
		l = e.changes.Lots[p.Lot].Lot
	}
	if l == nil {
		l = &Lot{ID: p.Lot, EarnedAt: p.EarnedAt, ExpiresAt: p.ExpiresAt}
	}
	if l.Points == 0 {
		// Of one that was looked for and not there only the key is known.
		l.Points, l.EarnedAt, l.ActiveAt = points, p.EarnedAt, 0
		e.add(a, l)
		return
	}
	l.Points += points
	a.Available += points
	e.post(available, a.Customer, points)
	e.changes.lot(a, l)
}

// Due are the pending lots that may be spent at a moment, and the holds that have ended
// by then, of one account.
func (a *Account) Due(now int64) (lots []*Lot, holds []*Hold) {
	if a.due > now {
		return nil, nil
	}
	for _, l := range a.pending {
		if l.ActiveAt <= now && l.ExpiresAt > now {
			lots = append(lots, l)
		}
	}
	for _, h := range a.holds {
		if h.EndsAt <= now {
			holds = append(holds, h)
		}
	}
	slices.SortFunc(holds, func(a, b *Hold) int { return int(min(1, max(-1, a.EndsAt-b.EndsAt))) })
	return lots, holds
}
