package ledger

import (
	"cmp"
	"slices"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// purchased tells whether points are those of a purchase: they name an order, and no offer.
func purchased(o *loyaltyv1.Origin) bool { return o.GetOrderId() != "" && o.GetOfferId() == "" }

// idleUntil is when points go that live by something of a time.
func (w *work) idleUntil(id string, at int64) (int64, error) {
	p, err := w.Terms(id, time.UnixMicro(at))
	if err != nil {
		return 0, err
	}
	end := programme.IdleUntil(p.GetLifetime(), w.Zone, time.UnixMicro(at))
	if end.IsZero() {
		return Never, nil
	}
	return end.UnixMicro(), nil
}

// bought lets a purchase restart the clock of the number it came with. What had gone before
// it happened is posted first; what would not have gone by it comes back.
func (w *work) bought(t *Task, p Person, own *Account, at int64) error {
	if !w.Idle(t.Programme) {
		return nil
	}
	until, err := w.idleUntil(t.Programme, at)
	if err != nil {
		return err
	}
	// Once the clock has moved nothing may be missing.
	for _, a := range p {
		if _, err := a.expired(w.now); err != nil {
			return err
		}
	}
	ended := p.ended(w.now)
	if end := p.end(); ended && at >= end {
		if err := w.lapse(p, end); err != nil {
			return err
		}
	}
	var back []gone
	if until > w.now {
		if back, err = w.lapsed(p, at); err != nil {
			return err
		}
	}
	w.wind(t, own, Clock{Bought: at, Until: until})
	if err := w.revive(p, back); err != nil || !ended {
		return err
	}
	_, err = w.ready(t.Programme, t.Who) // what would have ripened meanwhile
	return err
}

// given lets the clock of a number run that does not and that gets points which nobody
// bought. until is when they go; 0: as after a purchase of this moment.
func (w *work) given(t *Task, p Person, own *Account, until int64) error {
	end := p.end()
	if !w.Idle(t.Programme) || p.clock().runs() && end > w.now {
		return nil
	}
	if until == 0 {
		var err error
		if until, err = w.idleUntil(t.Programme, w.now); err != nil {
			return err
		}
	}
	if !p.clock().runs() && until == Never {
		return nil
	}
	if end <= w.now {
		if err := w.lapse(p, end); err != nil {
			return err
		}
	}
	w.wind(t, own, Clock{Given: until})
	return nil
}

// wind notes a clock that has changed with the movement of a task.
func (w *work) wind(t *Task, own *Account, by Clock) {
	next := own.Clock.join(by)
	if next == own.Clock {
		return
	}
	own.Clock = next
	w.changes.account(own)
	t.Record.Clock = next.proto()
}

// lapse posts all points of a person as gone at a time, each lot by a movement of its own.
// Lots whose own time was over before are left to whoever posts those.
func (w *work) lapse(p Person, at int64) error {
	for _, a := range p {
		if a.more {
			return &Missing{Account: a}
		}
	}
	for _, a := range p {
		for _, l := range append(slices.Clone(a.active), a.pending...) {
			if l.ExpiresAt <= at {
				continue
			}
			if _, err := w.expire(&Task{}, p, a, l, at, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// expire posts a lot that went at a time; idle: not by its own expiry.
func (w *work) expire(t *Task, p Person, a *Account, l *Lot, at int64, idle bool) (Outcome, error) {
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, a.Programme)
	if !e.Expire(a, l, at) {
		return Outcome{}, nil
	}
	t.Record = &loyaltyv1.EntryRecord{Movement: e.Movement(a.Programme, a.Customer, at)}
	if idle {
		t.Record.LapsedAt = at
		a.Clock.Lapsed = max(a.Clock.Lapsed, at)
	}
	return w.keep(t, p, l.ID.Seq())
}

// gone are points that were posted as gone at a time. activeAt is from when those that were
// pending may be spent.
type gone struct {
	part         Part
	at, activeAt int64
}

// lapsed are the points of a person that went behind a time and would not have by a
// purchase of that time.
func (w *work) lapsed(p Person, since int64) (out []gone, err error) {
	if p.clock().Lapsed <= since {
		return nil, nil
	}
	found, err := w.lapsedSince(p, since)
	if err != nil {
		return nil, err
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, p[0].Programme)
	for _, g := range found {
		if g.part.ExpiresAt <= w.now {
			continue // its own time is over by now
		}
		if err := e.known([]Part{g.part}); err != nil {
			return nil, err
		}
		if g.activeAt != 0 {
			if g.activeAt, err = w.ripens(g.part.Lot); err != nil {
				return nil, err
			}
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b gone) int {
		return sooner(&Lot{ID: a.part.Lot, ExpiresAt: a.part.ExpiresAt}, &Lot{ID: b.part.Lot, ExpiresAt: b.part.ExpiresAt})
	})
	return out, nil
}

// ripens is from when points of a lot may be spent that were pending when they went; 0: at
// once, as those that waited for a delivery, which is long over.
func (w *work) ripens(l LotID) (int64, error) {
	r, err := w.fact(w.ctx, l.Seq())
	if err != nil || r.GetActiveAt() == OnDelivery || r.GetActiveAt() <= w.now {
		return 0, err
	}
	return r.GetActiveAt(), nil
}

// revive gives back points that had not gone, each lot by a movement of its own.
func (w *work) revive(p Person, back []gone) error {
	for _, g := range back {
		programme := p[0].Programme
		e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE, programme)
		e.post(expired, 0, -g.part.Points)
		if g.activeAt == 0 {
			e.back([]Part{g.part})
		} else {
			e.wait(g.part, g.activeAt)
		}
		t := &Task{Record: &loyaltyv1.EntryRecord{
			Movement: e.Movement(programme, g.part.Customer, g.at), LapsedAt: g.at, Paid: parts(e.paid), ActiveAt: g.activeAt,
		}}
		if _, err := w.keep(t, p, g.part.Lot.Seq()); err != nil {
			return err
		}
	}
	return nil
}

// lapsedSince are the points of a person that went behind a time since nothing was bought,
// and did not come back. What a reversal let pass since it had gone stays gone.
func (w *work) lapsedSince(p Person, since int64) (out []gone, err error) {
	var all []noted
	for _, a := range p {
		if err := w.behind(a.Customer, since, func(n noted) { all = append(all, n) }); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b noted) int { return cmp.Compare(b.seq, a.seq) })
	back, passed := map[LotID]int64{}, map[int64]int64{}
	for _, n := range all {
		for _, u := range n.GetUndone() {
			passed[u.GetSeq()] += u.GetExpired()
		}
		m := n.GetMovement()
		if m.GetKind() != loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE || n.GetLapsedAt() <= since || m.GetProgrammeId() != p[0].Programme {
			continue
		}
		given, err := readParts(append(slices.Clone(m.GetGiven()), n.GetPaid()...))
		if err != nil {
			return nil, err
		}
		for _, part := range given {
			back[part.Lot] += part.Points
		}
		taken, err := readParts(m.GetTaken())
		if err != nil {
			return nil, err
		}
		for _, part := range taken {
			part.Points -= less(back, part.Lot, part.Points)
			part.Points -= less(passed, part.Lot.Seq(), part.Points)
			if part.Points > 0 {
				out = append(out, gone{part, n.GetLapsedAt(), waited(m)})
			}
		}
	}
	return out, nil
}

// less takes up to so many points out of what is noted under a key.
func less[K comparable](of map[K]int64, key K, points int64) int64 {
	n := min(of[key], points)
	of[key] -= n
	return n
}

// waited is not 0 of a movement that took pending points.
func waited(m *loyaltyv1.Movement) int64 {
	for _, leg := range m.GetPostings() {
		if leg.GetAccount() == pending {
			return OnDelivery
		}
	}
	return 0
}

// behind goes through the movements that came with a number and were committed behind a
// time, those of this commit included.
func (w *work) behind(customer, since int64, fn func(noted)) error {
	for i := range w.facts {
		if w.facts[i].Who == customer && w.facts[i].Kind == record.Movement {
			fn(noted{w.seq(i), w.records[i]})
		}
	}
	for before := Never; ; {
		facts, err := w.log.ReadWho(w.ctx, w.Brand, customer, before, pageOf)
		if err != nil || len(facts) == 0 {
			return err
		}
		for i := range facts {
			f := &facts[i]
			if before = f.Seq; f.At <= since {
				return nil
			}
			if f.Kind != record.Movement {
				continue
			}
			r, err := record.Parse(f)
			if err != nil {
				return err
			}
			fn(noted{f.Seq, r})
		}
	}
}
