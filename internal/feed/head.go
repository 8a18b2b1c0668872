package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Head is the last fact of a brand's log: its number, its time in Unix
// microseconds and its commit. Of an empty log all three are 0.
type Head struct {
	Brand    string
	Seq      int64
	At       int64
	CommitID int64
	// next is what Put gives to its facts, fixed by Lock.
	next struct{ at, commitID int64 }
}

// Cursor is the position at the end of the log.
func (h Head) Cursor() Cursor { return Cursor{Seq: h.Seq, CommitID: h.CommitID} }

const lock = `INSERT INTO log_head (brand, seq, at, commit_id) VALUES ($1, 0, 0, 0)
ON CONFLICT (brand) DO UPDATE SET seq = log_head.seq RETURNING seq, at, commit_id`

// Lock makes every other writer of the brand wait until tx ends. What tx reads
// after it stays true until its own commit: a guarded change locks, reads,
// decides, puts. It must be the first statement of tx that touches the log.
func Lock(ctx context.Context, tx *sqldb.Tx, brand string, now time.Time) (Head, error) {
	h := Head{Brand: brand}
	if err := check(brand, nil); err != nil {
		return h, err
	}
	if err := tx.QueryRow(ctx, lock, brand).Scan(&h.Seq, &h.At, &h.CommitID); err != nil {
		return h, fmt.Errorf("lock log of %s: %w", brand, err)
	}
	h.next.at, h.next.commitID = max(h.At, now.UnixMicro()), newCommitID()
	return h, nil
}

// Put numbers facts, adds them to the log and moves h, which came from Lock in
// the same transaction. A key that is already there fails the transaction, as
// the holder of the lock could have looked. Call Notice after the commit.
func Put(ctx context.Context, tx *sqldb.Tx, h *Head, facts []Fact) error {
	if h.next.commitID == 0 {
		return fmt.Errorf("put facts of %s: head is not locked", h.Brand)
	}
	if err := check(h.Brand, facts); err != nil || len(facts) == 0 {
		return err
	}
	in, _ := insertion(facts)
	seq := make([]int64, len(facts))
	for i := range facts {
		seq[i] = h.Seq + int64(i) + 1
		facts[i].Seq, facts[i].At, facts[i].CommitID = seq[i], h.next.at, h.next.commitID
	}
	in.Args = []any{h.Brand, h.next.at, h.next.commitID}
	in.Columns = append(in.Columns, sqldb.Column{Name: "seq", Data: seq},
		sqldb.Column{Name: "at", Expr: "CAST($2 AS BIGINT)"})
	if _, err := tx.Insert(ctx, in); err != nil {
		return fmt.Errorf("put facts of %s: %w", h.Brand, err)
	}
	h.Seq, h.At, h.CommitID = seq[len(seq)-1], h.next.at, h.next.commitID
	_, err := tx.Exec(ctx, "UPDATE log_head SET seq = $2, at = $3, commit_id = $4 WHERE brand = $1",
		h.Brand, h.Seq, h.At, h.CommitID)
	if err != nil {
		return fmt.Errorf("advance log of %s: %w", h.Brand, err)
	}
	return nil
}
