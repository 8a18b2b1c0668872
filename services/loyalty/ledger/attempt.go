package ledger

import (
	"errors"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// attempt decides one task once. A Missing error means that nothing of it was done.
func (w *work) attempt(t *Task) (Outcome, error) {
	if t.Due != 0 {
		return w.due(t)
	}
	if t.byHold() {
		return w.release(t)
	}
	p, err := w.ready(t.Programme, t.Who)
	if err != nil {
		return Outcome{}, err
	}
	own := w.memory.account(t.Programme, t.Who)
	switch in := t.Record.GetRequest().(type) {
	case *loyaltyv1.EntryRecord_Earn:
		return w.earn(t, p, own, in.Earn)
	case *loyaltyv1.EntryRecord_Activate:
		return w.activate(t, p, in.Activate)
	case *loyaltyv1.EntryRecord_Redeem:
		e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM, t.Programme)
		return w.settled(t, p, e, e.Redeem(p, in.Redeem.GetPoints()), w.at(in.Redeem.GetOccurredAt()))
	case *loyaltyv1.EntryRecord_Hold:
		return w.hold(t, p, in.Hold)
	case *loyaltyv1.EntryRecord_Reverse:
		return w.reverse(t, p, in.Reverse)
	case *loyaltyv1.EntryRecord_Adjust:
		return w.adjust(t, p, own, in.Adjust)
	case *loyaltyv1.EntryRecord_Transfer:
		return w.transfer(t, p, in.Transfer)
	}
	return Outcome{}, errors.New("a task asks for nothing")
}

// ready is a person for whom nothing is due: what was is posted first, by movements of
// its own.
func (w *work) ready(programme string, customer int64) (Person, error) {
	p, err := w.person(programme, customer)
	if err != nil {
		return nil, err
	}
	for _, a := range p {
		lots, holds := a.Due(w.now)
		if p.ended(w.now) {
			lots = nil // they went with all the others
		}
		for _, l := range lots {
			if err := w.ripen(a, l); err != nil {
				return nil, err
			}
		}
		for _, h := range holds {
			if err := w.timeOut(h); err != nil {
				return nil, err
			}
		}
	}
	// Whatever a rule asks of these lots later, it is there.
	if _, err := p.live(w.now); err != nil {
		return nil, err
	}
	return p, nil
}

// settled ends a task: with the movement, or with a refusal that is kept.
func (w *work) settled(t *Task, p Person, e *Entry, err error, occurred int64) (Outcome, error) {
	var short *Insufficient
	switch {
	case errors.As(err, &short):
		return w.refuse(t, &loyaltyv1.Refusal{
			Reason: commonv1.Reason_REASON_POINTS_INSUFFICIENT.String(), Message: short.Error(),
			Metadata: map[string]string{"available": strconv.FormatInt(short.Available, 10)},
		})
	case errors.Is(err, ErrTooMuch):
		return Outcome{}, fault.Invalid().Field("points", "%s", err).Err()
	case err != nil:
		return Outcome{}, err
	}
	t.Record.Movement = e.Movement(t.Programme, t.Who, occurred)
	t.Record.Movement.ToCustomerId = t.To
	return w.keep(t, p, 0)
}

// keep makes the fact of a movement. of is the movement it continues.
func (w *work) keep(t *Task, p Person, of int64) (Outcome, error) {
	var err error
	if t.Record.Balance, err = p.Balance(w.now); err != nil {
		return Outcome{}, err
	}
	m := t.Record.Movement
	if of != 0 {
		m.Of = record.ID(of)
	}
	day := w.Zone.DayOf(m.GetOccurredAt().AsTime())
	f := feed.Fact{Kind: record.Movement, Key: t.Key, Day: int32(day), Day2: int32(day), Who: m.GetCustomerId(), Of: of}
	f.Data = rate.Pack(t.Record, w.Zone)
	return w.put(t, f)
}

// refuse keeps a refusal under the task's key, or that there was nothing to do. Whoever
// asks under no key of the ledger's keeps it himself.
func (w *work) refuse(t *Task, r *loyaltyv1.Refusal) (Outcome, error) {
	t.Record.Refusal = r
	if t.Key == nil {
		return Outcome{Record: t.Record, At: w.now}, nil
	}
	return w.put(t, feed.Fact{Kind: record.Refused, Key: t.Key, Day: feed.NoDay, Day2: feed.NoDay, Who: t.Who})
}

// put adds a fact to the commit.
func (w *work) put(t *Task, f feed.Fact) (Outcome, error) {
	var err error
	if f.Who != 0 && w.people.Erased(f.Who) {
		Erase(t.Record)
	}
	if f.Body, err = record.Pack(t.Record); err != nil {
		return Outcome{}, err
	}
	i := len(w.facts)
	if t.Key != nil {
		w.keys[string(t.Key)] = i
	}
	if id := originOf(t.Record).GetOrderId(); id != "" && t.Record.Movement != nil {
		w.orders[id] = append(w.orders[id], i)
	}
	w.facts, w.records = append(w.facts, f), append(w.records, t.Record)
	return Outcome{Record: t.Record, Seq: w.seq(i), At: w.now}, nil
}

// at is when something happened: as told, or now.
func (w *work) at(told *timestamppb.Timestamp) int64 {
	if told == nil {
		return w.now
	}
	return told.AsTime().UnixMicro()
}

