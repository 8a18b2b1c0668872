package purchase

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of what was bought.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "bought", files)
}

// maxListed is how many values one statement takes.
const maxListed = 512

var written = proto.MarshalOptions{Deterministic: true}

// place is one shelf.
type place struct {
	customer int64
	goods    string
}

func each(rows *sql.Rows, err error, what string, fn func(*sql.Rows) error) error {
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// shelvesOf reads some shelves of one number.
func shelvesOf(ctx context.Context, q sqldb.Querier, brand string, customer int64, goods []string, fn func(place, *loyaltyv1.Shelf)) error {
	for some := range slices.Chunk(goods, maxListed) {
		list, args := sqldb.In(3, some)
		rows, err := q.Query(ctx, "SELECT goods, shelf FROM bought WHERE brand = $1 AND customer = $2 AND goods IN ("+list+")",
			append([]any{brand, customer}, args...)...)
		err = each(rows, err, "shelves", func(rows *sql.Rows) error {
			at := place{customer: customer}
			var packed []byte
			s := &loyaltyv1.Shelf{}
			if err := rows.Scan(&at.goods, &packed); err != nil {
				return err
			}
			fn(at, s)
			return proto.Unmarshal(packed, s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// saveShelves replaces shelves; places are in order.
func saveShelves(ctx context.Context, tx *sqldb.Tx, brand string, at []place, shelves []*loyaltyv1.Shelf) error {
	if len(at) == 0 {
		return nil
	}
	var customer []int64
	var goods []string
	var unmatched []int32
	var packed [][]byte
	for i, s := range shelves {
		b, err := written.Marshal(s)
		if err != nil {
			return fmt.Errorf("pack shelf: %w", err)
		}
		n := int32(0)
		for _, r := range s.GetReturns() {
			if r.GetUnmatched() > 0 {
				n++
			}
		}
		customer, goods, unmatched, packed = append(customer, at[i].customer), append(goods, at[i].goods), append(unmatched, n), append(packed, b)
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "bought", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: customer}, {Name: "goods", Data: goods},
		{Name: "unmatched", Data: unmatched}, {Name: "shelf", Data: packed},
	}, OnConflict: "ON CONFLICT (brand, customer, goods) DO UPDATE SET unmatched = excluded.unmatched, shelf = excluded.shelf"})
	if err != nil {
		return fmt.Errorf("save %d shelves: %w", len(at), err)
	}
	return nil
}

// ordersOf reads what is remembered of orders.
func ordersOf(ctx context.Context, q sqldb.Querier, brand string, ids []string, fn func(string, *loyaltyv1.OrderGoods)) error {
	for some := range slices.Chunk(ids, maxListed) {
		list, args := sqldb.In(2, some)
		rows, err := q.Query(ctx, "SELECT order_id, goods FROM bought_order WHERE brand = $1 AND order_id IN ("+list+")",
			append([]any{brand}, args...)...)
		err = each(rows, err, "orders", func(rows *sql.Rows) error {
			var id string
			var packed []byte
			o := &loyaltyv1.OrderGoods{}
			if err := rows.Scan(&id, &packed); err != nil {
				return err
			}
			fn(id, o)
			return proto.Unmarshal(packed, o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// saveOrders replaces what is remembered of orders, given in order of id.
func saveOrders(ctx context.Context, tx *sqldb.Tx, brand string, ids []string, orders []*loyaltyv1.OrderGoods) error {
	if len(ids) == 0 {
		return nil
	}
	packed := make([][]byte, len(orders))
	for i, o := range orders {
		var err error
		if packed[i], err = written.Marshal(o); err != nil {
			return fmt.Errorf("pack order: %w", err)
		}
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "bought_order", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "order_id", Data: ids}, {Name: "goods", Data: packed},
	}, OnConflict: "ON CONFLICT (brand, order_id) DO UPDATE SET goods = excluded.goods"})
	if err != nil {
		return fmt.Errorf("save %d orders: %w", len(ids), err)
	}
	return nil
}

// capping is a rule with a cap of the day, for a number on a day.
type capping struct {
	customer        int64
	programme, rule string
	day             calendar.Day
}

// cappedOf reads what rules gave numbers on days in a range.
func cappedOf(ctx context.Context, q sqldb.Querier, brand string, customers []int64, within calendar.Days, fn func(capping, int64)) error {
	for some := range slices.Chunk(customers, maxListed) {
		list, args := sqldb.In(4, some)
		rows, err := q.Query(ctx, `SELECT customer, programme, rule, day, points FROM capped
WHERE brand = $1 AND day >= $2 AND day < $3 AND customer IN (`+list+")", append([]any{brand, int32(within.From), int32(within.Until)}, args...)...)
		err = each(rows, err, "caps", func(rows *sql.Rows) error {
			var c capping
			var points int64
			if err := rows.Scan(&c.customer, &c.programme, &c.rule, &c.day, &points); err != nil {
				return err
			}
			fn(c, points)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// saveCapped adds to what rules gave, in order.
func saveCapped(ctx context.Context, tx *sqldb.Tx, brand string, at []capping, add []int64) error {
	if len(at) == 0 {
		return nil
	}
	var customer []int64
	var programme, rule []string
	var day []int32
	for _, c := range at {
		customer, programme, rule, day = append(customer, c.customer), append(programme, c.programme), append(rule, c.rule), append(day, int32(c.day))
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "capped", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: customer}, {Name: "programme", Data: programme},
		{Name: "rule", Data: rule}, {Name: "day", Data: day}, {Name: "points", Data: add},
	}, OnConflict: "ON CONFLICT (brand, customer, programme, rule, day) DO UPDATE SET points = capped.points + excluded.points"})
	if err != nil {
		return fmt.Errorf("save caps: %w", err)
	}
	return nil
}

// Today is what each rule of a programme with a cap of the day gave a person on a day.
func Today(ctx context.Context, q sqldb.Querier, brand, programme string, numbers []int64, day calendar.Day) (map[string]int64, error) {
	out := map[string]int64{}
	err := cappedOf(ctx, q, brand, numbers, calendar.Days{From: day, Until: day + 1}, func(c capping, points int64) {
		if c.programme == programme {
			out[c.rule] += points
		}
	})
	return out, err
}

// eachShelf reads the next shelves behind a place, in order.
func eachShelf(ctx context.Context, q sqldb.Querier, brand string, after place, fn func(at place, unmatched int, s *loyaltyv1.Shelf)) (last place, n int, err error) {
	rows, err := q.Query(ctx, `SELECT customer, goods, unmatched, shelf FROM bought
WHERE brand = $1 AND (customer, goods) > ($2, $3) ORDER BY customer, goods LIMIT 1000`, brand, after.customer, after.goods)
	err = each(rows, err, "shelves", func(rows *sql.Rows) error {
		var unmatched int
		var packed []byte
		if err := rows.Scan(&last.customer, &last.goods, &unmatched, &packed); err != nil {
			return err
		}
		s := &loyaltyv1.Shelf{}
		if err := proto.Unmarshal(packed, s); err != nil {
			return err
		}
		fn(last, unmatched, s)
		n++
		return nil
	})
	return last, n, err
}
