package contact

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Order is one caller's wish: leave to contact a customer, or that given leave
// counts no more.
type Order struct {
	// Customer is the number behind what the caller named; 0 if nobody is.
	Customer int64
	Request  string
	Contact  *segmentationv1.ContactRequest
	// Release names a reservation; then all others are empty.
	Release string
}

// Answer is what becomes of an order: one of these.
type Answer struct {
	Reserved *segmentationv1.ReserveContactResponse
	Released *segmentationv1.ReleaseContactResponse
	Err      error
}

// Serve answers many callers' orders in one transaction, which holds the lock of
// the brand's log: what is read here stays true until the commit, so no two of them
// can spend the same budget. Releases come first, and each reservation sees those
// before it. Answers are numbered behind the last one.
func (b *Brand) Serve(ctx context.Context, tx *sqldb.Tx, orders []Order, now time.Time) ([]Answer, []feed.Fact, error) {
	answers := make([]Answer, len(orders))
	last, err := lastID(ctx, tx, b.ID)
	if err != nil {
		return nil, nil, err
	}
	facts, err := b.releases(ctx, tx, last, orders, answers)
	if err != nil {
		return nil, nil, err
	}
	more, err := b.reserves(ctx, tx, last, orders, answers, now)
	return answers, append(facts, more...), err
}

// releases answers the orders that take something back.
func (b *Brand) releases(ctx context.Context, tx *sqldb.Tx, last int64, orders []Order, answers []Answer) (facts []feed.Fact, err error) {
	var ids []int64
	for _, o := range orders {
		if id := parseID(o.Release); id != 0 {
			ids = append(ids, id)
		}
	}
	found, err := byID(ctx, tx, b.ID, last, ids)
	if err != nil {
		return nil, err
	}
	var freed []int64
	for i, o := range orders {
		if o.Release == "" {
			continue
		}
		r := found[parseID(o.Release)]
		if r == nil || r.state == refused {
			answers[i].Err = fault.NotFound(commonv1.Reason_REASON_RESERVATION_UNKNOWN, "reservation %q", o.Release)
			continue
		}
		answers[i].Released = &segmentationv1.ReleaseContactResponse{Replayed: r.state == released}
		if r.state == counts {
			r.state = released
			freed = append(freed, r.id)
			facts = append(facts, record.ReleaseContact(r.customer, r.id))
		}
	}
	return facts, release(ctx, tx, b.ID, freed)
}

// reserves answers the orders that ask for leave.
func (b *Brand) reserves(ctx context.Context, tx *sqldb.Tx, last int64, orders []Order, answers []Answer, now time.Time) ([]feed.Fact, error) {
	var requests []string
	for _, o := range orders {
		if o.Release == "" {
			requests = append(requests, o.Request)
		}
	}
	if len(requests) == 0 {
		return nil, nil
	}
	before, err := answered(ctx, tx, b.ID, last, requests)
	if err != nil {
		return nil, err
	}
	people, err := b.asking(ctx, tx, last, orders, before, now)
	if err != nil {
		return nil, err
	}
	var fresh []*row
	for i, o := range orders {
		if o.Release != "" {
			continue
		}
		r, replayed := before[o.Request]
		if !replayed {
			p := people[b.Person(o.Customer)]
			if o.Customer == 0 || p == nil {
				answers[i].Err = Unknown()
				continue
			}
			last++
			r = decide(b, p, o, last, now)
			before[o.Request] = r
			fresh = append(fresh, r)
		}
		answers[i] = r.answer(o, replayed)
	}
	return b.written(ctx, tx, fresh, now)
}

// asking reads the people of the orders that were not answered before.
func (b *Brand) asking(ctx context.Context, tx *sqldb.Tx, last int64, orders []Order, before map[string]*row, now time.Time) (map[int64]*Person, error) {
	var ids []int64
	earliest := now
	for _, o := range orders {
		if o.Release != "" || o.Customer == 0 || before[o.Request] != nil {
			continue
		}
		ids = append(ids, o.Customer)
		if at := ask(o.Contact, now).At; at.Before(earliest) {
			earliest = at
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return b.people(ctx, tx, last, ids, earliest)
}

// decide judges an order and counts the contact at once if it gets leave, so that
// the next order of the same person finds it.
func decide(b *Brand, p *Person, o Order, id int64, now time.Time) *row {
	asked := ask(o.Contact, now)
	r := &row{id: id, request: o.Request, customer: o.Customer, at: asked.At.UnixMicro(), state: counts, asked: named(o.Contact, o.Customer)}
	if j := Judge(b.Rules, p, asked); !j.Allowed() {
		r.state, r.verdict = refused, j.Verdicts[0]
		return r
	}
	p.Made = append(p.Made, Made{Purpose: asked.Purpose, At: asked.At})
	return r
}

// answer is what an order with the request id of a row is told. What named the
// customer may lead nowhere by now, since the customer was erased: that is no
// difference.
func (r *row) answer(o Order, replayed bool) Answer {
	id := o.Customer
	if id == 0 {
		id = r.customer
	}
	if field := differ.First("contact", r.asked, named(o.Contact, id)); field != "" {
		return Answer{Err: fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field,
			"request %q came before with another %s", o.Request, field)}
	}
	out := &segmentationv1.ReserveContactResponse{Allowed: r.state != refused, Verdict: r.verdict, Replayed: replayed}
	if out.Allowed {
		out.ReservationId = strconv.FormatInt(r.id, 10)
	}
	return Answer{Reserved: out}
}

// written saves answers and returns the facts of those that gave leave.
func (b *Brand) written(ctx context.Context, tx *sqldb.Tx, fresh []*row, now time.Time) (facts []feed.Fact, err error) {
	for _, r := range fresh {
		if r.state != counts {
			continue
		}
		told := named(r.asked, r.customer)
		told.At = timestamppb.New(time.UnixMicro(r.at))
		f, err := record.ReserveContact(r.customer, r.id, told)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, save(ctx, tx, b.ID, fresh, now)
}
