package ledger

import (
	"context"
	"fmt"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Written is what Within put into the log; Told is called once that is committed.
type Written struct {
	// Results are what became of the tasks, in their order.
	Results []commit.Result[Outcome]

	keeper *Keeper
	head   feed.Head
	facts  []feed.Fact
	// records are what the facts say.
	records []*loyaltyv1.EntryRecord
}

// Within decides tasks in a transaction of the caller's, who has written nothing into the
// log in it: points that follow from what another log tells, beside the cursor in that.
// Definitions must have been read up to the end of the log before it began, or close.
func (k *Keeper) Within(ctx context.Context, tx *sqldb.Tx, tasks []*Task) (*Written, error) {
	head, err := feed.Lock(ctx, tx, k.Brand, k.Clock())
	if err != nil {
		return nil, err
	}
	// The queue's memory is of what is committed, and this is not yet.
	own := *k
	own.memory = newMemory()
	own.memory.head = head.Cursor()
	w := own.work(head, tx, feed.In(tx))
	if err := w.known(ctx, tasks); err != nil {
		return nil, err
	}
	if err := w.decide(ctx, tasks); err != nil {
		return nil, fmt.Errorf("decide entries: %w", err)
	}
	out := &Written{Results: w.results, keeper: k, head: head, facts: w.facts, records: w.records}
	if len(w.facts) == 0 {
		return out, nil
	}
	if err := feed.Put(ctx, tx, &out.head, w.facts); err != nil {
		return nil, err
	}
	return out, run(ctx, tx, w.statements())
}

// Told lets the process see what was committed.
func (w *Written) Told(ctx context.Context) {
	if len(w.facts) == 0 {
		return
	}
	w.keeper.Log.Notice(w.head)
	w.keeper.tell(w.facts, w.records)
	if err := w.keeper.Ingest(ctx, w.keeper.Brand, w.facts); err != nil {
		w.keeper.Logger.Warn("fold entries", "brand", w.keeper.Brand, "error", err)
	}
}
