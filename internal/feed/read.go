package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Reader reads a log: a Log's sees what is committed, In's what its
// transaction does.
type Reader struct {
	q sqldb.Querier
	// grown begins texts whose plans go wrong while the log grows; see Sized.
	grown string
}

// In returns a Reader within a transaction, or of what a database has by itself.
func In(q sqldb.Querier) Reader { return Reader{q: q} }

// Sized is the Reader for a log that has about as many facts as the head's number
// says. Whoever asks for many keys while an import runs says so.
func (r Reader) Sized(h Head) Reader {
	r.grown = sqldb.Grown(h.Seq)
	return r
}

// Columns of a whole fact, and of one as folds want it: without key and body.
const (
	whole = "seq, kind, day, day2, who, of, commit_id, at, data, key, body"
	slim  = "seq, kind, day, day2, who, of, commit_id, at, data"
)

// each calls fn for every row of a query that selects whole or slim. The Fact
// is used again for the next row; its slices are not.
func (r Reader) each(ctx context.Context, what, columns string, fn func(*Fact) error, query string, args ...any) error {
	rows, err := r.q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	var f Fact
	dest := []any{&f.Seq, &f.Kind, &f.Day, &f.Day2, &f.Who, &f.Of, &f.CommitID, &f.At, &f.Data, &f.Key, &f.Body}
	if columns == slim {
		dest = dest[:9]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		if err := fn(&f); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// list collects whole facts.
func (r Reader) list(ctx context.Context, what, query string, args ...any) ([]Fact, error) {
	var facts []Fact
	err := r.each(ctx, what, whole, func(f *Fact) error {
		facts = append(facts, *f)
		return nil
	}, query, args...)
	return facts, err
}

// Head returns the head of a brand's log; a brand without facts has an empty
// one.
func (r Reader) Head(ctx context.Context, brand string) (Head, error) {
	h := Head{Brand: brand}
	err := r.q.QueryRow(ctx, "SELECT seq, at, commit_id FROM log_head WHERE brand = $1", brand).
		Scan(&h.Seq, &h.At, &h.CommitID)
	if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
		return h, fmt.Errorf("read head of %s: %w", brand, err)
	}
	return h, nil
}

// Heads returns the heads of all brands, ordered by name.
func (r Reader) Heads(ctx context.Context) ([]Head, error) {
	rows, err := r.q.Query(ctx, "SELECT brand, seq, at, commit_id FROM log_head WHERE seq > 0 ORDER BY brand")
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	defer rows.Close()
	var heads []Head
	for rows.Next() {
		var h Head
		if err := rows.Scan(&h.Brand, &h.Seq, &h.At, &h.CommitID); err != nil {
			return nil, fmt.Errorf("read heads: %w", err)
		}
		heads = append(heads, h)
	}
	return heads, rows.Err()
}

// Brands returns the names of the brands that have facts, in order.
func (r Reader) Brands(ctx context.Context) ([]string, error) {
	heads, err := r.Heads(ctx)
	names := make([]string, len(heads))
	for i, h := range heads {
		names[i] = h.Brand
	}
	return names, err
}

// Read returns up to limit facts with numbers above after, in order.
func (r Reader) Read(ctx context.Context, brand string, after int64, limit int) ([]Fact, error) {
	return r.list(ctx, "log of "+brand,
		"SELECT "+whole+" FROM fact WHERE brand = $1 AND seq > $2 ORDER BY seq LIMIT $3", brand, after, limit)
}

// ReadBack returns up to limit facts with numbers below before, newest first.
func (r Reader) ReadBack(ctx context.Context, brand string, before int64, limit int) ([]Fact, error) {
	return r.list(ctx, "log of "+brand,
		"SELECT "+whole+" FROM fact WHERE brand = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3", brand, before, limit)
}

// ReadWho returns up to limit facts that came with customer who and have
// numbers below before, newest first.
func (r Reader) ReadWho(ctx context.Context, brand string, who, before int64, limit int) ([]Fact, error) {
	return r.list(ctx, "facts of a customer", "SELECT "+whole+` FROM fact
WHERE brand = $1 AND who = $2 AND who <> 0 AND seq < $3 ORDER BY seq DESC LIMIT $4`, brand, who, before, limit)
}

// ReadWhoAfter returns up to limit facts that came with customer who and have
// numbers above after, in order.
func (r Reader) ReadWhoAfter(ctx context.Context, brand string, who, after int64, limit int) ([]Fact, error) {
	return r.list(ctx, "facts of a customer", "SELECT "+whole+` FROM fact
WHERE brand = $1 AND who = $2 AND who <> 0 AND seq > $3 ORDER BY seq LIMIT $4`, brand, who, after, limit)
}

// ReadKind calls fn for each fact of the given kinds, all different, that
// belongs to no day and has a number above after, in order. The Fact is valid
// within the call.
func (r Reader) ReadKind(ctx context.Context, brand string, kinds []int16, after int64, fn func(*Fact) error) error {
	if len(kinds) == 0 {
		return nil
	}
	// One branch a kind: for a list of kinds planners walk the whole log.
	var query strings.Builder
	args := []any{brand, after}
	for i, kind := range kinds {
		if i > 0 {
			query.WriteString(" UNION ALL ")
		}
		args = append(args, kind)
		fmt.Fprintf(&query, "SELECT %s FROM fact WHERE brand = $1 AND kind = $%d AND day = -2147483648 AND seq > $2",
			whole, len(args))
	}
	query.WriteString(" ORDER BY seq")
	return r.each(ctx, "definitions of "+brand, whole, fn, query.String(), args...)
}

// atOnce is how many numbers one statement looks up: each is a branch of its own,
// and SQLite takes 500 at most.
const atOnce = 32

// Get returns the facts with the given numbers, in order of number; a number
// the log does not have is left out.
//
// Written as seq IN (…) it reads the whole brand in PostgreSQL under a plan of a
// young table, and compares every fact with every number. A branch a number is a
// probe of the key under any plan.
func (r Reader) Get(ctx context.Context, brand string, seqs ...int64) ([]Fact, error) {
	var facts []Fact
	sorted := slices.Compact(slices.Sorted(slices.Values(seqs)))
	for some := range slices.Chunk(sorted, atOnce) {
		const probe = "SELECT " + whole + " FROM fact WHERE brand = $1 AND seq = $%d"
		query, args := sqldb.Branches(2, some, probe)
		found, err := r.list(ctx, "facts of "+brand, query, append([]any{brand}, args...)...)
		if err != nil {
			return nil, err
		}
		facts = append(facts, found...)
	}
	slices.SortFunc(facts, func(a, b Fact) int { return cmp.Compare(a.Seq, b.Seq) })
	return facts, nil
}

// ByKey returns the facts that carry the given keys, in order of number; a key
// the log does not have is left out.
//
// Written as key IN (…) it reads the whole brand: in SQLite always, since it takes
// equal brands to be few, in PostgreSQL under a plan of a young table. A subquery a
// key is a probe of the index under any plan. The first value is there to give all
// of them their type.
func (r Reader) ByKey(ctx context.Context, brand string, keys [][]byte) ([]Fact, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	list, args := sqldb.Values(2, keys, "($%d)")
	rows, err := r.q.Query(ctx, r.grown+"WITH v (key) AS (VALUES (CAST(NULL AS BYTEA)), "+list+`)
SELECT (SELECT f.seq FROM fact f WHERE f.brand = $1 AND f.key = v.key AND f.key IS NOT NULL) FROM v`, append([]any{brand}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("look for keys in log of %s: %w", brand, err)
	}
	defer rows.Close()
	var seqs []int64
	for rows.Next() {
		var seq *int64 // nil: the log does not have the key
		if err := rows.Scan(&seq); err != nil {
			return nil, fmt.Errorf("look for keys in log of %s: %w", brand, err)
		}
		if seq != nil {
			seqs = append(seqs, *seq)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("look for keys in log of %s: %w", brand, err)
	}
	return r.Get(ctx, brand, seqs...)
}

// Versions returns the fact numbered of and all that continue it, in order.
func (r Reader) Versions(ctx context.Context, brand string, of int64) ([]Fact, error) {
	return r.list(ctx, "versions", "SELECT "+whole+` FROM fact WHERE brand = $1 AND seq = $2
UNION ALL SELECT `+whole+` FROM fact WHERE brand = $1 AND of = $2 AND of <> 0 ORDER BY seq`, brand, of)
}

// ReadOf calls fn for each fact that continues the one numbered of and has a number
// above after, in order. The Fact is valid within the call.
func (r Reader) ReadOf(ctx context.Context, brand string, of, after int64, fn func(*Fact) error) error {
	return r.each(ctx, "continuations", whole, fn, "SELECT "+whole+` FROM fact
WHERE brand = $1 AND of = $2 AND of <> 0 AND seq > $3 ORDER BY seq`, brand, of, after)
}

// Has tells whether the log still has the fact at a cursor. It does not after
// it was replaced by a backup. The beginning is always there.
func (r Reader) Has(ctx context.Context, brand string, c Cursor) (bool, error) {
	if c == (Cursor{}) {
		return true, nil
	}
	var n int
	err := r.q.QueryRow(ctx, "SELECT count(*) FROM fact WHERE brand = $1 AND seq = $2 AND commit_id = $3",
		brand, c.Seq, c.CommitID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for cursor in log of %s: %w", brand, err)
	}
	return n > 0, nil
}

// ErrReplaced says that a cursor's fact is not in the log: the database was
// restored from a backup, and whoever followed it must be rebuilt.
var ErrReplaced = errors.New("log was replaced: the cursor's fact is not in it")

// Continue is Read from a cursor. It fails with ErrReplaced if the log does
// not have the cursor, seen in the same statement as the facts behind it.
func (r Reader) Continue(ctx context.Context, brand string, from Cursor, limit int) ([]Fact, error) {
	if from == (Cursor{}) {
		return r.Read(ctx, brand, 0, limit)
	}
	facts, err := r.Read(ctx, brand, from.Seq-1, limit+1)
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 || facts[0].Cursor() != from {
		return nil, fmt.Errorf("log of %s at %d: %w", brand, from.Seq, ErrReplaced)
	}
	return facts[1:], nil
}
