package standing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// batch is how many facts are taken in at once.
const batch = 1000

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
	seq, err := lockHead(ctx, tx, brand)
	if err != nil {
		return false, err
	}
	p, err := next(ctx, feed.In(tx), brand, seq, batch)
	if err != nil {
		return false, err
	}
	return p.facts == batch, p.save(ctx, tx, brand)
}

// piece is what the facts behind one, up to another, add.
type piece struct {
	after int64
	last  feed.Cursor
	sums  *sums
	facts int
}

// next reads the piece behind a fact, of up to limit facts.
func next(ctx context.Context, log feed.Reader, brand string, after int64, limit int) (*piece, error) {
	facts, err := log.Read(ctx, brand, after, limit)
	if err != nil || len(facts) == 0 {
		return &piece{}, err
	}
	s, err := gather(ctx, log, brand, facts)
	last := facts[len(facts)-1]
	return &piece{after: after, last: feed.Cursor{Seq: last.Seq, CommitID: last.CommitID}, sums: s, facts: len(facts)}, err
}

// save adds the piece to tables that end where it begins.
func (p *piece) save(ctx context.Context, tx *sqldb.Tx, brand string) error {
	if p.facts == 0 {
		return nil
	}
	if err := save(ctx, tx, brand, p.sums); err != nil {
		return err
	}
	return setHead(ctx, tx, brand, p.last.Seq)
}

// gather sums up what facts add.
func gather(ctx context.Context, log feed.Reader, brand string, facts []feed.Fact) (*sums, error) {
	found, entries, err := records(facts)
	if err != nil {
		return nil, err
	}
	originals, err := log.Get(ctx, brand, named(entries)...)
	if err != nil {
		return nil, err
	}
	known := make(map[int64]*loyaltyv1.EntryRecord, len(originals))
	places := make(map[int64]*feed.Fact, len(originals))
	firsts, parsed, err := records(originals)
	if err != nil {
		return nil, err
	}
	for i, f := range firsts {
		known[f.Seq], places[f.Seq] = parsed[i], f
	}
	s := newSums()
	for i, f := range found {
		s.add(f, entries[i], func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord) { return places[seq], known[seq] })
	}
	return s, nil
}

// Keep brings the tables up whenever the log grows, until ctx ends. tail is of what this
// process commits.
func Keep(ctx context.Context, db *sqldb.DB, log *feed.Log, tail *Tail, brand string, logger *slog.Logger) {
	for ctx.Err() == nil {
		changed := log.Changed(brand)
		more, err := advance(ctx, db, log, tail, brand)
		switch {
		case err != nil && ctx.Err() == nil:
			logger.Warn("count what members earned", "brand", brand, "error", err)
			pause(ctx, nil)
		case !more:
			pause(ctx, changed)
		}
	}
}

// advance brings the tables up by a piece; more: there may be others. It is put together
// before anybody has to wait: facts do not change. Whoever was faster has saved it already.
func advance(ctx context.Context, db *sqldb.DB, log *feed.Log, tail *Tail, brand string) (more bool, err error) {
	seq, err := readHead(ctx, db, brand)
	if err != nil {
		return false, err
	}
	p, gap := tail.take(seq)
	if p == nil {
		limit := batch
		if gap > 0 {
			limit = gap
		}
		if p, err = next(ctx, log.Reader, brand, seq, limit); err != nil || p.facts == 0 {
			return false, err
		}
		more = p.facts == limit
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		now, err := lockHead(ctx, tx, brand)
		if err != nil || now != p.after {
			return err
		}
		// A log that was replaced meanwhile does not have what the tail remembers.
		if there, err := feed.In(tx).Has(ctx, brand, p.last); err != nil || !there {
			return err
		}
		return p.save(ctx, tx, brand)
	})
	return more, err
}

// gathered is how long facts are collected, and what follows an error. The longer, the
// fewer pages are written for as many members, and the more facts are read by who asks for
// one of them meanwhile.
const gathered = 500 * time.Millisecond

// pause waits for a change, and then a moment for others; without one, a moment alone.
func pause(ctx context.Context, changed <-chan struct{}) {
	if changed != nil {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
	timer := time.NewTimer(gathered)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Verify counts everything anew and reports what the tables say otherwise. It returns how
// many rows it looked at.
func Verify(ctx context.Context, db *sqldb.DB, brand string, report func(seq int64, reason string)) (n int, err error) {
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		head, err := readHead(ctx, tx, brand)
		if err != nil {
			return err
		}
		all := newSums()
		for after := int64(0); ; {
			facts, err := feed.In(tx).Read(ctx, brand, after, batch)
			if err != nil {
				return err
			}
			end := len(facts) < batch
			for len(facts) > 0 && facts[len(facts)-1].Seq > head {
				facts, end = facts[:len(facts)-1], true
			}
			s, err := gather(ctx, feed.In(tx), brand, facts)
			if err != nil {
				return err
			}
			all.join(s)
			if end {
				break
			}
			after = facts[len(facts)-1].Seq
		}
		n, err = compare(ctx, tx, brand, all, report)
		return err
	})
	return n, err
}

// join adds other sums.
func (s *sums) join(o *sums) {
	for at, c := range o.days {
		s.count(at, c)
	}
	for who, l := range o.lifetime {
		s.live(who, l)
	}
}

// compare holds stored rows against sums; a row of nothing and none are the same.
func compare(ctx context.Context, q sqldb.Querier, brand string, want *sums, report func(int64, string)) (n int, err error) {
	err = eachDay(ctx, q, brand, func(at counting, c Counted) {
		if n++; want.days[at] != c {
			report(at.Customer, fmt.Sprintf("programme %s, %s: %+v counts, facts say %+v", at.Programme, at.Day, c, want.days[at]))
		}
		delete(want.days, at)
	})
	if err != nil {
		return n, err
	}
	err = eachLifetime(ctx, q, brand, func(who Member, l Lifetime) {
		if n++; want.lifetime[who] != l {
			report(who.Customer, fmt.Sprintf("programme %s: %+v, facts say %+v", who.Programme, l, want.lifetime[who]))
		}
		delete(want.lifetime, who)
	})
	for at, c := range want.days {
		if c != (Counted{}) {
			report(at.Customer, fmt.Sprintf("programme %s, %s: nothing counts, facts say %+v", at.Programme, at.Day, c))
		}
	}
	for who, l := range want.lifetime {
		report(who.Customer, fmt.Sprintf("programme %s: nothing, facts say %+v", who.Programme, l))
	}
	return n, err
}
