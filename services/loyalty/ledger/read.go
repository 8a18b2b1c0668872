package ledger

import (
	"context"
	"slices"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Stocks reads what numbers have, of all programmes, in one statement: it sees one moment.
// at is the time of the last commit.
func Stocks(ctx context.Context, db *sqldb.DB, brand string, customers []int64) (by map[Place]*Stock, at int64, err error) {
	by = map[Place]*Stock{}
	place := func(customer int64, programme string) *Stock {
		key := Place{programme, customer}
		if by[key] == nil {
			by[key] = &Stock{}
		}
		return by[key]
	}
	s := store{db, brand}
	query, args := s.union(customers, stocks[:]...)
	err = s.each(ctx, "balances", "SELECT 0, CAST(0 AS BIGINT), '', at, CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(NULL AS BYTEA) FROM log_head WHERE brand = $1 UNION ALL "+query, args, func(scan func(...any) error) error {
		var kind int
		var customer, when, expires, points int64
		var programme string
		var parts []byte
		if err := scan(&kind, &customer, &programme, &when, &expires, &points, &parts); err != nil {
			return err
		}
		switch kind {
		case headRow:
			at = when
		case owedRow:
			place(customer, programme).Owed = points
		case lotsRow:
			one := place(customer, programme)
			one.Lots = append(one.Lots, Share{Points: points, ExpiresAt: expires, At: when})
		case holdRows:
			all, err := parseParts(parts, customer)
			one := place(customer, programme)
			for _, p := range all {
				one.Holds = append(one.Holds, Share{Points: p.Points, ExpiresAt: p.ExpiresAt, At: when})
			}
			return err
		}
		return nil
	})
	return by, at, err
}

// Kinds of rows of stocks.
const (
	headRow = iota
	owedRow
	lotsRow
	holdRows
)

// stocks read, of one number, debts, lots summed by their times, and holds.
var stocks = [...]string{
	"SELECT 1, customer, programme, 0, 0, owed, NULL FROM account WHERE brand = $1 AND customer = $2 AND owed > 0",
	`SELECT 2, customer, programme, active_at, expires_at, CAST(sum(points) AS BIGINT), NULL FROM lot
WHERE brand = $1 AND customer = $2 GROUP BY customer, programme, active_at, expires_at`,
	"SELECT 3, owner, programme, ends_at, 0, 0, parts FROM hold WHERE brand = $1 AND owner = $2",
}

// Add adds what another number has.
func (s *Stock) Add(o *Stock) {
	if o == nil {
		return
	}
	s.Lots, s.Holds, s.Owed = append(s.Lots, o.Lots...), append(s.Holds, o.Holds...), sum(s.Owed, o.Owed)
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
