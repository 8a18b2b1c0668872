package sqldb

import (
	"context"
	"fmt"
)

// Batch is a transaction whose statements are all known before it begins. It
// travels in one round trip. A Batch is used once, by one goroutine.
type Batch struct {
	steps []step
}

// step is one statement: an insert, a query if each is set, or else an exec.
type step struct {
	query  string
	args   []any
	each   func(scan func(dest ...any) error) error
	count  *Count
	insert *Insert
	done   *Inserted
}

// Count is the number of rows a statement changed, known after Run.
type Count struct{ Rows int64 }

// Inserted tells, after Run, for each row of an Insert whether it was inserted
// or already there, as far as Insert.Ordinal allows.
type Inserted struct{ Rows []bool }

// NewBatch returns an empty batch.
func NewBatch() *Batch { return &Batch{} }

// Exec adds a statement that returns no rows.
func (b *Batch) Exec(query string, args ...any) *Count {
	n := &Count{}
	b.steps = append(b.steps, step{query: query, args: storableArgs(args), count: n})
	return n
}

// Query adds a statement whose rows are handed to each, which scans them and
// decides nothing: the commit may be under way. Rows may be seen a second time
// if the transaction had to be repeated, and mean nothing until Run returned nil.
func (b *Batch) Query(each func(scan func(dest ...any) error) error, query string, args ...any) {
	b.steps = append(b.steps, step{query: query, args: storableArgs(args), each: each})
}

// Insert adds many rows to a table.
func (b *Batch) Insert(in Insert) *Inserted {
	done := &Inserted{}
	in = in.storable()
	b.steps = append(b.steps, step{insert: &in, done: done})
	return done
}

// Run commits the batch, all of it or nothing, and repeats it a bounded number
// of times when the database asks for it. If the connection breaks while the
// commit is under way, the error satisfies IsUnknown.
func (db *DB) Run(ctx context.Context, b *Batch) (err error) {
	ctx, end := db.span(ctx, "sqldb.Run")
	defer func() { end(err) }()
	steps := make([]step, 0, len(b.steps))
	for _, s := range b.steps {
		if s.insert != nil {
			n, err := s.insert.rows()
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return nil
	}
	run := db.runPostgres
	if db.writer != nil {
		run = db.writer.run
	}
	return retry(ctx, func() error { return run(ctx, steps) })
}

// name says in an error which step failed.
func (s *step) name(i int) string {
	if s.insert != nil {
		return fmt.Sprintf("batch step %d: insert into %s", i+1, s.insert.Into)
	}
	return fmt.Sprintf("batch step %d", i+1)
}
