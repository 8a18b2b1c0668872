package ledger

import (
	"cmp"
	"context"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// stock is a number with what it owes, its lots summed by their times, and whether it has
// holds. See packed for why it is packed.
const stock = `SELECT v.customer,
(SELECT string_agg(a.programme || ' ' || a.owed || ' ' || a.held || ' ' || a.clock, ',')
 FROM account a WHERE a.brand = $1 AND a.customer = v.customer AND (a.owed > 0 OR a.held > 0 OR a.clock <> '` + stopped + `')),
(SELECT string_agg(o.programme || ' ' || o.active_at || ' ' || o.expires_at || ' ' || o.points, ',')
 FROM (SELECT l.programme, l.active_at, l.expires_at, CAST(sum(l.points) AS BIGINT) AS points FROM lot l
  WHERE l.brand = $1 AND l.customer = v.customer GROUP BY l.programme, l.active_at, l.expires_at) o),
(SELECT h.seq FROM log_head h WHERE h.brand = $1), (SELECT h.at FROM log_head h WHERE h.brand = $1) FROM v`

// Stocks reads what numbers have, of all programmes. at is the time of the last commit.
func Stocks(ctx context.Context, db *sqldb.DB, brand string, customers []int64) (by map[Place]*Stock, at int64, err error) {
	by, head, holders, err := stocks(ctx, store{db, brand}, customers)
	if err != nil || len(holders) == 0 {
		return by, head.At, err
	}
	// Holds are read by a statement of their own: it must see the same moment.
	if same, err := holds(ctx, store{db, brand}, by, head, holders); same || err != nil {
		return by, head.At, err
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		by, head, holders, err = stocks(ctx, store{tx, brand}, customers)
		if err == nil {
			_, err = holds(ctx, store{tx, brand}, by, head, holders)
		}
		return err
	})
	return by, head.At, err
}

// place is what a number has in a programme.
func place(by map[Place]*Stock, programme string, customer int64) *Stock {
	key := Place{programme, customer}
	if by[key] == nil {
		by[key] = &Stock{}
	}
	return by[key]
}

func stocks(ctx context.Context, s store, customers []int64) (by map[Place]*Stock, head feed.Head, holders []int64, err error) {
	by = map[Place]*Stock{}
	list, args := sqldb.Values(2, customers, "(CAST($%d AS BIGINT))")
	seen := make(map[int64]bool, len(customers))
	query := "WITH v (customer) AS (VALUES " + list + ") " + stock
	err = s.each(ctx, "balances", query, append([]any{s.brand}, args...), func(scan func(...any) error) error {
		var customer int64
		var accounts, lots *string
		var seq, at *int64
		if err := scan(&customer, &accounts, &lots, &seq, &at); err != nil || seen[customer] {
			return err
		}
		seen[customer] = true
		if seq != nil {
			head.Seq, head.At = *seq, *at
		}
		err := unpack(accounts, 2+clockWidth, func(programme string, n []int64) {
			one := place(by, programme, customer)
			one.Owed, one.Clock = n[0], readClock(n[2:])
			if n[1] > 0 && (len(holders) == 0 || holders[len(holders)-1] != customer) {
				holders = append(holders, customer)
			}
		})
		if err != nil {
			return err
		}
		return unpack(lots, 3, func(programme string, n []int64) {
			one := place(by, programme, customer)
			one.Lots = append(one.Lots, Share{At: n[0], ExpiresAt: n[1], Points: n[2]})
		})
	})
	return by, head, holders, err
}

// holds reads the holds of numbers that have some, and tells whether the log still ends at
// head.
func holds(ctx context.Context, s store, by map[Place]*Stock, head feed.Head, holders []int64) (same bool, err error) {
	found, err := s.holdsBy(ctx, holders, "SELECT "+holdColumns+" FROM hold WHERE brand = $1 AND owner = $2")
	if err != nil {
		return false, err
	}
	for _, h := range found {
		one := place(by, h.Programme, h.owner)
		for _, p := range h.Parts {
			one.Holds = append(one.Holds, Share{Points: p.Points, ExpiresAt: p.ExpiresAt, At: h.EndsAt})
		}
	}
	var now int64
	err = s.q.QueryRow(ctx, "SELECT seq FROM log_head WHERE brand = $1", s.brand).Scan(&now)
	return now == head.Seq, err
}

