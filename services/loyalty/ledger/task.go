package ledger

import (
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Task is one thing to decide: a request, or what the programme does by itself.
type Task struct {
	// Key is what the request is kept under; nil: the programme does it by itself.
	Key []byte
	// Programme and Who say whose points; of Capture and Void the hold tells.
	Programme string
	Who       int64
	// To is who gets points of a transfer.
	To int64
	// Record has the request as it is kept.
	Record *loyaltyv1.EntryRecord
	// Lot and Expires, or Hold, are what is due, where nobody asked.
	Lot     LotID
	Expires int64
	Hold    int64
	// Due is what is to be done with it: EXPIRE, ACTIVATE or VOID.
	Due loyaltyv1.MovementKind
}

// clear takes out what an attempt found that came to nothing.
func (t *Task) clear() {
	if t.Record == nil {
		t.Record = &loyaltyv1.EntryRecord{}
	}
	r := t.Record
	r.Movement, r.Refusal, r.Balance, r.Undone, r.Paid, r.ActiveAt, r.EndsAt = nil, nil, nil, nil, nil, 0, 0
	r.Clock, r.LapsedAt, r.Again = nil, 0, false
	if t.byHold() {
		t.Programme, t.Who = "", 0
	}
}

// byHold tells that the hold says whose points it is about.
func (t *Task) byHold() bool { return t.Record.GetCapture() != nil || t.Record.GetVoid() != nil }

// Outcome is what became of a task.
type Outcome struct {
	// Record is what the log keeps of it, Seq and At its place there; none if there was
	// nothing to do that nobody asked for.
	Record  *loyaltyv1.EntryRecord
	Seq, At int64
	// Replayed: it was there before.
	Replayed bool
}
