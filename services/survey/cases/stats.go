package cases

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// tallied is a queue's statistics as sums, so that queues add up to the total:
// averages are never averaged.
type tallied struct {
	open, claimed, overdue, resolved int64
	// clock and business are microseconds; exact up to 285 years.
	clock, business float64
}

func (t *tallied) add(o *tallied) {
	t.open, t.claimed, t.overdue = t.open+o.open, t.claimed+o.claimed, t.overdue+o.overdue
	t.resolved, t.clock, t.business = t.resolved+o.resolved, t.clock+o.clock, t.business+o.business
}

func (t *tallied) stats() *surveyv1.CaseStats {
	s := &surveyv1.CaseStats{Open: t.open, Claimed: t.claimed, Overdue: t.overdue, Resolved: t.resolved}
	if t.resolved > 0 {
		n := float64(t.resolved)
		s.AverageClock = durationpb.New(time.Duration(t.clock / n * float64(time.Microsecond)))
		s.AverageBusiness = durationpb.New(time.Duration(t.business / n * float64(time.Microsecond)))
	}
	return s
}

// GetCaseStats says how the queues stand now and how long resolving took.
//
// It aggregates rows and does not read slabs: cases are state that people
// change, not facts of the log, and both parts are small or bounded by an index
// (what waits; what was resolved in the window). How long a case took is stored
// when it is resolved, so that later holidays do not change the past.
func (d *Desk) GetCaseStats(ctx context.Context, req *surveyv1.GetCaseStatsRequest) (*surveyv1.GetCaseStatsResponse, error) {
	b, err := d.brand(req.GetBrand())
	if err != nil {
		return nil, err
	}
	from, until, err := window(b.Zone, req.GetFirstDay(), req.GetLastDay())
	if err != nil {
		return nil, err
	}
	queues := map[string]*tallied{}
	err = d.db.Read(ctx, func(tx *sqldb.Tx) error {
		clear(queues) // it may run twice
		if err := waiting(ctx, tx, req, d.clock().UnixMicro(), queues); err != nil {
			return err
		}
		return resolvedWithin(ctx, tx, req, from, until, queues)
	})
	if err != nil {
		return nil, err
	}
	out := &surveyv1.GetCaseStatsResponse{}
	var total tallied
	for _, name := range slices.Sorted(maps.Keys(queues)) {
		total.add(queues[name])
		out.Queues = append(out.Queues, &surveyv1.QueueStats{Queue: name, Stats: queues[name].stats()})
	}
	out.Total = total.stats()
	return out, nil
}

// window is the time of the days asked for, in microseconds: [from, until).
func window(zone *calendar.Zone, first, last string) (from, until int64, err error) {
	wrong := fault.Invalid()
	bound := func(field, text string, shift calendar.Day, unset int64) int64 {
		if text == "" {
			return unset
		}
		day, err := calendar.ParseDay(text)
		if err != nil {
			wrong.Field(field, "is not a date of the form YYYY-MM-DD")
		}
		return zone.StartOf(day + shift).UnixMicro()
	}
	from = bound("first_day", first, 0, -1<<63)
	until = bound("last_day", last, 1, 1<<63-1)
	if wrong.Len() == 0 && cmp.Compare(until, from) < 0 {
		wrong.Field("last_day", "must not be before first_day")
	}
	return from, until, wrong.Err()
}

// narrowed adds the queue and subject asked for to a condition.
func narrowed(req *surveyv1.GetCaseStatsRequest, where string, args []any) (string, []any) {
	if req.GetQueue() != "" {
		args = append(args, req.GetQueue())
		where += fmt.Sprintf(" AND f.queue = $%d", len(args))
	}
	if req.GetSubject() != nil {
		var in string
		in, args = inSubject(req.GetSubject(), args)
		where += in
	}
	if len(req.GetWithin()) > 0 {
		var in string
		in, args = inAny(req.GetWithin(), args)
		where += in
	}
	return where, args
}

// waiting adds what is not resolved as of now.
func waiting(ctx context.Context, tx *sqldb.Tx, req *surveyv1.GetCaseStatsRequest, now int64, queues map[string]*tallied) error {
	where, args := narrowed(req, "f.brand = $1 AND f.state <> 3", []any{req.GetBrand(), now})
	return perQueue(ctx, tx, queues, func(t *tallied) []any { return []any{&t.open, &t.claimed, &t.overdue} },
		`SELECT f.queue, COUNT(CASE WHEN f.state = 1 THEN 1 END), COUNT(CASE WHEN f.state = 2 THEN 1 END),
COUNT(CASE WHEN f.due_at < $2 THEN 1 END) FROM case_file f WHERE `+where+" GROUP BY f.queue", args)
}

// resolvedWithin adds what was last resolved in [from, until).
func resolvedWithin(ctx context.Context, tx *sqldb.Tx, req *surveyv1.GetCaseStatsRequest, from, until int64, queues map[string]*tallied) error {
	where, args := narrowed(req, "f.brand = $1 AND f.state = 3 AND f.resolved_at >= $2 AND f.resolved_at < $3",
		[]any{req.GetBrand(), from, until})
	return perQueue(ctx, tx, queues, func(t *tallied) []any { return []any{&t.resolved, &t.clock, &t.business} },
		`SELECT f.queue, COUNT(*), SUM(CAST(f.clock_micros AS DOUBLE PRECISION)),
SUM(CAST(f.business_micros AS DOUBLE PRECISION)) FROM case_file f WHERE `+where+" GROUP BY f.queue", args)
}

// perQueue reads one row per queue into dest of that queue.
func perQueue(ctx context.Context, tx *sqldb.Tx, queues map[string]*tallied, dest func(*tallied) []any, query string, args []any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("count cases: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var row tallied
		if err := rows.Scan(append([]any{&name}, dest(&row)...)...); err != nil {
			return fmt.Errorf("count cases: %w", err)
		}
		if queues[name] == nil {
			queues[name] = &tallied{}
		}
		queues[name].add(&row)
	}
	return rows.Err()
}
