package offer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Follower lets purchases count for the conditions of offers, as Journey tells of them.
// What came in before an offer was sent is not looked at again.
type Follower struct {
	Brand  string
	DB     *sqldb.DB
	Ledger *ledger.Keeper
	// Book has the offers, People who is whom, both as of Ready: that reads what the own
	// log says of them.
	Book   func() *Book
	People func() *people.Mapping
	Ready  func(ctx context.Context) error
	Clock  func() time.Time
	Log    *slog.Logger
}

// ConsumerName is whose cursor in Journey's log it is.
const ConsumerName = "offers"

const (
	// gather is how long facts of a trickle are collected.
	gather = 50 * time.Millisecond
	// atOnce is how many events go into one transaction, if they do not come in larger
	// pieces.
	atOnce = 500
)

// Kinds of the facts that travel from Journey's stream to the effect.
const (
	other int16 = 1 // is passed over
	told  int16 = 2
)

// Split takes the purchases and returns of customers that are known, and what cancels
// orders, out of a piece of Journey's stream.
func Split(piece *journeyv1.WatchEventsResponse) ([]feed.Fact, *commonv1.Cursor) {
	facts := make([]feed.Fact, len(piece.GetFacts()))
	for i, in := range piece.GetFacts() {
		f := feed.Fact{Seq: in.GetSeq(), Kind: other, Day: feed.NoDay, Day2: feed.NoDay, At: in.GetCommittedAt().AsTime().UnixMicro()}
		e := in.GetRecorded()
		if e == nil {
			e = in.GetResolved()
		}
		kind := e.GetKind()
		paid := e.GetCustomer().GetId() != 0 && (kind == "purchase" || strings.HasPrefix(kind, "purchase."))
		if paid || purchase.IsReturn(e) || purchase.IsCancelled(e) {
			// What came over the wire can be written again; if ever not, the effect says so.
			f.Body, _ = proto.Marshal(e)
			f.Kind, f.Who = told, e.GetCustomer().GetId()
		}
		facts[i] = f
	}
	return facts, piece.GetCursor()
}

// Consumer gives each of Journey's facts its effect here exactly once.
func (f *Follower) Consumer(source func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error)) *feed.Consumer {
	var written *ledger.Written
	return &feed.Consumer{
		Name: ConsumerName, Brand: f.Brand, DB: f.DB, Every: gather, Limit: atOnce, Clock: f.Clock, Log: f.Log,
		Source: func(ctx context.Context, brand string, from feed.Cursor, limit int) ([]feed.Fact, error) {
			facts, err := source(ctx, brand, from, limit)
			if err == nil {
				err = f.Ready(ctx)
			}
			return facts, err
		},
		Effect: func(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (err error) {
			written, err = f.effect(ctx, tx, facts)
			return err
		},
		Done: func(ctx context.Context, _ []feed.Fact) {
			if written != nil {
				written.Told(ctx)
			}
		},
	}
}

// deal is a purchase that may count for something.
type deal struct {
	key   []byte
	event *journeyv1.Event
	at    time.Time
	who   int64
}

// deals are the purchases of a batch, in the order in which they happened. Of one told
// twice the last word counts.
func deals(facts []feed.Fact) ([]*deal, error) {
	byKey := map[string]int{}
	var out []*deal
	for i := range facts {
		if facts[i].Kind != told {
			continue
		}
		e := &journeyv1.Event{}
		if err := unpack(facts[i].Body, e); err != nil || e.GetExternalId() == "" {
			return nil, fmt.Errorf("fact %d of Journey's log: no event that can be read: %w", facts[i].Seq, err)
		}
		sum := sha256.Sum256([]byte(e.GetSource() + "\x00" + e.GetExternalId()))
		d := &deal{key: sum[:16], event: e, at: e.GetOccurredAt().AsTime(), who: e.GetCustomer().GetId()}
		if n, again := byKey[string(d.key)]; again {
			out[n] = d
			continue
		}
		byKey[string(d.key)] = len(out)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b *deal) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.event.GetSequence(), b.event.GetSequence()))
	})
	return out, nil
}

