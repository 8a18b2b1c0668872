package ledger

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// work is one commit while it is decided.
type work struct {
	*Keeper
	ctx    context.Context
	store  store
	log    feed.Reader
	people *people.Mapping
	// head is the end of the log before, now the commit's time.
	head feed.Head
	now  int64

	changes *Changes
	facts   []feed.Fact
	records []*loyaltyv1.EntryRecord
	results []commit.Result[Outcome]
	// keys are the places in facts of what this commit decides, stored what was decided
	// before. sure: the log was asked.
	keys   map[string]int
	stored map[string]*feed.Fact
	sure   bool
	// orders are the places in facts of the movements of orders.
	orders map[string][]int
}

func (k *Keeper) work(head feed.Head, q sqldb.Querier, log feed.Reader) *work {
	return &work{
		Keeper: k, store: store{q, k.Brand}, log: log, people: k.People(), head: head, now: head.Time(),
		changes: NewChanges(), keys: map[string]int{}, orders: map[string][]int{},
	}
}

// known reads what was decided before under the keys.
func (w *work) known(ctx context.Context, tasks []*Task) error {
	var keys [][]byte
	for _, t := range tasks {
		if t.Key != nil {
			keys = append(keys, t.Key)
		}
	}
	w.stored, w.sure = map[string]*feed.Fact{}, true
	for some := range slices.Chunk(keys, atOnce) {
		facts, err := w.log.Sized(w.head).ByKey(ctx, w.Brand, some)
		if err != nil {
			return err
		}
		for i := range facts {
			w.stored[string(facts[i].Key)] = &facts[i]
		}
	}
	return nil
}

// decide decides the tasks, one after the other. What one did the next one sees.
func (w *work) decide(ctx context.Context, tasks []*Task) error {
	w.ctx = ctx
	if err := w.prefetch(tasks); err != nil {
		return err
	}
	w.results = make([]commit.Result[Outcome], len(tasks))
	w.facts = make([]feed.Fact, 0, len(tasks))
	for i, t := range tasks {
		r := &w.results[i]
		var err error
		r.Value, err = w.one(t)
		if err == nil && r.Value.Record == nil && !w.sure {
			return errUnsure // that there is nothing to do is proved by no commit
		}
		if err == nil {
			r.Err = Refused(r.Value.Record)
			continue
		}
		if fault.From(err) == nil {
			return err
		}
		// A refusal that is not kept: only with the key known to be new.
		if !w.sure && t.Key != nil {
			return errUnsure
		}
		r.Err = err
	}
	for i := range w.facts {
		w.facts[i].At = w.now
	}
	return nil
}

// one decides one task, loading what it misses.
func (w *work) one(t *Task) (Outcome, error) {
	if t.Key != nil {
		if out, found, err := w.again(t); found || err != nil {
			return out, err
		}
	}
	for {
		t.clear()
		out, err := w.attempt(t)
		var missing *Missing
		if !errors.As(err, &missing) {
			return out, err
		}
		if err := w.fetch(missing); err != nil {
			return Outcome{}, err
		}
	}
}

// fetch makes known what a rule missed. A lot that was emptied in this very commit has its
// row still: that is not asked.
func (w *work) fetch(m *Missing) error {
	if m.Lot == 0 {
		return w.memory.extend(w.ctx, w.store, m.Account)
	}
	if c, ok := w.changes.Lots[m.Lot]; ok && c.Lot.Points == 0 {
		m.Account.loosen(c.Lot)
		return nil
	}
	return w.memory.one(w.ctx, w.store, m)
}

// again answers a task whose key was used before.
func (w *work) again(t *Task) (Outcome, bool, error) {
	if i, ok := w.keys[string(t.Key)]; ok {
		err := Same(w.records[i], t.Record)
		// Two callers get it, and each completes its own.
		return Outcome{Record: proto.CloneOf(w.records[i]), Seq: w.seq(i), At: w.now, Replayed: true}, true, err
	}
	f := w.stored[string(t.Key)]
	if f == nil {
		return Outcome{}, false, nil
	}
	out, err := Replay(f, t.Record)
	return out, true, err
}

// seq is the number of the i-th fact of this commit.
func (w *work) seq(i int) int64 { return w.head.Seq + 1 + int64(i) }

// prefetch makes everybody known whom tasks name, all at once.
func (w *work) prefetch(tasks []*Task) error {
	var customers, holds []int64
	for _, t := range tasks {
		for _, n := range [...]int64{t.Who, t.To} {
			if n != 0 {
				customers = append(customers, w.people.Members(n)...)
			}
		}
		if id := t.hold(); id != 0 && w.memory.holds[id] == nil {
			holds = append(holds, id)
		}
	}
	slices.Sort(holds)
	for some := range slices.Chunk(slices.Compact(holds), atOnce) {
		owners, err := w.store.holdersOf(w.ctx, some)
		if err != nil {
			return err
		}
		for _, n := range owners {
			customers = append(customers, w.people.Members(n)...)
		}
	}
	return w.load(customers)
}

// hold is the number of the hold that a task is about; 0: none.
func (t *Task) hold() int64 {
	id := t.Record.GetCapture().GetHoldId()
	if in := t.Record.GetVoid(); in != nil {
		id = in.GetHoldId()
	}
	if id == "" {
		return t.Hold
	}
	n, _ := record.ParseID(id)
	return n
}

func (w *work) load(customers []int64) error {
	return w.memory.load(w.ctx, w.store, customers)
}

// person is the accounts of a number's person.
func (w *work) person(programme string, customer int64) (Person, error) {
	members := w.people.Members(customer)
	out := make(Person, len(members))
	for i, n := range members {
		if w.memory.members[n] == nil {
			if err := w.load(members); err != nil {
				return nil, err
			}
		}
		out[i] = w.memory.account(programme, n)
	}
	return out, nil
}

// entry begins a movement.
func (w *work) entry(kind loyaltyv1.MovementKind, programme string) *Entry {
	return NewEntry(kind, w.seq(len(w.facts)), w.now, func(customer int64) Person {
		p, _ := w.person(programme, customer) // loaded before the entry began
		return p
	}, w.changes)
}

// statements store what the commit changed.
func (w *work) statements() []statement {
	var order []string
	var ofOrder, customer, ofCustomer []int64
	for i, r := range w.records {
		m := r.GetMovement()
		if m == nil {
			continue
		}
		if id := originOf(r).GetOrderId(); id != "" {
			order, ofOrder = append(order, id), append(ofOrder, w.seq(i))
		}
		for _, n := range others(m) {
			customer, ofCustomer = append(customer, n), append(ofCustomer, w.seq(i))
		}
	}
	return append(w.changes.save(w.Brand), findable(w.Brand, order, ofOrder, customer, ofCustomer)...)
}

// others are the numbers that a movement touches beside its own.
func others(m *loyaltyv1.Movement) (out []int64) {
	for _, leg := range m.GetPostings() {
		if n := leg.GetCustomerId(); n != 0 && n != m.GetCustomerId() && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if n := m.GetToCustomerId(); n != 0 && n != m.GetCustomerId() && !slices.Contains(out, n) {
		out = append(out, n)
	}
	return out
}
