package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

const kindMovement = record.Movement

// Keeper decides and commits the tasks of one brand, many at once. One commit runs at a
// time (a queue of internal/commit calls it).
//
// What accounts have is read with the brand's log locked, or it is in memory from the
// commit before. If nobody else has written since, which the commit itself proves,
// nothing is read and all is done in one round trip.
type Keeper struct {
	Brand string
	Zone  *calendar.Zone
	DB    *sqldb.DB
	Log   *feed.Log
	Clock func() time.Time
	// Sync reads definitions up to the end of the log, Applied tells how far they are,
	// Ingest takes in what was committed.
	Sync    func(ctx context.Context, brand string) error
	Applied func(brand string) feed.Head
	Ingest  func(ctx context.Context, brand string, facts []feed.Fact) error
	// People tells who is whom, Terms what points follow that were given at a time.
	People func() *people.Mapping
	Terms  func(programme string, at time.Time) (*loyaltyv1.Programme, error)
	// Idle tells whether points of a programme ever go after a time without purchases.
	Idle   func(programme string) bool
	Logger *slog.Logger
	// Hear is told of everything that this process has committed, facts and what they say;
	// nil: nobody listens. It may keep neither.
	Hear func([]feed.Fact, []*loyaltyv1.EntryRecord)
	// Page is up to how many lots an account is read whole, and how many of larger ones
	// at first; 0: 256.
	Page int

	memory *memory
	// wary counts commits that lock first, since another replica writes too.
	wary int
}

// wariness is how many commits lock first after one that took for granted what was not.
const wariness = 16

// errUnsure says that a decision needs the log locked: whether a key was used before.
var errUnsure = errors.New("only with the log locked")

// Commit decides all tasks in their order and commits what became of them.
func (k *Keeper) Commit(ctx context.Context, tasks []*Task) []commit.Result[Outcome] {
	if k.memory == nil {
		k.forget()
	}
	sound := false
	defer func() {
		if !sound {
			k.forget() // something panicked half way
		}
	}()
	results, err := k.swift(ctx, tasks)
	if errors.Is(err, errUnsure) {
		results, err = k.guarded(ctx, tasks)
	}
	if err != nil {
		// Whatever is stored now, memory does not know.
		k.forget()
		results = make([]commit.Result[Outcome], len(tasks))
		for i := range results {
			results[i].Err = err
		}
	}
	sound = true
	return results
}

// forget begins memory anew.
func (k *Keeper) forget() {
	k.memory = newMemory()
	if k.Page > 0 {
		k.memory.small = k.Page
	}
}

// trusted tells whether memory and definitions are those of the end of the log, as far as
// this process knows.
func (k *Keeper) trusted() (feed.Head, bool) {
	if k.wary > 0 {
		k.wary--
		return feed.Head{}, false
	}
	known := k.Log.Known(k.Brand)
	at := known.Cursor()
	return known, at != (feed.Cursor{}) && at == k.memory.head && k.Applied(k.Brand).Cursor() == at && !k.memory.full()
}

// swift decides on what is in memory, and commits in one round trip if that was right.
func (k *Keeper) swift(ctx context.Context, tasks []*Task) ([]commit.Result[Outcome], error) {
	known, ok := k.trusted()
	if !ok {
		return nil, errUnsure
	}
	head := feed.Expect(known, k.Clock())
	w := k.work(head, k.DB, k.Log.Reader)
	err := w.decide(ctx, tasks)
	if err == nil && len(w.facts) > 0 {
		b := sqldb.NewBatch()
		if err = feed.PutInto(b, &head, w.facts); err == nil {
			into(b, w.statements())
			err = k.DB.Run(ctx, b)
		}
	}
	if err != nil {
		k.memory.undo(w.changes)
		if feed.Moved(err) {
			k.wary = wariness
		}
		if feed.Moved(err) || sqldb.IsUnique(err) {
			return nil, errUnsure
		}
		return nil, err
	}
	return w.results, k.committed(ctx, w, head)
}

// guarded locks the log, and reads what others wrote since.
func (k *Keeper) guarded(ctx context.Context, tasks []*Task) ([]commit.Result[Outcome], error) {
	var w *work
	var head feed.Head
	err := k.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if w != nil {
			k.forget() // this is a second attempt
		}
		if head, err = feed.Lock(ctx, tx, k.Brand, k.Clock()); err != nil {
			return err
		}
		if err := k.Sync(ctx, k.Brand); err != nil {
			return err
		}
		log := feed.In(tx)
		if err := k.memory.catch(ctx, log, head); err != nil {
			return err
		}
		w = k.work(head, tx, log)
		if err := w.known(ctx, tasks); err != nil {
			return err
		}
		if err := w.decide(ctx, tasks); err != nil || len(w.facts) == 0 {
			return err
		}
		if err := feed.Put(ctx, tx, &head, w.facts); err != nil {
			return err
		}
		return run(ctx, tx, w.statements())
	})
	if err != nil {
		return nil, fmt.Errorf("commit entries: %w", err)
	}
	return w.results, k.committed(ctx, w, head)
}

func (k *Keeper) tell(facts []feed.Fact, records []*loyaltyv1.EntryRecord) {
	if k.Hear != nil {
		k.Hear(facts, records)
	}
}

// committed notes what is stored now, and lets the process see it.
func (k *Keeper) committed(ctx context.Context, w *work, head feed.Head) error {
	if len(w.facts) == 0 {
		return nil
	}
	k.memory.kept(w.changes, head.Cursor())
	k.Log.Notice(head)
	k.tell(w.facts, w.records)
	if err := k.Ingest(ctx, k.Brand, w.facts); err != nil {
		// It stands all the same; the log is read again.
		k.Logger.Warn("fold entries", "brand", k.Brand, "error", err)
	}
	return nil
}
