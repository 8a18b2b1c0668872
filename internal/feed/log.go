package feed

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Log is the log of one service: one sequence of facts per brand. Its Reader
// sees what is committed.
type Log struct {
	Reader
	db    *sqldb.DB
	heads heads
}

// New returns the log kept in db. Migrate must have run.
func New(db *sqldb.DB) *Log {
	lag()
	return &Log{Reader: Reader{q: db}, db: db, heads: newHeads()}
}

// Migrate creates the log's tables in db.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "feed", files)
}

// The head is advanced by a statement of its own: waiting for the row's lock
// inside another statement would leave that one with a view from before.
const (
	advance = `INSERT INTO log_head (brand, seq, at, commit_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (brand) DO UPDATE SET seq = log_head.seq + $2,
at = CASE WHEN log_head.at < $3 THEN $3 ELSE log_head.at END, commit_id = $4
RETURNING seq, at`

	// settle takes back numbers given to facts that were already there, if they
	// stand last: the head is always the last fact, so that its cursor can be
	// found in the log for ever. It counts, where NOT EXISTS would do, because a
	// planner that has no statistics yet turns that into a scan of the brand.
	settle = `UPDATE log_head SET (seq, at, commit_id) =
(SELECT f.seq, f.at, f.commit_id FROM fact f WHERE f.brand = $1 ORDER BY f.seq DESC LIMIT 1)
WHERE brand = $1 AND (SELECT count(*) FROM fact f WHERE f.brand = $1 AND f.seq = log_head.seq) = 0
RETURNING seq, at, commit_id`
)

// Append commits pure facts, those that depend on no state, in one round trip.
// It fills Seq, CommitID and At of each fact it appended, and says which those
// are: a fact whose key the log already has, or that comes second in facts, is
// left out and left as it was. The head is the log's last fact afterwards.
//
// If the error satisfies sqldb.IsUnknown, facts with keys can be appended
// again: those that are already in are left out.
func (l *Log) Append(ctx context.Context, brand string, facts []Fact, now time.Time) ([]bool, Head, error) {
	if err := check(brand, facts); err != nil {
		return nil, Head{}, err
	}
	if len(facts) == 0 {
		h, err := l.Head(ctx, brand)
		return nil, h, err
	}
	h := Head{Brand: brand, CommitID: newCommitID()}
	top := h
	b := sqldb.NewBatch()
	b.Query(func(scan func(...any) error) error {
		err := scan(&h.Seq, &h.At)
		top = h
		return err
	}, advance, brand, len(facts), now.UnixMicro(), h.CommitID)
	in, keyed := insertion(facts)
	in.Args = []any{brand, len(facts), h.CommitID}
	in.Columns = append(in.Columns,
		sqldb.Column{Name: "seq", Expr: "(SELECT seq FROM log_head WHERE brand = $1) - $2", Counted: true},
		sqldb.Column{Name: "at", Expr: "(SELECT at FROM log_head WHERE brand = $1)"})
	if keyed {
		in.OnConflict = "ON CONFLICT DO NOTHING"
		in.Ordinal = "seq - (SELECT seq FROM log_head WHERE brand = $1) + $2"
	}
	done := b.Insert(in)
	if keyed {
		b.Query(func(scan func(...any) error) error { return scan(&top.Seq, &top.At, &top.CommitID) }, settle, brand)
	}
	if err := l.db.Run(ctx, b); err != nil {
		return nil, Head{}, fmt.Errorf("append to log of %s: %w", brand, err)
	}
	for i := range facts {
		if done.Rows[i] {
			facts[i].Seq, facts[i].At, facts[i].CommitID = h.Seq-int64(len(facts)-i-1), h.At, h.CommitID
		}
	}
	l.Notice(top)
	return done.Rows, top, nil
}

// insertion lays facts out in columns, all but seq and at. Its shared
// arguments begin with brand, n and commit id. keyed tells if any has a key.
func insertion(facts []Fact) (in sqldb.Insert, keyed bool) {
	n := len(facts)
	kind, day, day2 := make([]int16, n), make([]int32, n), make([]int32, n)
	who, of := make([]int64, n), make([]int64, n)
	key, data, body := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i := range facts {
		f := &facts[i]
		kind[i], day[i], day2[i], who[i], of[i], data[i], body[i] = f.Kind, f.Day, f.Day2, f.Who, f.Of, f.Data, f.Body
		if len(f.Key) > 0 {
			key[i], keyed = f.Key, true
		}
	}
	return sqldb.Insert{Into: "fact", Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "commit_id", Expr: "CAST($3 AS BIGINT)"},
		{Name: "kind", Data: kind}, {Name: "key", Data: key}, {Name: "day", Data: day}, {Name: "day2", Data: day2},
		{Name: "who", Data: who}, {Name: "of", Data: of}, {Name: "data", Data: data}, {Name: "body", Data: body},
	}}, keyed
}

// check refuses what would break the log's own promises.
func check(brand string, facts []Fact) error {
	if brand == "" {
		return fmt.Errorf("fact without a brand")
	}
	for i := range facts {
		if f := &facts[i]; f.Kind == 0 || (f.Day == NoDay) != (f.Day2 == NoDay) {
			return fmt.Errorf("fact %d: kind %d, days %d and %d", i, f.Kind, f.Day, f.Day2)
		}
	}
	return nil
}

// newCommitID is random, so that a log restored from a backup and continued
// differs from the one that was lost. 0 is kept for the beginning.
func newCommitID() int64 { return 1 + rand.Int64N(1<<62) }
