package feed

import (
	"fmt"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Expect readies a head for PutInto that this process believes to be the last of its
// log: it has written all of it, and nobody else since.
func Expect(h Head, now time.Time) Head {
	h.next.at, h.next.commitID = max(h.At, now.UnixMicro()), newCommitID()
	return h
}

// Time is when the facts that are put behind h are committed, in Unix microseconds. h came
// from Lock or Expect.
func (h Head) Time() int64 { return h.next.at }

// PutInto adds to a batch what Put does in a transaction, provided that the log still ends
// at h: so a guarded change that was decided on what is in memory takes one round trip.
// If somebody else wrote, the batch fails with an error of which Moved is true, and
// nothing of it is done: lock, read and decide again. h is moved all the same; it holds
// once the batch has run. A fact whose key is there fails the batch as in Put.
func PutInto(b *sqldb.Batch, h *Head, facts []Fact) error {
	if h.next.commitID == 0 {
		return fmt.Errorf("put facts of %s: head is not expected", h.Brand)
	}
	if err := check(h.Brand, facts); err != nil || len(facts) == 0 {
		return err
	}
	was := h.Cursor()
	in, _ := insertion(facts)
	seq := make([]int64, len(facts))
	for i := range facts {
		seq[i] = h.Seq + int64(i) + 1
		facts[i].Seq, facts[i].At, facts[i].CommitID = seq[i], h.next.at, h.next.commitID
	}
	h.Seq, h.At, h.CommitID = seq[len(seq)-1], h.next.at, h.next.commitID
	// A column that may not be NULL is what stops the batch: it is all one round trip.
	b.Exec(`UPDATE log_head SET seq = CASE WHEN seq = $5 AND commit_id = $6 THEN CAST($2 AS BIGINT) END, at = $3, commit_id = $4
WHERE brand = $1`, h.Brand, h.Seq, h.At, h.CommitID, was.Seq, was.CommitID)
	in.Args = []any{h.Brand, h.At, h.CommitID}
	for i := range in.Columns {
		if in.Columns[i].Name == "commit_id" {
			// Likewise where the log is gone, head and all.
			in.Columns[i].Expr = "(SELECT h.commit_id FROM log_head h WHERE h.brand = $1 AND h.commit_id = $3)"
		}
	}
	in.Columns = append(in.Columns, sqldb.Column{Name: "seq", Data: seq},
		sqldb.Column{Name: "at", Expr: "CAST($2 AS BIGINT)"})
	b.Insert(in)
	return nil
}

// Moved tells that a batch failed because the log did not end where PutInto took it to.
func Moved(err error) bool { return sqldb.IsNull(err) }
