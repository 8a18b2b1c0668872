package ledger

import (
	"context"
	"errors"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Session is a transaction of the caller's that decides entries one after the other, and
// facts of the caller's own in between: points that move with something else, or not at
// all. It goes with the transaction.
type Session struct{ w *work }

// Begin locks the brand's log, reads definitions up to its end, and what was decided
// before under keys. customers are known to come up.
func (k *Keeper) Begin(ctx context.Context, tx *sqldb.Tx, keys [][]byte, customers []int64) (*Session, error) {
	head, err := feed.Lock(ctx, tx, k.Brand, k.Clock())
	if err != nil {
		return nil, err
	}
	if err := k.Sync(ctx, k.Brand); err != nil {
		return nil, err
	}
	// The queue's memory is of what is committed, and this is not yet.
	own := *k
	own.memory = newMemory()
	own.memory.head = head.Cursor()
	w := own.work(head, tx, feed.In(tx))
	w.ctx = ctx
	tasks := make([]*Task, len(keys), len(keys)+len(customers))
	for i, key := range keys {
		tasks[i] = &Task{Key: key}
	}
	if err := w.known(ctx, tasks); err != nil {
		return nil, err
	}
	for _, n := range customers {
		tasks = append(tasks, &Task{Who: n})
	}
	return &Session{w}, w.prefetch(tasks)
}

// Now is the time of the commit, in Unix microseconds; People is who is whom.
func (s *Session) Now() int64              { return s.w.now }
func (s *Session) People() *people.Mapping { return s.w.people }

// Next is the number that the next fact will have.
func (s *Session) Next() int64 { return s.w.seq(len(s.w.facts)) }

// Again answers a request whose key was used before.
func (s *Session) Again(key []byte, r *loyaltyv1.EntryRecord) (Outcome, bool, error) {
	out, found, err := s.w.again(&Task{Key: key, Record: r})
	if found && err == nil {
		err = Refused(out.Record)
	}
	return out, found, err
}

// Do decides one task. A refusal is an error; it is kept only under a key of the task's.
func (s *Session) Do(t *Task) (Outcome, error) {
	if err := s.w.prefetch([]*Task{t}); err != nil {
		return Outcome{}, err
	}
	out, err := s.w.one(t)
	if err == nil {
		err = Refused(out.Record)
	}
	return out, err
}

// Balance is what a number's person has now.
func (s *Session) Balance(programme string, customer int64) (*loyaltyv1.Balance, error) {
	for {
		p, err := s.w.ready(programme, customer)
		if err == nil {
			return p.Balance(s.w.now)
		}
		var missing *Missing
		if !errors.As(err, &missing) {
			return nil, err
		}
		if err := s.w.fetch(missing); err != nil {
			return nil, err
		}
	}
}

// Put adds a fact of the caller's whose body is a record; no Day is told: it belongs to
// none.
func (s *Session) Put(f feed.Fact, r *loyaltyv1.EntryRecord) (Outcome, error) {
	f.Day, f.Day2 = feed.NoDay, feed.NoDay
	return s.w.put(&Task{Key: f.Key, Record: r}, f)
}

// Note adds a fact of the caller's whose body is something else.
func (s *Session) Note(f feed.Fact) int64 {
	seq := s.Next()
	f.Day, f.Day2 = feed.NoDay, feed.NoDay
	s.w.facts, s.w.records = append(s.w.facts, f), append(s.w.records, &loyaltyv1.EntryRecord{})
	return seq
}

// Refuse keeps a refusal under a key.
func (s *Session) Refuse(key []byte, who int64, r *loyaltyv1.EntryRecord, no *loyaltyv1.Refusal) (Outcome, error) {
	out, err := s.w.refuse(&Task{Key: key, Who: who, Record: r}, no)
	if err == nil {
		err = Refused(out.Record)
	}
	return out, err
}

// Write puts all of it into the log. Nothing of the session may be called afterwards.
func (s *Session) Write(ctx context.Context, tx *sqldb.Tx) (*Written, error) {
	for i := range s.w.facts {
		s.w.facts[i].At = s.w.now
	}
	out := &Written{keeper: s.w.Keeper, head: s.w.head, facts: s.w.facts}
	if len(s.w.facts) == 0 {
		return out, nil
	}
	if err := feed.Put(ctx, tx, &out.head, s.w.facts); err != nil {
		return nil, err
	}
	return out, run(ctx, tx, s.w.statements())
}
