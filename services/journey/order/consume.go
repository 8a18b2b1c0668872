package order

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// consumer names the cursor in the log.
const consumer = "orders"

// lease is for how long a replica that died keeps the others from its work.
const lease = 3 * time.Second

// gather is how long events wait for company: most orders' steps come apart, and
// the database has only so many commits.
const gather = 50 * time.Millisecond

// Keeper keeps the outcome of each order in the log: it follows the log's events
// and writes a reversal and a new outcome where they say another thing.
type Keeper struct {
	Brand string
	Rules Rules
	DB    *sqldb.DB
	Log   *feed.Log
	// Ingest folds what was written, before the next poll of the log would.
	Ingest func(ctx context.Context, brand string, facts []feed.Fact) error
	Clock  func() time.Time
	Logger *slog.Logger
	// Seen, if set, is given each batch of the log first, whatever its facts are, in
	// the transaction that moves the cursor.
	Seen func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) error
}

// Run keeps outcomes until ctx ends. Every replica runs it; one at a time comes to
// work. The log must be tailed.
func (k *Keeper) Run(ctx context.Context) error { return k.Consumer().Run(ctx) }

// Consumer is what Run runs, for whoever wants to go step by step.
func (k *Keeper) Consumer() *feed.Consumer {
	var last written
	return &feed.Consumer{
		Name: consumer, Brand: k.Brand, DB: k.DB, Clock: k.Clock, Log: k.Logger, Every: gather, Lease: lease,
		Source: k.Log.Next,
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (err error) {
			last = written{}
			if k.Seen != nil {
				if err := k.Seen(ctx, tx, facts); err != nil {
					return err
				}
			}
			last, err = k.effect(ctx, tx, facts)
			return err
		},
		Done: func(ctx context.Context, _ []feed.Fact) {
			if len(last.facts) == 0 {
				return
			}
			k.Log.Notice(last.head)
			if err := k.Ingest(ctx, k.Brand, last.facts); err != nil && ctx.Err() == nil {
				k.Logger.Warn("fold outcomes of orders", "brand", k.Brand, "error", err)
			}
		},
	}
}

// written is what a batch wrote into the log.
type written struct {
	head  feed.Head
	facts []feed.Fact
}

// effect writes down which orders the events of a batch belong to and what has
// become of those orders, in the transaction that moves the cursor.
func (k *Keeper) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (written, error) {
	rows, err := rowsOf(facts)
	if err != nil || len(rows) == 0 {
		return written{}, err
	}
	if err := putRows(ctx, tx, k.Brand, rows); err != nil {
		return written{}, err
	}
	touched := map[string]bool{}
	for _, r := range rows {
		touched[r.order] = true
	}
	return k.settle(ctx, tx, slices.Sorted(maps.Keys(touched)), facts[len(facts)-1].Seq)
}

// settle writes the outcomes of some orders that are not what the log says.
func (k *Keeper) settle(ctx context.Context, tx *sqldb.Tx, orders []string, last int64) (written, error) {
	events, err := rowsByOrder(ctx, tx, k.Brand, orders, last)
	if err != nil {
		return written{}, err
	}
	states, err := statesByOrder(ctx, tx, k.Brand, orders, last)
	if err != nil {
		return written{}, err
	}
	var changes []change
	for _, id := range orders {
		c, err := k.compare(id, events[id], states[id])
		if err != nil {
			return written{}, err
		}
		if c.differs() {
			changes = append(changes, c)
		}
	}
	return k.write(ctx, tx, changes)
}

// change is what the log says of an order, and what it should say.
type change struct {
	order string
	// old is nil before the first outcome; now is nil if there is none.
	old, now *state
}

func (c *change) differs() bool {
	if c.old == nil || c.now == nil {
		return c.old != c.now
	}
	return c.old.day != c.now.day || c.old.who != c.now.who || !bytes.Equal(c.old.data, c.now.data)
}

// compare finds what became of one order.
func (k *Keeper) compare(id string, rows []row, old *state) (change, error) {
	c := change{order: id, old: old}
	events, err := live(rows)
	if err != nil || len(events) == 0 {
		return c, err
	}
	o, ok := k.Rules.Outcome(events)
	if !ok {
		return c, nil
	}
	first := events[0].At
	for _, e := range events {
		first = min(first, e.At)
	}
	c.now = &state{day: k.Rules.Day(&o, first), who: o.Who, data: o.Append(nil)}
	if old != nil {
		c.now.number = old.number
	}
	return c, nil
}

// write puts reversals and outcomes into the log, and what it says now beside it.
func (k *Keeper) write(ctx context.Context, tx *sqldb.Tx, changes []change) (written, error) {
	if len(changes) == 0 {
		return written{}, nil
	}
	var facts []feed.Fact
	var places []int
	for _, c := range changes {
		if c.old != nil {
			facts = append(facts, c.old.fact(record.OutcomeReversal))
		}
		if places = append(places, len(facts)); c.now != nil {
			facts = append(facts, c.now.fact(record.Outcome))
		}
	}
	head, err := feed.Lock(ctx, tx, k.Brand, k.Clock())
	if err != nil {
		return written{}, err
	}
	if err := feed.Put(ctx, tx, &head, facts); err != nil {
		return written{}, err
	}
	for i, c := range changes {
		if c.now == nil {
			continue
		}
		if c.now.seq = facts[places[i]].Seq; c.now.number == 0 {
			c.now.number = c.now.seq
		}
	}
	if err := putStates(ctx, tx, k.Brand, changes); err != nil {
		return written{}, fmt.Errorf("keep outcomes of %s: %w", k.Brand, err)
	}
	return written{head, facts}, nil
}

// live are the events that stand: the newest version of each that is not reversed.
func live(rows []row) ([]record.Packed, error) {
	newest := map[int64]*row{}
	for i := range rows {
		if r := &rows[i]; newest[r.number] == nil || newest[r.number].seq < r.seq {
			newest[r.number] = r
		}
	}
	var out []record.Packed
	for _, r := range newest {
		if r.sign < 0 {
			continue
		}
		p, err := record.ParseEvent(&feed.Fact{Seq: r.seq, Of: r.number, Kind: record.Event, Who: r.who, Data: r.data})
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
