package ledger

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// release captures a hold, or gives it back.
func (w *work) release(t *Task) (Outcome, error) {
	id := t.hold()
	h := w.memory.holds[id]
	if h != nil && len(h.Parts) > 0 {
		t.Programme, t.Who = h.Programme, h.Customer
		// Whose time is over is given back here and now.
		if err := w.readyAll(h); err != nil {
			return Outcome{}, err
		}
	}
	if h == nil || len(h.Parts) == 0 {
		return w.noHold(t, id)
	}
	points := h.Points()
	kind := loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE
	if in := t.Record.GetCapture(); in == nil {
		kind, points = loyaltyv1.MovementKind_MOVEMENT_KIND_VOID, 0
	} else if in.GetPoints() > points {
		return Outcome{}, fault.Invalid().Field("points", "must be at most %d, which are held", points).Err()
	} else if in.GetPoints() > 0 {
		points = in.GetPoints()
	}
	return w.let(t, h, kind, points, w.now)
}

// readyAll makes everybody ready who has a part in a hold.
func (w *work) readyAll(h *Hold) error {
	for _, n := range append(h.owners(), h.Customer) {
		if _, err := w.ready(h.Programme, n); err != nil {
			return err
		}
	}
	return nil
}

// let ends a hold by a movement.
func (w *work) let(t *Task, h *Hold, kind loyaltyv1.MovementKind, points, occurred int64) (Outcome, error) {
	p, err := w.person(h.Programme, h.Customer)
	if err != nil {
		return Outcome{}, err
	}
	if _, err := p.live(w.now); err != nil {
		return Outcome{}, err
	}
	origin, err := unpackOrigin(h.Origin)
	if err != nil {
		return Outcome{}, err
	}
	e := w.entry(kind, h.Programme)
	if err := e.Capture(h, points); err != nil {
		return Outcome{}, err
	}
	// It stays known, without parts, until the commit is over: who asks for it in this
	// very commit is told that it has ended.
	t.Record.Movement = e.Movement(h.Programme, h.Customer, occurred)
	t.Record.Movement.Origin, t.Record.Paid = origin, parts(e.paid)
	return w.keep(t, p, h.ID)
}

// noHold refuses what is not there any more, or never was.
func (w *work) noHold(t *Task, id int64) (Outcome, error) {
	if id != 0 {
		f, err := w.fact(w.ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if f.GetMovement().GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD {
			t.Programme, t.Who = f.GetMovement().GetProgrammeId(), f.GetMovement().GetCustomerId()
			return w.refuse(t, &loyaltyv1.Refusal{
				Reason: commonv1.Reason_REASON_HOLD_ENDED.String(), Message: "the hold was captured, given back or timed out",
			})
		}
	}
	return w.refuse(t, &loyaltyv1.Refusal{
		Reason: commonv1.Reason_REASON_HOLD_UNKNOWN.String(), Message: "no hold has that number", NotFound: true,
	})
}

// fact reads the record of one fact, of this commit or before; nil: there is none.
func (w *work) fact(ctx context.Context, seq int64) (*loyaltyv1.EntryRecord, error) {
	if i := seq - w.head.Seq - 1; i >= 0 {
		if i < int64(len(w.records)) {
			return w.records[i], nil
		}
		return nil, nil
	}
	facts, err := w.log.Get(ctx, w.Brand, seq)
	if err != nil || len(facts) == 0 || facts[0].Kind != record.Movement {
		return nil, err
	}
	return record.Parse(&facts[0])
}

// timeOut gives a hold back whose time is over.
func (w *work) timeOut(h *Hold) error {
	t := &Task{Record: &loyaltyv1.EntryRecord{}}
	_, err := w.let(t, h, loyaltyv1.MovementKind_MOVEMENT_KIND_VOID, 0, h.EndsAt)
	return err
}

// ripen makes one pending lot available whose time has come.
func (w *work) ripen(a *Account, l *Lot) error {
	p, err := w.person(a.Programme, a.Customer)
	if err != nil {
		return err
	}
	if _, err := p.live(w.now); err != nil {
		return err
	}
	when := l.ActiveAt
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE, a.Programme)
	e.Activate(a, l)
	t := &Task{Record: &loyaltyv1.EntryRecord{Movement: e.Movement(a.Programme, a.Customer, when)}}
	_, err = w.keep(t, p, l.ID.Seq())
	return err
}

// due does what is due that nobody asked for, if it is still there to be done.
func (w *work) due(t *Task) (Outcome, error) {
	if t.Due == loyaltyv1.MovementKind_MOVEMENT_KIND_VOID {
		h := w.memory.holds[t.Hold]
		if h == nil || len(h.Parts) == 0 || h.EndsAt > w.now {
			return Outcome{}, nil
		}
		return w.let(t, h, t.Due, 0, h.EndsAt)
	}
	p, err := w.person(t.Programme, t.Who)
	if err != nil {
		return Outcome{}, err
	}
	if _, err := p.live(w.now); err != nil {
		return Outcome{}, err
	}
	e := w.entry(t.Due, t.Programme)
	a := e.account(t.Who)
	l, err := a.find(t.Lot, t.Expires)
	if err != nil || l == nil || l.Points == 0 {
		return Outcome{}, err
	}
	if t.Due == loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE {
		end := p.end()
		return w.expire(t, p, a, l, min(l.ExpiresAt, end), end < l.ExpiresAt)
	}
	if l.ActiveAt == 0 || l.ActiveAt > w.now || l.ExpiresAt <= w.now || p.ended(w.now) {
		return Outcome{}, nil
	}
	occurred := l.ActiveAt
	e.Activate(a, l)
	t.Record = &loyaltyv1.EntryRecord{Movement: e.Movement(t.Programme, t.Who, occurred)}
	return w.keep(t, p, l.ID.Seq())
}