// terms are what points follow that were given at a time.
func (w *work) terms(t *Task, at int64) (*loyaltyv1.Lifetime, error) {
	p, err := w.Terms(t.Programme, time.UnixMicro(at))
	return p.GetLifetime(), err
}

// expiry is when points go that were given at a time.
func (w *work) expiry(l *loyaltyv1.Lifetime, at int64) int64 {
	end := programme.Expiry(l, w.Zone, time.UnixMicro(at))
	if end.IsZero() {
		return Never
	}
	return end.UnixMicro()
}

// originOf is what a record is about: of the request, or of the hold that was captured.
func originOf(r *loyaltyv1.EntryRecord) *loyaltyv1.Origin {
	if in, ok := record.Request(r).(interface{ GetOrigin() *loyaltyv1.Origin }); ok {
		return in.GetOrigin()
	}
	return r.GetMovement().GetOrigin()
}

func (w *work) earn(t *Task, p Person, own *Account, in *loyaltyv1.EarnRequest) (Outcome, error) {
	occurred := w.at(in.GetOccurredAt())
	life, err := w.terms(t, occurred)
	if err != nil {
		return Outcome{}, err
	}
	g := Grant{Points: in.GetPoints(), EarnedAt: occurred, ExpiresAt: w.expiry(life, occurred)}
	if in.GetExpiresAt() != nil {
		g.ExpiresAt = in.GetExpiresAt().AsTime().UnixMicro()
	}
	switch {
	case in.GetActiveFrom() != nil:
		g.ActiveAt = in.GetActiveFrom().AsTime().UnixMicro()
	case in.GetOnDelivery() || life.GetOnDelivery():
		g.ActiveAt = OnDelivery
	default:
		g.ActiveAt = programme.ActiveFrom(life, w.Zone, time.UnixMicro(occurred)).UnixMicro()
	}
	if !p.room(g.Points) {
		return w.settled(t, p, nil, ErrTooMuch, occurred)
	}
	if purchased(in.GetOrigin()) {
		err = w.bought(t, p, own, occurred)
	} else {
		err = w.given(t, p, own, 0)
	}
	if err != nil {
		return Outcome{}, err
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_EARN, t.Programme)
	if g.ActiveAt > w.now {
		t.Record.ActiveAt = g.ActiveAt
	}
	return w.settled(t, p, e, e.Earn(p, own, g), occurred)
}

func (w *work) adjust(t *Task, p Person, own *Account, in *loyaltyv1.AdjustRequest) (Outcome, error) {
	life, err := w.terms(t, w.now)
	if err != nil {
		return Outcome{}, err
	}
	g := Grant{Points: in.GetPoints(), EarnedAt: w.now, ExpiresAt: w.expiry(life, w.now)}
	if in.GetExpiresAt() != nil {
		g.ExpiresAt = in.GetExpiresAt().AsTime().UnixMicro()
	}
	if g.Points > 0 && p.room(g.Points) {
		if err := w.given(t, p, own, 0); err != nil {
			return Outcome{}, err
		}
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_ADJUST, t.Programme)
	return w.settled(t, p, e, e.Adjust(p, own, g), w.now)
}

func (w *work) transfer(t *Task, p Person, _ *loyaltyv1.TransferRequest) (Outcome, error) {
	to, err := w.ready(t.Programme, t.To)
	if err != nil {
		return Outcome{}, err
	}
	if w.people.Person(t.Who) == w.people.Person(t.To) {
		return Outcome{}, fault.Invalid().Field("to", "must be another person").Err()
	}
	// Whoever gives must be known to be able to, before anything of who gets changes.
	points := t.Record.GetTransfer().GetPoints()
	have, err := p.Spendable(w.now)
	if err == nil {
		err = p.reach(min(points, have), w.now)
	}
	if err == nil && have >= points && to.room(points) {
		err = w.given(t, to, w.memory.account(t.Programme, t.To), p.end())
	}
	if err != nil {
		return Outcome{}, err
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_TRANSFER, t.Programme)
	return w.settled(t, p, e, e.Transfer(p, to, e.account(t.To), t.Record.GetTransfer().GetPoints()), w.now)
}

// usualHold is for how many seconds points are held where nobody says.
const usualHold = 900

func (w *work) hold(t *Task, p Person, in *loyaltyv1.HoldRequest) (Outcome, error) {
	seconds := int64(in.GetSeconds())
	if seconds == 0 {
		seconds = usualHold
	}
	h := &Hold{Programme: t.Programme, Customer: t.Who, EndsAt: w.now + seconds*1e6}
	var err error
	if h.Origin, err = packOrigin(in.GetOrigin()); err != nil {
		return Outcome{}, err
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD, t.Programme)
	if err = e.Hold(p, h, in.GetPoints()); err == nil {
		w.memory.holds[h.ID] = h
		t.Record.EndsAt = h.EndsAt
	}
	return w.settled(t, p, e, err, w.now)
}

// unpackOrigin reads what a hold is for.
func unpackOrigin(b []byte) (*loyaltyv1.Origin, error) {
	if len(b) == 0 {
		return nil, nil
	}
	o := &loyaltyv1.Origin{}
	return o, proto.Unmarshal(b, o)
}
