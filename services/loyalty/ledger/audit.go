package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Wrong is a row that is not what the log says.
type Wrong struct {
	Table  string
	Seq    int64
	Reason string
}

// audit is the log replayed, and what it says of the tables.
type audit struct {
	store  store
	past   *Past
	orders map[string]map[int64]bool
	others map[int64]map[int64]bool
	head   int64
	n      int
	report func(Wrong)
}

// Audit replays all movements of a brand and compares every account, lot and hold, and
// what finds movements again. It returns how many rows it looked at. tx sees one moment.
func Audit(ctx context.Context, tx *sqldb.Tx, brand string, report func(Wrong)) (int, error) {
	a := &audit{store: store{tx, brand}, report: report}
	if err := a.replay(ctx, feed.In(tx)); err != nil {
		return 0, err
	}
	for _, check := range []func(context.Context) error{a.accounts, a.lots, a.holds, a.entries} {
		if err := check(ctx); err != nil {
			return a.n, err
		}
	}
	return a.n, nil
}

// replay applies everything the log has.
func (a *audit) replay(ctx context.Context, log feed.Reader) error {
	a.past, a.orders, a.others = NewPast(), map[string]map[int64]bool{}, map[int64]map[int64]bool{}
	for {
		facts, err := log.Read(ctx, a.store.brand, a.head, pageOf)
		if err != nil || len(facts) == 0 {
			return err
		}
		for i := range facts {
			f := &facts[i]
			a.head = f.Seq
			if f.Kind != record.Movement {
				continue
			}
			if err := a.movement(f); err != nil {
				a.wrong("fact", f.Seq, "%v", err)
			}
		}
	}
}

func (a *audit) movement(f *feed.Fact) error {
	r, err := record.Parse(f)
	if err != nil {
		return err
	}
	if id := originOf(r).GetOrderId(); id != "" {
		note(a.orders, id, f.Seq)
	}
	for _, n := range others(r.GetMovement()) {
		note(a.others, n, f.Seq)
	}
	return a.past.Apply(f.Seq, r)
}

func note[K comparable](in map[K]map[int64]bool, key K, seq int64) {
	if in[key] == nil {
		in[key] = map[int64]bool{}
	}
	in[key][seq] = true
}

func (a *audit) wrong(table string, seq int64, format string, args ...any) {
	a.report(Wrong{Table: table, Seq: seq, Reason: fmt.Sprintf(format, args...)})
}

// accounts compares the sums. Of whom the log says nothing a row may be empty.
func (a *audit) accounts(ctx context.Context) error {
	seen := map[Place]bool{}
	err := a.store.each(ctx, "accounts", `SELECT programme, customer, available, held, pending, owed, lots, clock, idle_at FROM account
WHERE brand = $1 ORDER BY customer, programme`, []any{a.store.brand}, func(scan func(...any) error) error {
		var p Place
		var got [5]int64
		var clock string
		var look int64
		if err := scan(&p.Programme, &p.Customer, &got[0], &got[1], &got[2], &got[3], &got[4], &clock, &look); err != nil {
			return err
		}
		a.n++
		seen[p] = true
		want, runs := [5]int64{}, Clock{}
		if s := a.past.Places[p]; s != nil {
			want, runs = s.row(), s.Clock
		}
		if clock != runs.show() || (look == Never) != (want[4] == 0 || runs.End() == Never) {
			a.wrong("account", a.head, "account %d of %s has the clock %s, looked at %d, the log says %s", p.Customer, p.Programme, clock, look, runs.show())
		}
		if got != want {
			a.wrong("account", a.head, "account %d of %s has available, held, pending, owed, lots %d, the log says %d", p.Customer, p.Programme, got, want)
		}
		return nil
	})
	for p, s := range a.past.Places {
		if !seen[p] && s.row() != [5]int64{} {
			a.wrong("account", a.head, "account %d of %s is not there, the log says %d", p.Customer, p.Programme, s.row())
		}
	}
	return err
}

func (s *Sum) row() [5]int64 {
	return [5]int64{s.Available, s.Held, s.Pending, s.Owed, int64(len(s.Lots))}
}

