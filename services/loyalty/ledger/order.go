package ledger

import (
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// noted is a movement and its number.
type noted struct {
	seq int64
	*loyaltyv1.EntryRecord
}

// entries are the movements of an order, oldest first, whoever they are of.
func (w *work) entries(order string) ([]noted, error) {
	seqs, err := w.store.ofOrder(w.ctx, order)
	if err != nil {
		return nil, err
	}
	var out []noted
	for some := range slices.Chunk(seqs, atOnce) {
		facts, err := w.log.Get(w.ctx, w.Brand, some...)
		if err != nil {
			return nil, err
		}
		for i := range facts {
			r, err := record.Parse(&facts[i])
			if err != nil {
				return nil, err
			}
			out = append(out, noted{facts[i].Seq, r})
		}
	}
	for _, i := range w.orders[order] {
		out = append(out, noted{w.seq(i), w.records[i]})
	}
	return out, nil
}

// own tells whether a movement is of a task's programme and person, and of the line asked
// for, if one was.
func (w *work) own(t *Task, n noted, line string) bool {
	m := n.GetMovement()
	return m.GetProgrammeId() == t.Programme && slices.Contains(w.people.Members(t.Who), m.GetCustomerId()) &&
		(line == "" || originOf(n.EntryRecord).GetLineId() == line)
}

// done tells what a person's order, or one line of it, did and still stands. What was
// taken back counts whoever asked for it: two who were one person may be two again.
func (w *work) done(t *Task, all []noted, line string) ([]*Done, error) {
	var out []*Done
	bySeq := map[int64]*Done{}
	for _, n := range all {
		for _, u := range n.GetUndone() {
			if d := bySeq[u.GetSeq()]; d != nil {
				d.EarnedUndone += u.GetEarned()
				d.SpentUndone += u.GetSpent()
				d.Excused += u.GetExpired()
				d.MoneyUndone += u.GetMoney()
			}
		}
		if !w.own(t, n, line) {
			continue
		}
		d, err := doneBy(n)
		if err != nil {
			return nil, err
		}
		if d != nil {
			out, bySeq[n.seq] = append(out, d), d
		}
	}
	for _, d := range out {
		if d.earned() == 0 {
			continue
		}
		var err error
		if d.Expired, err = w.expiredOf(d.Seq); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// doneBy is what a movement earned or spent; nil: neither.
func doneBy(n noted) (*Done, error) {
	m := n.GetMovement()
	d := &Done{Seq: n.seq, Customer: m.GetCustomerId()}
	var err error
	switch m.GetKind() {
	case loyaltyv1.MovementKind_MOVEMENT_KIND_EARN:
		d.Earned, d.Money = n.GetEarn().GetPoints(), n.GetEarn().GetSpent()
		d.Lots, err = readParts(m.GetGiven())
	case loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM, loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE:
		d.Spent, err = readParts(m.GetTaken())
	default:
		return nil, nil
	}
	return d, err
}

// expiredOf sums what the lots of a movement lost by expiry.
func (w *work) expiredOf(seq int64) (total int64, err error) {
	add := func(r *loyaltyv1.EntryRecord) {
		if m := r.GetMovement(); m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE {
			for _, p := range m.GetTaken() {
				total += p.GetPoints()
			}
			for _, p := range append(slices.Clone(m.GetGiven()), r.GetPaid()...) {
				total -= p.GetPoints()
			}
		}
	}
	err = w.log.ReadOf(w.ctx, w.Brand, seq, 0, func(f *feed.Fact) error {
		r, err := record.Parse(f)
		if err == nil && f.Kind == record.Movement {
			add(r)
		}
		return err
	})
	for i := range w.facts {
		if w.facts[i].Of == seq {
			add(w.records[i])
		}
	}
	return total, err
}

// reverse takes back what an order did.
func (w *work) reverse(t *Task, p Person, in *loyaltyv1.ReverseRequest) (Outcome, error) {
	all, err := w.entries(in.GetOrigin().GetOrderId())
	if err != nil {
		return Outcome{}, err
	}
	done, err := w.done(t, all, in.GetOrigin().GetLineId())
	if err != nil {
		return Outcome{}, err
	}
	if !Standing(done) {
		return w.refuse(t, &loyaltyv1.Refusal{
			Reason: commonv1.Reason_REASON_NOTHING_TO_REVERSE.String(), Message: "the order neither earned nor spent anything that is not reversed yet",
		})
	}
	for _, d := range done {
		for _, part := range append(d.Lots, d.Spent...) {
			if err := w.load([]int64{part.Customer}); err != nil {
				return Outcome{}, err
			}
		}
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE, t.Programme)
	undone, err := e.Reverse(p, done, Keep{in.GetKeepEarned(), in.GetKeepSpent(), in.GetKeepMoney()})
	if err != nil {
		return Outcome{}, err
	}
	t.Record.Undone, t.Record.Paid = w.undone(undone, all), parts(e.paid)
	t.Record.Movement = e.Movement(t.Programme, t.Who, w.at(in.GetOccurredAt()))
	var of int64
	if len(undone) == 1 {
		of = undone[0].Seq
	}
	return w.keep(t, p, of)
}

// undone is what a reversal took back of entries, and what those were, so that numbers are
// taken back from where they counted.
func (w *work) undone(undone []Undone, all []noted) []*loyaltyv1.Undone {
	out := make([]*loyaltyv1.Undone, len(undone))
	for i, u := range undone {
		out[i] = &loyaltyv1.Undone{Seq: u.Seq, Earned: u.Earned, Spent: u.Spent, Expired: u.Expired, Money: u.Money}
		for _, n := range all {
			if n.seq == u.Seq {
				m, from := n.GetMovement(), originOf(n.EntryRecord)
				out[i].CustomerId, out[i].Channel, out[i].Subjects = m.GetCustomerId(), from.GetChannel(), from.GetSubjects()
				out[i].Day = int32(w.Zone.DayOf(m.GetOccurredAt().AsTime()))
			}
		}
	}
	return out
}

// activate makes the pending points of an order available.
func (w *work) activate(t *Task, p Person, in *loyaltyv1.ActivateRequest) (Outcome, error) {
	all, err := w.entries(in.GetOrigin().GetOrderId())
	if err != nil {
		return Outcome{}, err
	}
	e := w.entry(loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE, t.Programme)
	for _, n := range all {
		if n.GetEarn() == nil || !w.own(t, n, in.GetOrigin().GetLineId()) {
			continue
		}
		lots, err := readParts(n.GetMovement().GetGiven())
		if err != nil {
			return Outcome{}, err
		}
		for _, part := range lots {
			a := e.account(part.Customer)
			for _, l := range a.pending {
				if l.ID == part.Lot {
					e.Activate(a, l)
					break
				}
			}
		}
	}
	if len(e.taken) == 0 {
		var err error
		if t.Record.Balance, err = p.Balance(w.now); err != nil {
			return Outcome{}, err
		}
		return w.refuse(t, nil)
	}
	t.Record.Movement = e.Movement(t.Programme, t.Who, w.now)
	return w.keep(t, p, 0)
}
