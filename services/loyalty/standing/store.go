package standing

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate creates or updates the tables of standings.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "standing", files)
}

// save adds sums to the tables.
func save(ctx context.Context, tx *sqldb.Tx, brand string, s *sums) error {
	all := share{days: map[counting]Counted{}, lifetime: map[Member]Lifetime{}}
	for p := range s.of {
		maps.Copy(all.days, s.of[p].days)
		maps.Copy(all.lifetime, s.of[p].lifetime)
	}
	if err := saveDays(ctx, tx, brand, all.days); err != nil {
		return err
	}
	return saveLifetimes(ctx, tx, brand, all.lifetime)
}

func saveLifetimes(ctx context.Context, tx *sqldb.Tx, brand string, lifetime map[Member]Lifetime) error {
	if len(lifetime) == 0 {
		return nil
	}
	var customer, first, earned, spent, expired, adjusted, transferred []int64
	var programme []string
	for _, who := range slices.SortedFunc(maps.Keys(lifetime), compareMembers) {
		l := lifetime[who]
		customer, programme, first = append(customer, who.Customer), append(programme, who.Programme), append(first, l.FirstAt)
		earned, spent, expired = append(earned, l.Earned), append(spent, l.Spent), append(expired, l.Expired)
		adjusted, transferred = append(adjusted, l.Adjusted), append(transferred, l.Transferred)
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "lifetime", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: customer}, {Name: "programme", Data: programme},
		{Name: "first_at", Data: first}, {Name: "earned", Data: earned}, {Name: "spent", Data: spent}, {Name: "expired", Data: expired},
		{Name: "adjusted", Data: adjusted}, {Name: "transferred", Data: transferred},
	}, OnConflict: `ON CONFLICT (brand, customer, programme) DO UPDATE SET
first_at = CASE WHEN excluded.first_at < lifetime.first_at THEN excluded.first_at ELSE lifetime.first_at END,
earned = lifetime.earned + excluded.earned, spent = lifetime.spent + excluded.spent, expired = lifetime.expired + excluded.expired,
adjusted = lifetime.adjusted + excluded.adjusted, transferred = lifetime.transferred + excluded.transferred`})
	if err != nil {
		return fmt.Errorf("save lifetimes: %w", err)
	}
	return nil
}

func saveDays(ctx context.Context, tx *sqldb.Tx, brand string, days map[counting]Counted) error {
	if len(days) == 0 {
		return nil
	}
	var customer, points, money []int64
	var programme []string
	var day []int32
	for _, at := range slices.SortedFunc(maps.Keys(days), compareDays) {
		c := days[at]
		customer, programme, day = append(customer, at.Customer), append(programme, at.Programme), append(day, int32(at.Day))
		points, money = append(points, c.Points), append(money, c.Money)
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "counted", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "customer", Data: customer}, {Name: "programme", Data: programme},
		{Name: "day", Data: day}, {Name: "points", Data: points}, {Name: "money", Data: money},
	}, OnConflict: `ON CONFLICT (brand, customer, programme, day) DO UPDATE SET
points = counted.points + excluded.points, money = counted.money + excluded.money`})
	if err != nil {
		return fmt.Errorf("save what counts: %w", err)
	}
	return nil
}

// maxListed is how many numbers one statement takes.
const maxListed = 1024

// Days are what counts for some numbers in all programmes, by day ascending.
func Days(ctx context.Context, q sqldb.Querier, brand string, customers []int64, fn func(Member, calendar.Day, Counted)) error {
	for some := range slices.Chunk(customers, maxListed) {
		list, args := sqldb.In(2, some)
		err := days(ctx, q, func(at counting, c Counted) { fn(at.Member, at.Day, c) },
			`SELECT customer, programme, day, points, money FROM counted
WHERE brand = $1 AND customer IN (`+list+") ORDER BY day", append([]any{brand}, args...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

func eachDay(ctx context.Context, q sqldb.Querier, brand string, fn func(counting, Counted)) error {
	return days(ctx, q, fn, "SELECT customer, programme, day, points, money FROM counted WHERE brand = $1", brand)
}

func days(ctx context.Context, q sqldb.Querier, fn func(counting, Counted), query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read what counts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at counting
		var c Counted
		if err := rows.Scan(&at.Customer, &at.Programme, &at.Day, &c.Points, &c.Money); err != nil {
			return fmt.Errorf("read what counts: %w", err)
		}
		fn(at, c)
	}
	return rows.Err()
}

func eachLifetime(ctx context.Context, q sqldb.Querier, brand string, fn func(Member, Lifetime)) error {
	return lifetimes(ctx, q, fn, lifetimeColumns+"WHERE brand = $1", brand)
}

const lifetimeColumns = "SELECT customer, programme, first_at, earned, spent, expired, adjusted, transferred FROM lifetime "

// lifetimesOf are those of a person's numbers.
func lifetimesOf(ctx context.Context, q sqldb.Querier, brand string, customers []int64, fn func(Member, Lifetime)) error {
	list, args := sqldb.In(2, customers)
	return lifetimes(ctx, q, fn, lifetimeColumns+"WHERE brand = $1 AND customer IN ("+list+")", append([]any{brand}, args...)...)
}

func lifetimes(ctx context.Context, q sqldb.Querier, fn func(Member, Lifetime), query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read lifetimes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var who Member
		var l Lifetime
		if err := rows.Scan(&who.Customer, &who.Programme, &l.FirstAt, &l.Earned, &l.Spent, &l.Expired, &l.Adjusted, &l.Transferred); err != nil {
			return fmt.Errorf("read lifetimes: %w", err)
		}
		fn(who, l)
	}
	return rows.Err()
}

// Forget clears a brand's tables, so that they are counted anew.
func Forget(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if _, err := lockHeads(ctx, tx, brand); err != nil {
		return err
	}
	for _, table := range []string{"counted", "lifetime"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE brand = $1", brand); err != nil {
			return fmt.Errorf("forget standings of %s: %w", brand, err)
		}
	}
	return setHeads(ctx, tx, brand, heads{})
}