func (a *audit) lots(ctx context.Context) error {
	all, err := a.store.lots(ctx, "SELECT "+lotColumns+" FROM lot WHERE brand = $1 ORDER BY id", a.store.brand)
	if err != nil {
		return err
	}
	seen := make(map[LotID]bool, len(all))
	for _, r := range all {
		a.n++
		seen[r.ID] = true
		want := &Lot{}
		if s := a.past.Places[r.Place]; s != nil && s.Lots[r.ID] != nil {
			want = s.Lots[r.ID]
		}
		got := *r.Lot
		got.stored, got.storedActiveAt = false, 0
		if got != *want {
			a.wrong("lot", r.ID.Seq(), "lot %s of customer %d is %+v, the log says %+v", r.ID, r.Customer, got, *want)
		}
	}
	for p, s := range a.past.Places {
		for id, l := range s.Lots {
			if !seen[id] {
				a.wrong("lot", id.Seq(), "lot %s of customer %d is not there, the log says %d points", id, p.Customer, l.Points)
			}
		}
	}
	return nil
}

func (a *audit) holds(ctx context.Context) error {
	rows, err := a.store.holds(ctx, "SELECT "+holdColumns+" FROM hold WHERE brand = $1 ORDER BY id, owner", a.store.brand)
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, h := range joined(rows) {
		a.n++
		seen[h.ID] = true
		want := a.past.Holds[h.ID]
		if want == nil || want.Programme != h.Programme || want.Customer != h.Customer || want.EndsAt != h.EndsAt ||
			!slices.Equal(want.Parts, h.Parts) || string(want.Origin) != string(h.Origin) {
			a.wrong("hold", h.ID, "hold %d is %+v, the log says %+v", h.ID, h, want)
		}
	}
	for id := range a.past.Holds {
		if !seen[id] {
			a.wrong("hold", id, "hold %d is not there", id)
		}
	}
	return nil
}

// entries compares what finds movements of orders, and of others than those they came with.
func (a *audit) entries(ctx context.Context) error {
	err := compare(ctx, a, "order_entry", "SELECT order_id, seq FROM order_entry WHERE brand = $1", a.orders)
	if err != nil {
		return err
	}
	return compare(ctx, a, "other_entry", "SELECT customer, seq FROM other_entry WHERE brand = $1", a.others)
}

func compare[K comparable](ctx context.Context, a *audit, table, query string, want map[K]map[int64]bool) error {
	err := a.store.each(ctx, table, query, []any{a.store.brand}, func(scan func(...any) error) error {
		var key K
		var seq int64
		if err := scan(&key, &seq); err != nil {
			return err
		}
		a.n++
		if !want[key][seq] {
			a.wrong(table, seq, "entry %d of %v is not in the log", seq, key)
		}
		delete(want[key], seq)
		return nil
	})
	for key, seqs := range want {
		for seq := range seqs {
			a.wrong(table, seq, "entry %d of %v is not found", seq, key)
		}
	}
	return err
}

// Rebuild makes the tables of a brand anew from the log, which tx has locked.
func Rebuild(ctx context.Context, tx *sqldb.Tx, brand string) error {
	a := &audit{store: store{tx, brand}}
	var failed error
	a.report = func(w Wrong) { failed = fmt.Errorf("fact %d: %s", w.Seq, w.Reason) }
	if err := a.replay(ctx, feed.In(tx)); err != nil || failed != nil {
		return firstOf(err, failed)
	}
	for _, table := range []string{"account", "lot", "hold", "order_entry", "other_entry"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
			return fmt.Errorf("empty %s: %w", table, err)
		}
	}
	c := NewChanges()
	for p, s := range a.past.Places {
		acc := NewAccount(p.Programme, p.Customer)
		acc.Available, acc.Held, acc.Pending, acc.Owed, acc.Lots = s.Available, s.Held, s.Pending, s.Owed, int64(len(s.Lots))
		acc.Clock = s.Clock
		c.account(acc)
		for _, l := range s.Lots {
			c.lot(acc, l)
		}
	}
	c.Holds = a.past.Holds
	all := append(c.save(brand), a.found(brand)...)
	return run(ctx, tx, all)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// found are the rows that find movements again.
func (a *audit) found(brand string) (out []statement) {
	var order []string
	var ofOrder, customer, ofCustomer []int64
	for id, seqs := range a.orders {
		for seq := range seqs {
			order, ofOrder = append(order, id), append(ofOrder, seq)
		}
	}
	for n, seqs := range a.others {
		for seq := range seqs {
			customer, ofCustomer = append(customer, n), append(ofCustomer, seq)
		}
	}
	return findable(brand, order, ofOrder, customer, ofCustomer)
}
