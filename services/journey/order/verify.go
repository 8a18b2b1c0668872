package order

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// pageSize is how many facts or rows are held at once.
const pageSize = 2000

// Verify holds what is kept of orders against the log, all of it seen at one
// moment: the events of each order, its outcome recomputed from them, and the
// outcomes that the log says. It returns how many orders it examined.
func (k *Keeper) Verify(ctx context.Context, report func(Drift)) (examined int, err error) {
	err = k.DB.Read(ctx, func(tx *sqldb.Tx) error {
		seen, err := cursor(ctx, tx, k.Brand)
		if err != nil {
			return err
		}
		log, err := k.readLog(ctx, tx, seen)
		if err != nil {
			return err
		}
		examined, err = k.readOrders(ctx, tx, log, report)
		return err
	})
	return examined, err
}

// Drift is an order of which something else is kept than follows from the log.
type Drift struct {
	Order string
	// Day the outcome stands on, as YYYY-MM-DD.
	Day    string
	Seq    int64
	Reason string
}

// sums stands for many things by a sum that does not depend on their order.
type sums map[string]uint64

// logged is what the log says of orders: sums of the events of each, and of the
// outcomes that stand.
type logged struct{ events, outcomes sums }

// readLog sums the log: events up to the last one that was consumed, outcomes all.
func (k *Keeper) readLog(ctx context.Context, tx *sqldb.Tx, seen int64) (logged, error) {
	out := logged{sums{}, sums{}}
	var after int64
	for {
		facts, err := feed.In(tx).Read(ctx, k.Brand, after, pageSize)
		if err != nil || len(facts) == 0 {
			return out, err
		}
		after = facts[len(facts)-1].Seq
		for i := range facts {
			if err := out.add(&facts[i], seen); err != nil {
				return out, err
			}
		}
	}
}

func (l *logged) add(f *feed.Fact, seen int64) error {
	switch f.Kind {
	case record.Event, record.Reversal:
		rows, err := rowsOf([]feed.Fact{*f})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.seq <= seen {
				l.events[r.order] += r.print()
			}
		}
	case record.Outcome, record.OutcomeReversal:
		o, err := record.ParseOrder(f)
		if err != nil {
			return err
		}
		s := state{number: record.First(f), day: f.Day, who: f.Who, data: f.Data}
		l.outcomes[o.ID] += uint64(int64(o.Sign)) * s.print()
	}
	return nil
}

// readOrders goes over everything kept, order by order.
func (k *Keeper) readOrders(ctx context.Context, tx *sqldb.Tx, log logged, report func(Drift)) (int, error) {
	examined := 0
	var after string
	for {
		orders, err := ordersAfter(ctx, tx, k.Brand, after, pageSize)
		if err != nil {
			return examined, err
		}
		if len(orders) == 0 {
			break
		}
		after = orders[len(orders)-1]
		events, err := rowsByOrder(ctx, tx, k.Brand, orders, 1)
		if err != nil {
			return examined, err
		}
		states, err := statesByOrder(ctx, tx, k.Brand, orders, 1)
		if err != nil {
			return examined, err
		}
		for _, id := range orders {
			if err := k.examine(id, events[id], states[id], log, report); err != nil {
				return examined, err
			}
			examined++
			delete(log.events, id)
			delete(log.outcomes, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(log.events)) {
		report(Drift{Order: id, Reason: "the log has events of the order, and none are kept"})
		delete(log.outcomes, id)
	}
	for _, id := range slices.Sorted(maps.Keys(log.outcomes)) {
		if log.outcomes[id] != 0 {
			report(Drift{Order: id, Reason: "the log has an outcome of an order without events"})
		}
	}
	return examined, nil
}

// examine holds one order against the log.
func (k *Keeper) examine(id string, rows []row, kept *state, log logged, report func(Drift)) error {
	var events, outcome uint64
	for _, r := range rows {
		events += r.print()
	}
	c, err := k.compare(id, rows, kept)
	if err != nil {
		return err
	}
	drift := Drift{Order: id}
	if kept != nil {
		outcome = kept.print()
		drift.Day, drift.Seq = calendar.Day(kept.day).String(), kept.seq
	}
	switch {
	case events != log.events[id]:
		drift.Reason = "its events are not those of the log"
	case outcome != log.outcomes[id]:
		drift.Reason = "its outcome is not the one that stands in the log"
	case c.differs():
		drift.Reason = "its outcome does not follow from its events"
	default:
		return nil
	}
	report(drift)
	return nil
}

// Rebuild fills what is kept of orders anew from the log and mends the outcomes
// that do not follow, in one transaction.
func (k *Keeper) Rebuild(ctx context.Context) error {
	var w written
	err := k.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		head, err := feed.Lock(ctx, tx, k.Brand, k.Clock())
		if err != nil {
			return err
		}
		if err := forget(ctx, tx, k.Brand); err != nil {
			return err
		}
		if err := k.refill(ctx, tx); err != nil {
			return err
		}
		if err := moveTo(ctx, tx, k.Brand, head.Cursor()); err != nil {
			return err
		}
		w, err = k.mend(ctx, tx, head)
		return err
	})
	if err != nil {
		return fmt.Errorf("rebuild orders of %s: %w", k.Brand, err)
	}
	if len(w.facts) == 0 {
		return nil
	}
	k.Log.Notice(w.head)
	return k.Ingest(ctx, k.Brand, w.facts)
}