// effect counts purchases, and takes back what was returned. The log is locked only if any
// of them may matter.
func (f *Follower) effect(ctx context.Context, tx *sqldb.Tx, facts []feed.Fact) (*ledger.Written, error) {
	all, err := deals(facts)
	if err != nil {
		return nil, err
	}
	var some []*deal
	for _, d := range all {
		matters, err := f.matters(ctx, tx, d, all)
		if err != nil {
			return nil, err
		}
		if matters {
			some = append(some, d)
		}
	}
	if len(some) == 0 {
		return nil, nil
	}
	var customers []int64
	for _, d := range some {
		if d.who != 0 {
			customers = append(customers, d.who)
		}
	}
	session, err := f.Ledger.Begin(ctx, tx, nil, customers)
	if err != nil {
		return nil, err
	}
	desk := &Desk{Brand: f.Brand, Tx: tx, Ledger: session, Book: f.Book()}
	for _, d := range some {
		if d.back() {
			err = desk.back(ctx, d)
		}
		for _, o := range f.counting(d) {
			if err == nil {
				err = desk.count(ctx, o, d)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return session.Write(ctx, tx)
}

// back tells that a deal takes back.
func (d *deal) back() bool { return purchase.IsReturn(d.event) || purchase.IsCancelled(d.event) }

// counting are the offers that a purchase may count for.
func (f *Follower) counting(d *deal) []*loyaltyv1.Offer {
	if d.back() {
		return nil
	}
	return f.Book().Counting(f.People().Members(d.who), func(o *loyaltyv1.Offer) bool { return Open(o, d.at) })
}

// matters tells whether a deal may move any offer. A purchase of the same batch may be what
// is taken back.
func (f *Follower) matters(ctx context.Context, tx *sqldb.Tx, d *deal, all []*deal) (bool, error) {
	switch {
	case !d.back():
		return len(f.counting(d)) > 0, nil
	case purchase.IsReturn(d.event):
		has := f.Book().Counting(f.People().Members(d.who), func(*loyaltyv1.Offer) bool { return true })
		return len(has) > 0, nil
	}
	for _, o := range all {
		if !o.back() && o.event.GetOrderId() == d.event.GetOrderId() {
			return len(f.counting(o)) > 0, nil
		}
	}
	found, err := ofOrder(ctx, tx, f.Brand, d.event.GetOrderId())
	return len(found) > 0, err
}

// count lets a purchase count for one offer, which that may complete.
func (d *Desk) count(ctx context.Context, def *loyaltyv1.Offer, p *deal) error {
	have, err := d.find(ctx, def.GetId(), p.who)
	if err != nil || have == nil || p.at.UnixMicro() < have.Received {
		return err
	}
	spent, ok := Counts(def, p.event)
	if !ok {
		return nil
	}
	if told, err := counted(ctx, d.Tx, d.Brand, p.key, def.GetId()); told || err != nil {
		return err
	}
	row, err := d.row(ctx, def.GetId(), have.Customer)
	if err != nil {
		return err
	}
	row.Spent, row.Purchases = row.Spent+spent, row.Purchases+1
	if err := save(ctx, d.Tx, d.Brand, row); err != nil {
		return err
	}
	step := &loyaltyv1.OfferStep{
		OfferId: def.GetId(), CustomerId: row.Customer, At: stamp(p.at.UnixMicro()), Spent: spent, Purchases: 1, Event: p.key,
		Bought: []*loyaltyv1.OfferBought{bought(def, p.event, p.key, spent)},
	}
	if err := d.note(ctx, step); err != nil {
		return err
	}
	have.Spent, have.Purchases = have.Spent+spent, have.Purchases+1
	if have.Completed != 0 || !Met(def.GetCondition(), have.Spent, have.Purchases) {
		return nil
	}
	of := &loyaltyv1.Origin{
		OrderId: purchase.OrderOf(p.event), OfferId: def.GetId(), Channel: p.event.GetChannel(), Subjects: p.event.GetSubjects(),
	}
	_, err = d.finish(ctx, def, have, nil, &loyaltyv1.EntryRecord{}, of, p.at.UnixMicro(), 0)
	return err
}

// note writes down what an event adds to an offer, or takes away.
func (d *Desk) note(ctx context.Context, s *loyaltyv1.OfferStep) error {
	if err := count(ctx, d.Tx, d.Brand, s.GetEvent(), s.GetOfferId(), adding{customer: s.GetCustomerId(), spent: s.GetSpent()}); err != nil {
		return err
	}
	for _, b := range s.GetBought() {
		packed, err := pack(b)
		if err == nil {
			err = count(ctx, d.Tx, d.Brand, b.GetEvent(), s.GetOfferId(), adding{customer: s.GetCustomerId(), order: b.GetOrderId(), bought: string(packed)})
		}
		if err != nil {
			return err
		}
	}
	body, err := pack(s)
	d.Ledger.Note(feed.Fact{Kind: record.OfferCounted, Body: body})
	return err
}

func unpack(b []byte, m proto.Message) error { return proto.Unmarshal(b, m) }
