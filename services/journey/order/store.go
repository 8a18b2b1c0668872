package order

import (
	"context"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// row is one version of an event of an order, or its reversal.
type row struct {
	order       string
	seq, number int64
	sign        int8
	who         int64
	data        []byte
}

// rowsOf are the rows that some facts of the log make.
func rowsOf(facts []feed.Fact) ([]row, error) {
	var rows []row
	for i := range facts {
		f := &facts[i]
		if f.Kind != record.Event && f.Kind != record.Reversal {
			continue
		}
		p, err := record.ParseEvent(f)
		if err != nil {
			return nil, err
		}
		if p.Order != "" {
			rows = append(rows, row{order: p.Order, seq: f.Seq, number: p.Number, sign: p.Sign, who: f.Who, data: f.Data})
		}
	}
	return rows, nil
}

func putRows(ctx context.Context, tx *sqldb.Tx, brand string, rows []row) error {
	n := len(rows)
	orders, data := make([]string, n), make([][]byte, n)
	seqs, numbers, who := make([]int64, n), make([]int64, n), make([]int64, n)
	signs := make([]int16, n)
	for i, r := range rows {
		orders[i], seqs[i], numbers[i], signs[i], who[i], data[i] = r.order, r.seq, r.number, int16(r.sign), r.who, r.data
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "order_event", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "order_id", Data: orders}, {Name: "seq", Data: seqs},
		{Name: "number", Data: numbers}, {Name: "sign", Data: signs}, {Name: "who", Data: who}, {Name: "data", Data: data},
	}})
	if err != nil {
		return fmt.Errorf("keep events of orders: %w", err)
	}
	return nil
}

// state is the outcome that the log holds of an order.
type state struct {
	number, seq int64
	day         int32
	who         int64
	data        []byte
}

// fact says the state, or takes it back.
func (s *state) fact(kind int16) feed.Fact {
	return feed.Fact{Kind: kind, Day: s.day, Day2: s.day, Who: s.who, Of: s.number, Data: s.data}
}

func putStates(ctx context.Context, tx *sqldb.Tx, brand string, changes []change) error {
	var orders []string
	var data [][]byte
	var numbers, seqs, who []int64
	var days []int32
	for _, c := range changes {
		if c.now == nil {
			if _, err := tx.Exec(ctx, "DELETE FROM order_state WHERE brand = $1 AND order_id = $2", brand, c.order); err != nil {
				return err
			}
			continue
		}
		orders, data, numbers = append(orders, c.order), append(data, c.now.data), append(numbers, c.now.number)
		seqs, who, days = append(seqs, c.now.seq), append(who, c.now.who), append(days, c.now.day)
	}
	if len(orders) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "order_state", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "order_id", Data: orders}, {Name: "number", Data: numbers},
		{Name: "seq", Data: seqs}, {Name: "day", Data: days}, {Name: "who", Data: who}, {Name: "data", Data: data},
	}, OnConflict: `ON CONFLICT (brand, order_id) DO UPDATE SET number = excluded.number, seq = excluded.seq,
day = excluded.day, who = excluded.who, data = excluded.data`})
	return err
}

// chunk is how many orders one look-up takes: a fixed number, so that there is
// one text to prepare.
const chunk = 64

// perOrder repeats a query for each order of a chunk; the order is its $2. Written
// as one IN (…) it is planned to read the whole brand while an import makes the
// tables grow from nothing.
func perOrder(query string) string {
	arms := make([]string, chunk)
	for i := range arms {
		arms[i] = strings.ReplaceAll(query, "$2", "$"+strconv.Itoa(i+2))
	}
	return strings.Join(arms, " UNION ALL ")
}

var (
	rowsQuery   = perOrder("SELECT order_id, seq, number, sign, who, data FROM order_event WHERE brand = $1 AND order_id = $2")
	statesQuery = perOrder("SELECT order_id, number, seq, day, who, data FROM order_state WHERE brand = $1 AND order_id = $2")
)

// inChunks runs a query for all orders and calls scan for each row. The mark makes
// the text a new one, planned afresh, each time the log has doubled: a plan made
// while the tables were empty reads them whole.
func inChunks(ctx context.Context, q sqldb.Querier, query, brand string, orders []string, last int64, scan func(func(...any) error) error) error {
	query = fmt.Sprintf("/* 2^%d */ ", bits.Len64(uint64(last))) + query
	for len(orders) > 0 {
		args := append(make([]any, 0, chunk+1), brand)
		for i := range chunk {
			id := "" // no order has it
			if i < len(orders) {
				id = orders[i]
			}
			args = append(args, id)
		}
		rows, err := q.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		for rows.Next() && err == nil {
			err = scan(rows.Scan)
		}
		rows.Close()
		if err == nil {
			err = rows.Err()
		}
		if err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		orders = orders[min(chunk, len(orders)):]
	}
	return nil
}

func rowsByOrder(ctx context.Context, q sqldb.Querier, brand string, orders []string, last int64) (map[string][]row, error) {
	out := make(map[string][]row, len(orders))
	err := inChunks(ctx, q, rowsQuery, brand, orders, last, func(scan func(...any) error) error {
		var r row
		err := scan(&r.order, &r.seq, &r.number, &r.sign, &r.who, &r.data)
		out[r.order] = append(out[r.order], r)
		return err
	})
	return out, err
}

func statesByOrder(ctx context.Context, q sqldb.Querier, brand string, orders []string, last int64) (map[string]*state, error) {
	out := make(map[string]*state, len(orders))
	err := inChunks(ctx, q, statesQuery, brand, orders, last, func(scan func(...any) error) error {
		var id string
		s := &state{}
		err := scan(&id, &s.number, &s.seq, &s.day, &s.who, &s.data)
		out[id] = s
		return err
	})
	return out, err
}
