package offer

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of offers.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "offer", files)
}

const stateColumns = "customer, offer, received_at, viewed_at, completed_at, redemptions, movement, spent, purchases"

func statesOf(ctx context.Context, q sqldb.Querier, query string, args ...any) (out []State, err error) {
	rows, err := q.Query(ctx, "SELECT "+stateColumns+" FROM offer_person "+query, args...)
	if err != nil {
		return nil, fmt.Errorf("read personal offers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s State
		err := rows.Scan(&s.Customer, &s.Offer, &s.Received, &s.Viewed, &s.Completed, &s.Redemptions, &s.Movement, &s.Spent, &s.Purchases)
		if err != nil {
			return nil, fmt.Errorf("read personal offers: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// states are those of some numbers, of one offer or, "", of all; those received first go
// first.
func states(ctx context.Context, q sqldb.Querier, brand, offer string, numbers []int64) ([]State, error) {
	list, args := sqldb.In(3, numbers)
	return statesOf(ctx, q, "WHERE brand = $1 AND ($2 = '' OR offer = $2) AND customer IN ("+list+") ORDER BY received_at, customer",
		append([]any{brand, offer}, args...)...)
}

// save replaces the state of one number.
func save(ctx context.Context, tx *sqldb.Tx, brand string, s *State) error {
	_, err := tx.Exec(ctx, `INSERT INTO offer_person (brand, `+stateColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (brand, customer, offer) DO UPDATE SET viewed_at = excluded.viewed_at, completed_at = excluded.completed_at,
redemptions = excluded.redemptions, movement = excluded.movement, spent = excluded.spent, purchases = excluded.purchases`,
		brand, s.Customer, s.Offer, s.Received, s.Viewed, s.Completed, s.Redemptions, s.Movement, s.Spent, s.Purchases)
	if err != nil {
		return fmt.Errorf("save personal offer: %w", err)
	}
	return nil
}

// receive adds rows of numbers that have an offer from now on.
func receive(ctx context.Context, tx *sqldb.Tx, brand, offer string, customers []int64, at int64) error {
	if len(customers) == 0 {
		return nil
	}
	columns := []sqldb.Column{{Name: "brand", Expr: "$1"}, {Name: "offer", Expr: "$2"}, {Name: "received_at", Expr: "CAST($3 AS BIGINT)"}, {Name: "customer", Data: customers}}
	for _, name := range []string{"viewed_at", "completed_at", "redemptions", "movement", "spent", "purchases"} {
		columns = append(columns, sqldb.Column{Name: name, Expr: "0"})
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "offer_person", Args: []any{brand, offer, at}, Columns: columns})
	if err != nil {
		return fmt.Errorf("give offer to %d: %w", len(customers), err)
	}
	return nil
}

// used tells whether a coupon was.
func used(ctx context.Context, q sqldb.Querier, brand, code string) (bool, error) {
	var one int
	err := q.QueryRow(ctx, "SELECT 1 FROM offer_coupon WHERE brand = $1 AND code = $2", brand, code).Scan(&one)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read coupon: %w", err)
	}
	return true, nil
}

func use(ctx context.Context, tx *sqldb.Tx, brand, code, offer string, customer int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO offer_coupon (brand, code, offer, customer) VALUES ($1, $2, $3, $4)", brand, code, offer, customer)
	if err != nil {
		return fmt.Errorf("use coupon: %w", err)
	}
	return nil
}

// Used are an offer's codes that were used.
func Used(ctx context.Context, q sqldb.Querier, brand, offer string) ([]string, error) {
	var out []string
	err := coupons(ctx, q, func(code, _ string, _ int64) { out = append(out, code) }, "AND offer = $2 ORDER BY code", brand, offer)
	return out, err
}

func coupons(ctx context.Context, q sqldb.Querier, fn func(code, offer string, customer int64), query string, args ...any) error {
	rows, err := q.Query(ctx, "SELECT code, offer, customer FROM offer_coupon WHERE brand = $1 "+query, args...)
	if err != nil {
		return fmt.Errorf("read coupons: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var code, offer string
		var customer int64
		if err := rows.Scan(&code, &offer, &customer); err != nil {
			return fmt.Errorf("read coupons: %w", err)
		}
		fn(code, offer, customer)
	}
	return rows.Err()
}

// counted tells what a purchase has added to an offer; false: it was not counted.
func counted(ctx context.Context, q sqldb.Querier, brand string, event []byte, offer string) (ok bool, err error) {
	var one int
	err = q.QueryRow(ctx, "SELECT 1 FROM offer_purchase WHERE brand = $1 AND event = $2 AND offer = $3", brand, event, offer).Scan(&one)
	if errors.Is(err, sqldb.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read counted purchase: %w", err)
	}
	return true, nil
}

func count(ctx context.Context, tx *sqldb.Tx, brand string, event []byte, offer string, a adding) error {
	var bought []byte
	if a.bought != "" {
		bought = []byte(a.bought)
	}
	_, err := tx.Exec(ctx, `INSERT INTO offer_purchase (brand, event, offer, customer, spent, order_id, bought) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (brand, event, offer) DO UPDATE SET order_id = excluded.order_id, bought = excluded.bought`,
		brand, event, offer, a.customer, a.spent, a.order, bought)
	if err != nil {
		return fmt.Errorf("count purchase: %w", err)
	}
	return nil
}

// counting is a purchase that counts for a number's offer.
type counting struct {
	offer    string
	customer int64
	*loyaltyv1.OfferBought
}

// purchases are the counted ones that a condition finds, of whatever offer.
func purchases(ctx context.Context, q sqldb.Querier, brand, condition string, args ...any) (out []counting, err error) {
	rows, err := q.Query(ctx, "SELECT offer, customer, bought FROM offer_purchase WHERE brand = $1 AND "+condition, append([]any{brand}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read counted purchases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		one := counting{OfferBought: &loyaltyv1.OfferBought{}}
		var packed []byte
		if err := rows.Scan(&one.offer, &one.customer, &packed); err != nil {
			return nil, fmt.Errorf("read counted purchases: %w", err)
		}
		if len(packed) == 0 {
			continue // a return, or counted before returns were
		}
		if err := unpack(packed, one.OfferBought); err != nil {
			return nil, fmt.Errorf("read counted purchase: %w", err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// ofPersons are those of some numbers, ofOrder those of an order.
func ofPersons(ctx context.Context, q sqldb.Querier, brand string, numbers []int64) ([]counting, error) {
	list, args := sqldb.In(2, numbers)
	return purchases(ctx, q, brand, "customer IN ("+list+")", args...)
}

func ofOrder(ctx context.Context, q sqldb.Querier, brand, order string) ([]counting, error) {
	return purchases(ctx, q, brand, "order_id = $2 AND order_id <> ''", order)
}

// maxListed is how many offers one answer has.
const maxListed = 1000

// List are a person's offers, whatever numbers they came to, newest received first.
func List(ctx context.Context, q sqldb.Querier, brand string, numbers []int64) ([]*loyaltyv1.PersonalOffer, error) {
	all, err := states(ctx, q, brand, "", numbers)
	if err != nil {
		return nil, err
	}
	by := map[string][]State{}
	for _, s := range all {
		by[s.Offer] = append(by[s.Offer], s)
	}
	out := make([]*loyaltyv1.PersonalOffer, 0, len(by))
	for _, some := range by {
		out = append(out, Join(some).Proto())
	}
	slices.SortFunc(out, func(a, b *loyaltyv1.PersonalOffer) int {
		return cmp.Or(b.GetReceivedAt().AsTime().Compare(a.GetReceivedAt().AsTime()), strings.Compare(a.GetOfferId(), b.GetOfferId()))
	})
	return out[:min(len(out), maxListed)], nil
}
