package ledger

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Short names of what points move between.
const (
	issued    = loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED
	redeemed  = loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED
	expired   = loyaltyv1.AccountKind_ACCOUNT_KIND_EXPIRED
	adjusted  = loyaltyv1.AccountKind_ACCOUNT_KIND_ADJUSTED
	available = loyaltyv1.AccountKind_ACCOUNT_KIND_AVAILABLE
	held      = loyaltyv1.AccountKind_ACCOUNT_KIND_HELD
	pending   = loyaltyv1.AccountKind_ACCOUNT_KIND_PENDING
	owed      = loyaltyv1.AccountKind_ACCOUNT_KIND_OWED
)

// Entry is one movement while it is made.
type Entry struct {
	Kind loyaltyv1.MovementKind
	// Seq is the number it will have, Now the time of its commit.
	Seq, Now int64
	// Person tells whose a number is.
	Person func(customer int64) Person

	changes  *Changes
	postings []*loyaltyv1.Posting
	taken    []Part
	given    []Part
	// paid are points that were to go back to lots and paid what was owed instead.
	paid []Part
	made int
}

// NewEntry begins a movement. What it changes is noted.
func NewEntry(kind loyaltyv1.MovementKind, seq, now int64, person func(int64) Person, changes *Changes) *Entry {
	return &Entry{Kind: kind, Seq: seq, Now: now, Person: person, changes: changes}
}

// post adds a leg, or adds to it.
func (e *Entry) post(account loyaltyv1.AccountKind, customer, points int64) {
	if points == 0 {
		return
	}
	for _, p := range e.postings {
		if p.Account == account && p.CustomerId == customer {
			p.Points += points
			return
		}
	}
	e.postings = append(e.postings, &loyaltyv1.Posting{Account: account, CustomerId: customer, Points: points})
}

// leave posts parts that leave an account of their owners.
func (e *Entry) leave(from loyaltyv1.AccountKind, parts []Part) {
	for _, p := range parts {
		e.post(from, p.Customer, -p.Points)
	}
}

// lot makes a lot.
func (e *Entry) lot(a *Account, points, earnedAt, expiresAt, activeAt int64) {
	if points == 0 {
		return
	}
	l := &Lot{ID: NewLotID(e.Seq, e.made), Points: points, EarnedAt: earnedAt, ExpiresAt: expiresAt, ActiveAt: activeAt}
	e.made++
	e.add(a, l)
	e.given = append(e.given, l.part(a.Customer, points))
}

// add puts a lot that has points into an account, and posts it.
func (e *Entry) add(a *Account, l *Lot) {
	a.insert(l)
	a.Lots++
	if l.ActiveAt != 0 {
		a.Pending += l.Points
		e.post(pending, a.Customer, l.Points)
	} else {
		a.Available += l.Points
		e.post(available, a.Customer, l.Points)
	}
	e.changes.lot(a, l)
}

// drain takes points of one lot, whatever state it is in, and posts that.
func (e *Entry) drain(a *Account, l *Lot, points int64) {
	if l.ActiveAt != 0 {
		a.Pending -= points
		e.post(pending, a.Customer, -points)
	} else {
		a.Available -= points
		e.post(available, a.Customer, -points)
	}
	e.taken = append(e.taken, l.part(a.Customer, points))
	if l.Points -= points; l.Points == 0 {
		a.Lots--
		a.remove(l)
	}
	e.changes.lot(a, l)
}

// account is that of a number among those of its person.
func (e *Entry) account(customer int64) *Account {
	for _, a := range e.Person(customer) {
		if a.Customer == customer {
			return a
		}
	}
	return nil
}

// Movement is the entry as it is kept.
func (e *Entry) Movement(programme string, customer int64, occurred int64) *loyaltyv1.Movement {
	e.postings = slices.DeleteFunc(e.postings, func(p *loyaltyv1.Posting) bool { return p.Points == 0 })
	return &loyaltyv1.Movement{
		ProgrammeId: programme, Kind: e.Kind, CustomerId: customer, Postings: e.postings,
		Taken: parts(e.taken), Given: parts(e.given), OccurredAt: stamp(occurred),
	}
}

func parts(in []Part) []*loyaltyv1.LotPart {
	if len(in) == 0 {
		return nil
	}
	out := make([]*loyaltyv1.LotPart, len(in))
	for i, p := range in {
		out[i] = &loyaltyv1.LotPart{
			LotId: p.Lot.String(), CustomerId: p.Customer, Points: p.Points, EarnedAt: stamp(p.EarnedAt), ExpiresAt: stamp(p.ExpiresAt),
		}
	}
	return out
}

// ReadPart reads what a movement tells of a lot.
func ReadPart(in *loyaltyv1.LotPart) (Part, error) {
	id, err := ParseLotID(in.GetLotId())
	return Part{
		Lot: id, Customer: in.GetCustomerId(), Points: in.GetPoints(),
		EarnedAt: in.GetEarnedAt().AsTime().UnixMicro(), ExpiresAt: micros(in.GetExpiresAt()),
	}, err
}

// stamp renders a time; Never is none.
func stamp(at int64) *timestamppb.Timestamp {
	if at == Never {
		return nil
	}
	return timestamppb.New(time.UnixMicro(at))
}

// micros reads what stamp wrote.
func micros(at *timestamppb.Timestamp) int64 {
	if at == nil {
		return Never
	}
	return at.AsTime().UnixMicro()
}

// Changes are what movements changed of what is in memory, until it is stored.
type Changes struct {
	Accounts map[*Account]struct{}
	Lots     map[LotID]Changed
	Holds    map[int64]*Hold
}

// Changed is a lot and whose it is.
type Changed struct {
	Account *Account
	Lot     *Lot
}

// NewChanges has none.
func NewChanges() *Changes {
	return &Changes{Accounts: map[*Account]struct{}{}, Lots: map[LotID]Changed{}, Holds: map[int64]*Hold{}}
}

func (c *Changes) account(a *Account) { c.Accounts[a] = struct{}{} }

func (c *Changes) lot(a *Account, l *Lot) {
	c.account(a)
	c.Lots[l.ID] = Changed{a, l}
}

// accounts are those changed, in one order whoever asks.
func (c *Changes) accounts() []*Account {
	return slices.SortedFunc(maps.Keys(c.Accounts), func(a, b *Account) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Programme, b.Programme))
	})
}
