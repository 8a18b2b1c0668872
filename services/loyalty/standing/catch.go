package standing

import (
	"context"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// batch is how many facts are taken in at once.
const batch = 1000

// few is how many facts Near leaves to Catch.
const few = 100

// Near brings a brand's tables up to about the end of the log, piece by piece, so that
// nobody waits long for any: who must Catch up then has little to do.
func Near(ctx context.Context, db *sqldb.DB, brand string) error {
	for {
		from, err := readHeads(ctx, db, brand)
		if err != nil {
			return err
		}
		p, err := next(ctx, feed.In(db), brand, from, batch)
		if err != nil || p.facts < few {
			return err
		}
		if err := p.keep(ctx, db, brand); err != nil || p.facts < batch {
			return err
		}
	}
}

// Catch brings a brand's tables up to the end of the log as tx sees it. Whoever does the
// same meanwhile waits.
func Catch(ctx context.Context, tx *sqldb.Tx, brand string) error {
	for {
		more, err := step(ctx, tx, brand)
		if err != nil || !more {
			return err
		}
	}
}

// step takes the next facts in; more: there may be others.
func step(ctx context.Context, tx *sqldb.Tx, brand string) (more bool, err error) {
	now, err := lockHeads(ctx, tx, brand)
	if err != nil {
		return false, err
	}
	p, err := next(ctx, feed.In(tx), brand, now, batch)
	if err != nil {
		return false, err
	}
	return p.facts == batch, p.save(ctx, tx, brand)
}

// piece is what the facts behind some heads add, and the heads afterwards.
type piece struct {
	from, to heads
	last     feed.Cursor
	sums     *sums
	// facts is how many of the log there are in it.
	facts int
}

// next reads the piece behind heads, of up to limit facts.
func next(ctx context.Context, log feed.Reader, brand string, from heads, limit int) (*piece, error) {
	facts, err := log.Read(ctx, brand, from.least(), limit)
	if err != nil || len(facts) == 0 {
		return &piece{}, err
	}
	last := facts[len(facts)-1]
	p := &piece{from: from, to: from.reach(last.Seq), last: last.Cursor(), sums: &sums{behind: &from}, facts: len(facts)}
	return p, p.sums.gather(ctx, log, brand, facts)
}

// save adds the piece to tables that end where it begins.
func (p *piece) save(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if p.facts == 0 {
		return nil
	}
	if err := save(ctx, tx, brand, p.sums); err != nil {
		return err
	}
	return setHeads(ctx, tx, brand, p.to)
}

// gather takes in what facts add.
func (s *sums) gather(ctx context.Context, log feed.Reader, brand string, facts []feed.Fact) error {
	found, entries, err := records(facts)
	if err != nil {
		return err
	}
	originals, err := log.Get(ctx, brand, named(entries)...)
	if err != nil {
		return err
	}
	known := make(map[int64]*loyaltyv1.EntryRecord, len(originals))
	places := make(map[int64]*feed.Fact, len(originals))
	firsts, parsed, err := records(originals)
	if err != nil {
		return err
	}
	for i, f := range firsts {
		known[f.Seq], places[f.Seq] = parsed[i], f
	}
	for i, f := range found {
		s.add(f, entries[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return places[seq], known[seq] })
	}
	return nil
}
