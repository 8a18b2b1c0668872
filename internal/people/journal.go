package people

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Journal is how facts get into the log of the service that this package works for.
type Journal struct {
	DB  *sqldb.DB
	Log *feed.Log
	// Ingest folds facts that were committed. An error costs nothing but time: the
	// log is read again.
	Ingest func(ctx context.Context, brand string, facts []feed.Fact) error
	Clock  func() time.Time
}

// written is a commit that the process has yet to be told of.
type written struct {
	head  feed.Head
	facts []feed.Fact
}

// put locks the log, lets decide find the facts, and writes them.
func (j *Journal) put(ctx context.Context, tx *sqldb.Tx, brand string, decide func() ([]feed.Fact, error)) (written, error) {
	head, err := feed.Lock(ctx, tx, brand, j.Clock())
	if err != nil {
		return written{}, err
	}
	facts, err := decide()
	if err != nil || len(facts) == 0 {
		return written{}, err
	}
	err = feed.Put(ctx, tx, &head, facts)
	return written{head, facts}, err
}

// tell lets the process see a commit before the next poll of the log.
func (j *Journal) tell(ctx context.Context, brand string, w written) error {
	if len(w.facts) == 0 {
		return nil
	}
	j.Log.Notice(w.head)
	return j.Ingest(ctx, brand, w.facts)
}

// Change writes the facts that decide finds with the log locked, and folds them.
// decide may run twice.
func (j *Journal) Change(ctx context.Context, brand string, decide func(tx *sqldb.Tx) ([]feed.Fact, error)) error {
	var w written
	err := j.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		w, err = j.put(ctx, tx, brand, func() ([]feed.Fact, error) { return decide(tx) })
		return err
	})
	if err != nil {
		return err
	}
	return j.tell(ctx, brand, w)
}
