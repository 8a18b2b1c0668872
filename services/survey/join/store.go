package join

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// atOnce bounds the orders of one statement.
const atOnce = 1000

// Known reads what is known of orders; those nothing is known of are left out.
func Known(ctx context.Context, q sqldb.Querier, brand string, orders []string) (map[string]string, error) {
	out := make(map[string]string, len(orders))
	for some := range slices.Chunk(orders, atOnce) {
		list, args := sqldb.In(2, some)
		rows, err := q.Query(ctx, "SELECT order_id, late FROM order_known WHERE brand = $1 AND order_id IN ("+list+")",
			append([]any{brand}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
		for rows.Next() {
			var order, late string
			if err := rows.Scan(&order, &late); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("read orders: %w", err)
			}
			out[order] = late
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
	}
	return out, nil
}

// Learn keeps what is known of orders now.
func Learn(ctx context.Context, tx *sqldb.Tx, brand string, late map[string]string) error {
	orders := make([]string, 0, len(late))
	for order := range late {
		orders = append(orders, order)
	}
	slices.Sort(orders) // rows are touched in one order by everybody
	values := make([]string, len(orders))
	for i, order := range orders {
		values[i] = late[order]
	}
	_, err := tx.Insert(ctx, sqldb.Insert{
		Into: "order_known", Args: []any{brand},
		Columns:    []sqldb.Column{{Name: "brand", Expr: "$1"}, {Name: "order_id", Data: orders}, {Name: "late", Data: values}},
		OnConflict: "ON CONFLICT (brand, order_id) DO UPDATE SET late = excluded.late",
	})
	if err != nil {
		return fmt.Errorf("keep orders: %w", err)
	}
	return nil
}

// Attach keeps which responses are about which orders.
func Attach(ctx context.Context, tx *sqldb.Tx, brand string, pairs []Pair) error {
	orders, responses := make([]string, len(pairs)), make([]int64, len(pairs))
	for i, p := range pairs {
		orders[i], responses[i] = p.Order, p.Response
	}
	_, err := tx.Insert(ctx, sqldb.Insert{
		Into: "order_response", Args: []any{brand},
		Columns:    []sqldb.Column{{Name: "brand", Expr: "$1"}, {Name: "order_id", Data: orders}, {Name: "response", Data: responses}},
		OnConflict: "ON CONFLICT DO NOTHING",
	})
	if err != nil {
		return fmt.Errorf("keep orders of responses: %w", err)
	}
	return nil
}

// About reads the responses about orders, by order and number.
func About(ctx context.Context, q sqldb.Querier, brand string, orders []string) (out []Pair, err error) {
	for some := range slices.Chunk(orders, atOnce) {
		list, args := sqldb.In(2, some)
		rows, err := q.Query(ctx, "SELECT order_id, response FROM order_response WHERE brand = $1 AND order_id IN ("+list+") ORDER BY order_id, response",
			append([]any{brand}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("read responses of orders: %w", err)
		}
		for rows.Next() {
			var p Pair
			if err := rows.Scan(&p.Order, &p.Response); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("read responses of orders: %w", err)
			}
			out = append(out, p)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("read responses of orders: %w", err)
		}
	}
	return out, nil
}
