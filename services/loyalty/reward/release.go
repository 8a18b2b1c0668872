package reward

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// pieceOf is how many takings that timed out are read at once.
const pieceOf = 1000

// Release gives back the pieces of takings whose time is over. Their points come back by
// the ledger's own doing, at the same time.
func (d *Desk) Release(ctx context.Context) error {
	for {
		n, err := d.ReleaseSome(ctx, pieceOf)
		if err != nil || n < pieceOf {
			return err
		}
	}
}

// ReleaseSome is Release for at most so many, and tells how many they were.
func (d *Desk) ReleaseSome(ctx context.Context, limit int) (int, error) {
	rows, err := ended(ctx, d.Tx, d.Brand, d.Ledger.Now(), limit)
	for i := 0; err == nil && i < len(rows); i++ {
		_, err = d.become(ctx, nil, &rows[i], cancelled, &loyaltyv1.EntryRecord{})
	}
	return len(rows), err
}

// find reads a taking that a request is about; nil: it was refused.
func (d *Desk) find(ctx context.Context, key []byte, r *loyaltyv1.EntryRecord, id string) (*Row, ledger.Outcome, error) {
	if err := d.Release(ctx); err != nil {
		return nil, ledger.Outcome{}, err
	}
	seq, _ := record.ParseID(id)
	row, err := taking(ctx, d.Tx, d.Brand, seq)
	if err != nil || row != nil {
		return row, ledger.Outcome{}, err
	}
	out, err := d.Ledger.Refuse(key, 0, r, &loyaltyv1.Refusal{
		Reason: commonv1.Reason_REASON_REWARD_UNKNOWN.String(), Message: "no taking of a reward has that number", NotFound: true,
	})
	return nil, out, err
}

func gone(why string) *loyaltyv1.Refusal {
	return &loyaltyv1.Refusal{Reason: commonv1.Reason_REASON_HOLD_ENDED.String(), Message: why}
}

// Confirm spends what was held.
func (d *Desk) Confirm(ctx context.Context, key []byte, r *loyaltyv1.EntryRecord) (ledger.Outcome, error) {
	if out, found, err := d.Ledger.Again(key, r); found || err != nil {
		return out, err
	}
	row, out, err := d.find(ctx, key, r, r.GetConfirmReward().GetTakenId())
	if err != nil || row == nil {
		return out, err
	}
	if row.State != held {
		return d.Ledger.Refuse(key, row.Customer, r, gone("the reward was confirmed, given back or timed out"))
	}
	err = d.points(row, r, &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Capture{
		Capture: &loyaltyv1.CaptureRequest{RequestId: r.GetConfirmReward().GetRequestId(), HoldId: record.ID(row.Entry)},
	}})
	if fault.Is(err, commonv1.Reason_REASON_HOLD_ENDED) {
		// Somebody let go of the points behind our back: then the piece is nobody's either.
		if _, err := d.become(ctx, nil, row, cancelled, &loyaltyv1.EntryRecord{}); err != nil {
			return ledger.Outcome{}, err
		}
		return d.Ledger.Refuse(key, row.Customer, r, gone("the points of the reward are no longer held"))
	}
	if err != nil {
		return ledger.Outcome{}, err
	}
	return d.become(ctx, key, row, taken, r)
}

// Cancel gives back: a hold as if it had not been, what was taken to its lots and stock.
func (d *Desk) Cancel(ctx context.Context, key []byte, r *loyaltyv1.EntryRecord) (ledger.Outcome, error) {
	if out, found, err := d.Ledger.Again(key, r); found || err != nil {
		return out, err
	}
	in := r.GetCancelReward()
	row, out, err := d.find(ctx, key, r, in.GetTakenId())
	if err != nil || row == nil {
		return out, err
	}
	to, ask := cancelled, &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Void{
		Void: &loyaltyv1.VoidRequest{RequestId: in.GetRequestId(), HoldId: record.ID(row.Entry)},
	}}
	switch row.State {
	case held:
	case taken:
		to, ask = refunded, &loyaltyv1.EntryRecord{Request: &loyaltyv1.EntryRecord_Reverse{
			Reverse: &loyaltyv1.ReverseRequest{RequestId: in.GetRequestId(), ProgrammeId: row.Programme, Origin: &loyaltyv1.Origin{OrderId: row.Origin}},
		}}
	default:
		return d.Ledger.Refuse(key, row.Customer, r, gone("the reward was given back before"))
	}
	err = d.points(row, r, ask)
	// Who has let go of the points by hand before has them already.
	if fault.Is(err, commonv1.Reason_REASON_HOLD_ENDED) || fault.Is(err, commonv1.Reason_REASON_NOTHING_TO_REVERSE) {
		r.Balance, err = d.Ledger.Balance(row.Programme, row.Customer)
	}
	if err != nil {
		return ledger.Outcome{}, err
	}
	return d.become(ctx, key, row, to, r)
}

// points asks the ledger for what a taking costs, if it does, and notes the balance.
func (d *Desk) points(row *Row, r, ask *loyaltyv1.EntryRecord) (err error) {
	if row.Points == 0 {
		r.Balance, err = d.Ledger.Balance(row.Programme, row.Customer)
		return err
	}
	out, err := d.Ledger.Do(&ledger.Task{Programme: row.Programme, Who: row.Customer, Record: ask})
	r.Balance = out.Record.GetBalance()
	return err
}
