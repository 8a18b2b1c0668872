package segmentation_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// told is the kind of the definitions in a holder's log.
const told int16 = 20

// holder is a service that follows Segmentation, as far as it concerns customers.
type holder struct {
	db    *sqldb.DB
	log   *feed.Log
	folds *fold.Engine[struct{}]
	book  *people.Book
}

// newHolder is a replica of it on the database at url.
func newHolder(t *testing.T, url string) *holder {
	t.Helper()
	h := &holder{db: sqldbtest.Open(t, url), book: people.NewBook()}
	h.log = feed.New(h.db)
	h.folds = fold.New(fold.Config{SweepEvery: -1, AuditEvery: -1, Logger: quiet}, h.log, h.db, nil, fold.Rules[struct{}]{
		Definitions: []int16{told},
		Define:      func(_ string, f *feed.Fact) error { return h.book.ApplyBody(f.Body) },
		Forget:      func(string) { t.Error("the holder's log was taken for another one") },
	})
	ctx := t.Context()
	for _, err := range []error{
		feed.Migrate(ctx, h.db), h.folds.Migrate(ctx), people.Migrate(ctx, h.db), h.write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS blanked (customer BIGINT NOT NULL)")
			return err
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inBackground(t, func(ctx context.Context) error { return h.log.Tail(ctx, time.Millisecond, quiet) })
	return h
}

func (h *holder) write(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	return h.db.Write(ctx, fn)
}

// journal stamps facts with now.
func (h *holder) journal(now func() time.Time) people.Journal {
	return people.Journal{DB: h.db, Log: h.log, Ingest: h.folds.Ingest, Clock: now}
}

// followed follows client; each erasure is one row in blanked.
func (h *holder) followed(client segmentationv1.SegmentationServiceClient, now func() time.Time) *people.Followed {
	return &people.Followed{Service: "survey", Brand: brand, Client: client, Journal: h.journal(now), Kind: told, Log: quiet,
		Erase: func(ctx context.Context, tx *sqldb.Tx, _ string, customer int64) (int64, []feed.Fact, error) {
			_, err := tx.Exec(ctx, "INSERT INTO blanked (customer) VALUES ($1)", customer)
			return 2, nil, err
		}}
}

// inBackground runs fn until the test ends, or stop is called, which returns when
// fn has.
func inBackground(t *testing.T, fn func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// await waits until ok, looking whenever the log has moved.
func await(t *testing.T, log *feed.Log, what string, ok func() bool) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		changed := log.Changed(brand)
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// events reads the definitions of the holder's log, in order.
func (h *holder) events(t *testing.T) (all []*segmentationv1.CustomerEvent) {
	t.Helper()
	err := h.log.ReadKind(t.Context(), brand, []int16{told}, 0, func(f *feed.Fact) error {
		e, err := people.ReadEvent(f.Body)
		all = append(all, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (h *holder) blanked(t *testing.T) (all []int64) {
	t.Helper()
	rows, err := h.db.Query(t.Context(), "SELECT customer FROM blanked ORDER BY customer")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

// last awaits the definition of an event and fails if any before it, or after it,
// is there twice: events count up in Segmentation's log.
func (h *holder) last(t *testing.T, want *segmentationv1.CustomerEvent) {
	t.Helper()
	var all []*segmentationv1.CustomerEvent
	await(t, h.log, "the event in the holder's log", func() bool {
		all = h.events(t)
		return len(all) > 0 && all[len(all)-1].GetSeq() >= want.GetSeq()
	})
	for i, e := range all[1:] {
		if e.GetSeq() <= all[i].GetSeq() {
			t.Errorf("event %d was told behind event %d", e.GetSeq(), all[i].GetSeq())
		}
	}
	if err := h.folds.Sync(t.Context(), brand); err != nil {
		t.Fatal(err)
	}
}

// same compares who stands for whom in the holder with what the server says.
func (h *holder) same(t *testing.T, r *replica, numbers int64) {
	t.Helper()
	for id := int64(1); id <= numbers; id++ {
		if diff := cmp.Diff(get(t, r, id).GetMemberIds(), h.book.Now().Members(id)); diff != "" {
			t.Errorf("members of %d: %s", id, diff)
		}
	}
}

// nobodyFollows fails if anything of a stream is left running.
func nobodyFollows(t *testing.T) {
	t.Helper()
	// Whoever was told to stop may still be on the way out.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var left []byte
	for range 2000 {
		if left = following(); left == nil {
			return
		}
		<-tick.C
	}
	t.Errorf("left running:\n%s", left)
}

// following is the stack of somebody who follows a neighbour; nil if nobody does.
func following() []byte {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, one := range bytes.Split(stacks, []byte("\n\n")) {
		if bytes.Contains(one, []byte("internal/follow.")) {
			return one
		}
	}
	return nil
}
