package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// statement is one statement of a save: an insert of many rows, or another.
type statement struct {
	insert *sqldb.Insert
	query  string
	args   []any
}

// run sends statements within a transaction, into adds them to a batch.
func run(ctx context.Context, tx *sqldb.Tx, all []statement) error {
	for _, s := range all {
		var err error
		if s.insert != nil {
			_, err = tx.Insert(ctx, *s.insert)
		} else {
			_, err = tx.Exec(ctx, s.query, s.args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func into(b *sqldb.Batch, all []statement) {
	for _, s := range all {
		if s.insert != nil {
			b.Insert(*s.insert)
		} else {
			b.Exec(s.query, s.args...)
		}
	}
}

// rows begins an insert of rows of a brand.
func rows(table, brand, conflict string, columns ...sqldb.Column) statement {
	return statement{insert: &sqldb.Insert{
		Into: table, Args: []any{brand}, OnConflict: conflict,
		Columns: append([]sqldb.Column{{Name: "brand", Expr: "$1"}}, columns...),
	}}
}

// save are the statements that store what changed. Rows are touched in one order.
func (c *Changes) save(brand string) []statement {
	out := append(c.saveAccounts(brand), c.saveLots(brand)...)
	return append(out, c.saveHolds(brand)...)
}

func (c *Changes) saveAccounts(brand string) []statement {
	all := c.accounts()
	if len(all) == 0 {
		return nil
	}
	n := len(all)
	customer, programme := make([]int64, n), make([]string, n)
	sums, clock := [6][]int64{}, make([]string, n)
	for i := range sums {
		sums[i] = make([]int64, n)
	}
	for i, a := range all {
		customer[i], programme[i] = a.Customer, a.Programme
		for j, v := range [6]int64{a.Available, a.Held, a.Pending, a.Owed, a.Lots, a.look()} {
			sums[j][i] = v
		}
		if clock[i] = stopped; a.Clock != (Clock{}) {
			clock[i] = a.Clock.show()
		}
	}
	return []statement{rows("account", brand, `ON CONFLICT (brand, customer, programme) DO UPDATE SET available = excluded.available,
held = excluded.held, pending = excluded.pending, owed = excluded.owed, lots = excluded.lots,
idle_at = excluded.idle_at, clock = excluded.clock`,
		sqldb.Column{Name: "customer", Data: customer}, sqldb.Column{Name: "programme", Data: programme},
		sqldb.Column{Name: "available", Data: sums[0]}, sqldb.Column{Name: "held", Data: sums[1]},
		sqldb.Column{Name: "pending", Data: sums[2]}, sqldb.Column{Name: "owed", Data: sums[3]}, sqldb.Column{Name: "lots", Data: sums[4]},
		sqldb.Column{Name: "idle_at", Data: sums[5]}, sqldb.Column{Name: "clock", Data: clock})}
}

// saveLots stores lots in three ways: empty ones go, most of the others have other points in
// the place they had, and the rest gets a row or moves to another place. What stays in its
// place costs no index anything.
func (c *Changes) saveLots(brand string) (out []statement) {
	var gone []int64
	var changed, placed lotRows
	for _, key := range slices.Sorted(maps.Keys(c.Lots)) {
		a, l := c.Lots[key].Account, c.Lots[key].Lot
		switch {
		case l.Points == 0 && l.stored:
			gone = append(gone, int64(key))
		case l.Points > 0 && l.stored && l.storedActiveAt == l.ActiveAt:
			changed.add(a, l)
		case l.Points > 0:
			placed.add(a, l)
		}
	}
	if len(gone) > 0 {
		out = deletes("DELETE FROM lot WHERE brand = $1 AND id IN (", brand, gone)
	}
	out = append(out, changed.upsert(brand, "points = excluded.points")...)
	return append(out, placed.upsert(brand, "points = excluded.points, active_at = excluded.active_at")...)
}

// lotRows are rows of lots, column by column.
type lotRows struct {
	id, customer, points, earned, expires, active []int64
	programme                                     []string
}

func (r *lotRows) add(a *Account, l *Lot) {
	r.id, r.customer, r.programme = append(r.id, int64(l.ID)), append(r.customer, a.Customer), append(r.programme, a.Programme)
	r.points, r.earned = append(r.points, l.Points), append(r.earned, l.EarnedAt)
	r.expires, r.active = append(r.expires, l.ExpiresAt), append(r.active, l.ActiveAt)
}

// upsert stores the rows; of those that are there set changes some columns.
func (r *lotRows) upsert(brand, set string) []statement {
	if len(r.id) == 0 {
		return nil
	}
	return []statement{rows("lot", brand, "ON CONFLICT (brand, id) DO UPDATE SET "+set,
		sqldb.Column{Name: "id", Data: r.id}, sqldb.Column{Name: "customer", Data: r.customer}, sqldb.Column{Name: "programme", Data: r.programme},
		sqldb.Column{Name: "points", Data: r.points}, sqldb.Column{Name: "earned_at", Data: r.earned},
		sqldb.Column{Name: "expires_at", Data: r.expires}, sqldb.Column{Name: "active_at", Data: r.active})}
}

// atOnce bounds a list in one statement.
const atOnce = 1000

// deletedAtOnce bounds a list of what is deleted: of a table that PostgreSQL knows nothing
// about yet it would rather read all than look for more.
const deletedAtOnce = 32

// deletes are statements that delete by number.
func deletes(query, brand string, ids []int64) (out []statement) {
	for some := range slices.Chunk(ids, deletedAtOnce) {
		list, args := sqldb.In(2, some)
		out = append(out, statement{query: query + list + ")", args: append([]any{brand}, args...)})
	}
	return out
}

func (c *Changes) saveHolds(brand string) (out []statement) {
	var gone, id, owner, customer, ends []int64
	var programme []string
	var parts, origin [][]byte
	for _, key := range slices.Sorted(maps.Keys(c.Holds)) {
		h := c.Holds[key]
		if len(h.Parts) == 0 {
			if h.stored {
				gone = append(gone, h.ID)
			}
			continue
		}
		for _, who := range h.owners() {
			id, owner, programme, customer = append(id, h.ID), append(owner, who), append(programme, h.Programme), append(customer, h.Customer)
			ends, parts, origin = append(ends, h.EndsAt), append(parts, packParts(h.Parts, who)), append(origin, h.Origin)
		}
	}
	if len(gone) > 0 {
		out = deletes("DELETE FROM hold WHERE brand = $1 AND id IN (", brand, gone)
	}
	if len(id) == 0 {
		return out
	}
	return append(out, rows("hold", brand, "", sqldb.Column{Name: "id", Data: id}, sqldb.Column{Name: "owner", Data: owner},
		sqldb.Column{Name: "programme", Data: programme}, sqldb.Column{Name: "customer", Data: customer},
		sqldb.Column{Name: "ends_at", Data: ends}, sqldb.Column{Name: "parts", Data: parts}, sqldb.Column{Name: "origin", Data: origin}))
}

// findable are statements that store by what movements are found.
func findable(brand string, order []string, ofOrder, customer, ofCustomer []int64) (out []statement) {
	if len(order) > 0 {
		out = append(out, rows("order_entry", brand, "", sqldb.Column{Name: "order_id", Data: order}, sqldb.Column{Name: "seq", Data: ofOrder}))
	}
	if len(customer) > 0 {
		out = append(out, rows("other_entry", brand, "", sqldb.Column{Name: "customer", Data: customer}, sqldb.Column{Name: "seq", Data: ofCustomer}))
	}
	return out
}

// kept notes that everything is stored.
func (c *Changes) kept() {
	for a := range c.Accounts {
		a.stored = true
	}
	for _, l := range c.Lots {
		l.Lot.keep()
	}
	for _, h := range c.Holds {
		h.stored = len(h.Parts) > 0
	}
}

// packParts writes the parts of a hold that are of one number.
func packParts(all []Part, owner int64) []byte {
	var b []byte
	for _, p := range all {
		if p.Customer != owner {
			continue
		}
		for _, n := range [...]int64{int64(p.Lot), p.Points, p.EarnedAt, p.ExpiresAt} {
			b = binary.AppendVarint(b, n)
		}
	}
	return b
}

var errParts = errors.New("parts of a hold are damaged")

// parseParts reads what packParts wrote.
func parseParts(b []byte, owner int64) ([]Part, error) {
	var out []Part
	for len(b) > 0 {
		var n [4]int64
		for i := range n {
			v, size := binary.Varint(b)
			if size <= 0 {
				return nil, errParts
			}
			n[i], b = v, b[size:]
		}
		out = append(out, Part{Lot: LotID(n[0]), Customer: owner, Points: n[1], EarnedAt: n[2], ExpiresAt: n[3]})
	}
	return out, nil
}
