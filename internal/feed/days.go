package feed

import (
	"context"
	"fmt"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// ReadDay calls fn for each fact that touches day and has a number above
// after, in order. Key and Body are left empty: folds need neither. The Fact
// is valid within the call, its Data for ever.
func (r Reader) ReadDay(ctx context.Context, brand string, day int32, after int64, fn func(*Fact) error) error {
	return r.each(ctx, "a day of "+brand, slim, fn, onDay(slim), brand, day, after)
}

// ReadDayWhole is ReadDay with Key and Body.
func (r Reader) ReadDayWhole(ctx context.Context, brand string, day int32, after int64, fn func(*Fact) error) error {
	return r.each(ctx, "a day of "+brand, whole, fn, onDay(whole), brand, day, after)
}

func onDay(columns string) string {
	return "SELECT " + columns + ` FROM fact
WHERE brand = $1 AND day = $2 AND day <> -2147483648 AND seq > $3
UNION ALL SELECT ` + columns + ` FROM fact
WHERE brand = $1 AND day2 = $2 AND day2 <> day AND seq > $3 ORDER BY seq`
}

// Touched returns for each day the number of the last fact that touches it, 0
// if none does. Its cost is two index probes a day, however full the day is.
func (r Reader) Touched(ctx context.Context, brand string, days []int32) ([]int64, error) {
	if len(days) == 0 {
		return nil, nil
	}
	values, args := rows(2, days)
	// A range of one day, sorted by day and number: sorted by number alone, a
	// planner short of statistics walks the primary key in search of the day.
	query := "WITH d (day) AS (VALUES " + values + `) SELECT d.day,
(SELECT f.seq FROM fact f WHERE f.brand = $1 AND f.day BETWEEN d.day AND d.day AND f.day <> -2147483648
 ORDER BY f.day DESC, f.seq DESC LIMIT 1),
(SELECT f.seq FROM fact f WHERE f.brand = $1 AND f.day2 BETWEEN d.day AND d.day AND f.day2 <> f.day
 ORDER BY f.day2 DESC, f.seq DESC LIMIT 1)
FROM d`
	found, err := r.q.Query(ctx, query, append([]any{brand}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("last facts by day: %w", err)
	}
	defer found.Close()
	last := make(map[int32]int64, len(days))
	for found.Next() {
		var day int32
		var a, b *int64 // nil where no fact touches the day so
		if err := found.Scan(&day, &a, &b); err != nil {
			return nil, fmt.Errorf("last facts by day: %w", err)
		}
		last[day] = max(orZero(a), orZero(b))
	}
	seqs := make([]int64, len(days))
	for i, day := range days {
		seqs[i] = last[day]
	}
	return seqs, found.Err()
}

// DayRange returns the first and the last day that facts touch; ok is false if
// none touches any.
func (r Reader) DayRange(ctx context.Context, brand string) (first, last int32, ok bool, err error) {
	const edge = "(SELECT %[1]s FROM fact WHERE brand = $1 AND %[2]s ORDER BY %[1]s %[3]s, seq %[3]s LIMIT 1)"
	const real, other = "day <> -2147483648", "day2 <> day"
	query := "SELECT " + fmt.Sprintf(edge, "day", real, "ASC") + ", " + fmt.Sprintf(edge, "day", real, "DESC") +
		", " + fmt.Sprintf(edge, "day2", other, "ASC") + ", " + fmt.Sprintf(edge, "day2", other, "DESC")
	var lo, hi, lo2, hi2 *int32
	if err := r.q.QueryRow(ctx, query, brand).Scan(&lo, &hi, &lo2, &hi2); err != nil {
		return 0, 0, false, fmt.Errorf("range of days: %w", err)
	}
	if lo == nil {
		return 0, 0, false, nil
	}
	if lo2 != nil {
		return min(*lo, *lo2), max(*hi, *hi2), true, nil
	}
	return *lo, *hi, true, nil
}

// orZero is the seq before the first where there is none.
func orZero(seq *int64) int64 {
	if seq == nil {
		return 0
	}
	return *seq
}

// rows is sqldb.In for VALUES: "(CAST($3 AS INTEGER)), …".
func rows[T any](first int, values []T) (string, []any) {
	return sqldb.Values(first, values, "(CAST($%d AS INTEGER))")
}
