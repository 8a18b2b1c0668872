package cases

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// consumer names the cursor in the log.
const consumer = "cases"

// lease is for how long a replica that died keeps the others from its work.
const lease = 3 * time.Second

// gather is how long responses wait for company before their cases are opened:
// people work on cases for hours, and the database has only so many commits.
const gather = 100 * time.Millisecond

// Run opens the cases of a brand until ctx ends. Every replica runs it; one at
// a time comes to work. The log must be tailed. Cursor, cases and log are of one
// database and come back from one backup; should the log be replaced alone, Run
// returns feed.ErrReplaced, and cases, which hold what people wrote, stay as
// they are.
func (d *Desk) Run(ctx context.Context, brand string) error {
	if _, err := d.brand(brand); err != nil {
		return err
	}
	return d.Consumer(brand).Run(ctx)
}

// Consumer is what Run runs, for whoever wants to go step by step.
func (d *Desk) Consumer(brand string) *feed.Consumer {
	var touched atomic.Bool
	return &feed.Consumer{
		Name: consumer, Brand: brand, DB: d.db, Clock: d.clock, Log: d.logger, Every: gather, Lease: lease,
		// The next batch is asked for when the last one is committed: not before
		// may a page that waits for changes look.
		Source: func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error) {
			if touched.Swap(false) {
				d.changes.add(brand)
			}
			return d.log.Next(ctx, brand, from, limit)
		},
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error {
			wrote, err := d.effect(ctx, tx, brand, facts)
			if wrote {
				touched.Store(true)
			}
			return err
		},
	}
}

// effect opens, extends and annotates cases as a batch of facts demands, within
// the transaction that moves the cursor. wrote tells if there was anything to write.
func (d *Desk) effect(ctx context.Context, tx *sqldb.Tx, brand string, facts []feed.Fact) (wrote bool, err error) {
	b, err := d.brand(brand)
	if err != nil {
		return false, err
	}
	list, err := events(ctx, b, facts, func(ctx context.Context, first int64) ([]feed.Fact, error) {
		return feed.In(tx).Versions(ctx, brand, first)
	})
	if err != nil || len(list) == 0 {
		return false, err
	}
	last, err := lock(ctx, tx, brand)
	if err != nil {
		return false, err
	}
	o := newOpening(b, last)
	if err := o.load(ctx, tx, brand, list); err != nil {
		return false, err
	}
	for _, e := range list {
		o.apply(e)
	}
	changed := o.changed()
	if len(changed)+len(o.opened) == 0 {
		return false, nil
	}
	if err := save(ctx, tx, brand, o.last, changed, o.opened, o.shares); err != nil {
		return false, fmt.Errorf("open cases of %s: %w", brand, err)
	}
	return true, nil
}

// load reads the cases that a batch may touch.
func (o *opening) load(ctx context.Context, tx *sqldb.Tx, brand string, list []*event) error {
	var people [][]byte
	var responses []int64
	asked, told := map[string]bool{}, map[int64]bool{}
	for _, e := range list {
		if (e.amended || e.response == nil) && !told[e.first] {
			told[e.first] = true
			responses = append(responses, e.first)
		}
		// An anonymous first version cannot have met a case yet.
		if e.key != nil && !asked[string(e.key)] && (e.amended || !anonymous(e.key)) {
			asked[string(e.key)] = true
			people = append(people, e.key)
		}
	}
	err := unresolvedOf(ctx, tx, brand, o.last, people, func(f *file) { o.know(f) })
	if err != nil {
		return err
	}
	err = casesOf(ctx, tx, brand, o.last, responses, func(response int64, f *file) {
		o.of[response] = append(o.of[response], o.know(f))
	})
	for _, files := range o.of {
		slices.SortFunc(files, func(a, b *file) int { return cmp.Compare(a.id, b.id) })
	}
	return err
}