// refill copies events and the outcomes that stand out of the log.
func (k *Keeper) refill(ctx context.Context, tx *sqldb.Tx) error {
	var after int64
	for {
		facts, err := feed.In(tx).Read(ctx, k.Brand, after, pageSize)
		if err != nil || len(facts) == 0 {
			return err
		}
		after = facts[len(facts)-1].Seq
		rows, err := rowsOf(facts)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := putRows(ctx, tx, k.Brand, rows); err != nil {
				return err
			}
		}
		changes, err := standing(facts)
		if err != nil {
			return err
		}
		if err := putStates(ctx, tx, k.Brand, changes); err != nil {
			return err
		}
	}
}

// standing are the outcomes that stand at the end of a piece of the log.
func standing(facts []feed.Fact) ([]change, error) {
	byOrder := map[string]*state{}
	for i := range facts {
		f := &facts[i]
		if f.Kind != record.Outcome && f.Kind != record.OutcomeReversal {
			continue
		}
		o, err := record.ParseOrder(f)
		if err != nil {
			return nil, err
		}
		byOrder[o.ID] = nil
		if f.Kind == record.Outcome {
			byOrder[o.ID] = &state{number: record.First(f), seq: f.Seq, day: f.Day, who: f.Who, data: f.Data}
		}
	}
	var changes []change
	for _, id := range slices.Sorted(maps.Keys(byOrder)) {
		changes = append(changes, change{order: id, now: byOrder[id]})
	}
	return changes, nil
}

// mend recomputes every outcome.
func (k *Keeper) mend(ctx context.Context, tx *sqldb.Tx, head feed.Head) (written, error) {
	var all written
	var after string
	for {
		orders, err := ordersAfter(ctx, tx, k.Brand, after, pageSize)
		if err != nil || len(orders) == 0 {
			return all, err
		}
		after = orders[len(orders)-1]
		w, err := k.settle(ctx, tx, orders, head.Seq)
		if err != nil {
			return all, err
		}
		if len(w.facts) > 0 {
			all = written{w.head, append(all.facts, w.facts...)}
		}
	}
}

// print stands for a row among others.
func (r *row) print() uint64 {
	return digest(r.order, []int64{r.seq, r.number, int64(r.sign), r.who}, r.data)
}

// print stands for an outcome among others.
func (s *state) print() uint64 {
	return digest("", []int64{s.number, int64(s.day), s.who}, s.data)
}