// Add adds what another number has.
func (s *Stock) Add(o *Stock) {
	if o == nil {
		return
	}
	s.Lots, s.Holds, s.Owed = append(s.Lots, o.Lots...), append(s.Holds, o.Holds...), sum(s.Owed, o.Owed)
	s.Clock = s.Clock.join(o.Clock)
}

// Reader reads entries of a brand.
type Reader struct {
	DB    *sqldb.DB
	Log   feed.Reader
	Brand string
}

// pageOf is how many entries are read at once.
const pageOf = 500

// Entries are up to limit movements below before that touch one of some numbers, newest
// first.
func (r Reader) Entries(ctx context.Context, numbers []int64, before int64, limit int) ([]feed.Fact, error) {
	var out []feed.Fact
	for _, n := range numbers {
		own, err := r.own(ctx, n, before, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, own...)
		seqs, err := store{r.DB, r.Brand}.others(ctx, n, before, limit)
		if err != nil {
			return nil, err
		}
		for some := range slices.Chunk(seqs, atOnce) {
			facts, err := r.Log.Get(ctx, r.Brand, some...)
			if err != nil {
				return nil, err
			}
			out = append(out, facts...)
		}
	}
	slices.SortFunc(out, func(a, b feed.Fact) int { return int(min(1, max(-1, b.Seq-a.Seq))) })
	out = slices.CompactFunc(out, func(a, b feed.Fact) bool { return a.Seq == b.Seq })
	return out[:min(len(out), limit)], nil
}

// own are the movements that came with a number.
func (r Reader) own(ctx context.Context, number, before int64, limit int) ([]feed.Fact, error) {
	var out []feed.Fact
	for len(out) < limit {
		facts, err := r.Log.ReadWho(ctx, r.Brand, number, before, limit)
		if err != nil {
			return nil, err
		}
		for _, f := range facts {
			before = f.Seq
			if f.Kind == record.Movement {
				out = append(out, f)
			}
		}
		if len(facts) < limit {
			break
		}
	}
	return out, nil
}

// Then is what a person had at a past moment, by what had been committed by then. Who was
// whose number is as it was then, too.
func (r Reader) Then(ctx context.Context, programme string, customer, at int64) (*Stock, error) {
	members, err := r.membersAt(ctx, customer, at)
	if err != nil {
		return nil, err
	}
	var all []feed.Fact
	before := int64(1<<63 - 1)
	for {
		page, err := r.Entries(ctx, members, before, pageOf)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageOf {
			break
		}
		before = page[len(page)-1].Seq
	}
	p := NewPast()
	for _, f := range slices.Backward(all) {
		if f.At > at {
			continue
		}
		rec, err := record.Parse(&f)
		if err != nil {
			return nil, err
		}
		if rec.GetMovement().GetProgrammeId() != programme {
			continue
		}
		if err := p.Apply(f.Seq, only(rec, members)); err != nil {
			return nil, err
		}
	}
	return p.Stock(programme, members), nil
}

// membersAt are the numbers of a customer's person at a moment.
func (r Reader) membersAt(ctx context.Context, customer, at int64) ([]int64, error) {
	book := people.NewBook()
	err := r.Log.ReadKind(ctx, r.Brand, []int16{record.Person}, 0, func(f *feed.Fact) error {
		if f.At > at {
			return nil
		}
		return book.ApplyBody(f.Body)
	})
	return book.Now().Members(customer), err
}

// Behind are all facts behind one that came with some numbers or touch them, oldest first.
func Behind(ctx context.Context, tx *sqldb.Tx, brand string, numbers []int64, after int64) ([]feed.Fact, error) {
	log := feed.In(tx)
	var out []feed.Fact
	for _, n := range numbers {
		for from := after; ; {
			own, err := log.ReadWhoAfter(ctx, brand, n, from, pageOf)
			if err != nil {
				return nil, err
			}
			if out = append(out, own...); len(own) < pageOf {
				break
			}
			from = own[len(own)-1].Seq
		}
		seqs, err := store{tx, brand}.othersAfter(ctx, n, after)
		if err != nil {
			return nil, err
		}
		for some := range slices.Chunk(seqs, atOnce) {
			touching, err := log.Get(ctx, brand, some...)
			if err != nil {
				return nil, err
			}
			out = append(out, touching...)
		}
	}
	slices.SortFunc(out, func(a, b feed.Fact) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(out, func(a, b feed.Fact) bool { return a.Seq == b.Seq }), nil
}
