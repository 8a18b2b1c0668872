package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

// Place is one number in one programme.
type Place struct {
	Programme string
	Customer  int64
}

// Past is what movements come to, one applied after the other: what was at a moment, and
// what the tables must say.
type Past struct {
	Places map[Place]*Sum
	Holds  map[int64]*Hold
}

// Sum is what one number has.
type Sum struct {
	Available, Held, Pending, Owed int64
	Lots                           map[LotID]*Lot
	Clock                          Clock
}

// NewPast is before anything happened.
func NewPast() *Past { return &Past{Places: map[Place]*Sum{}, Holds: map[int64]*Hold{}} }

func (p *Past) at(programme string, customer int64) *Sum {
	key := Place{programme, customer}
	s := p.Places[key]
	if s == nil {
		s = &Sum{Lots: map[LotID]*Lot{}}
		p.Places[key] = s
	}
	return s
}

// Apply takes in one movement.
func (p *Past) Apply(seq int64, r *loyaltyv1.EntryRecord) error {
	m := r.GetMovement()
	if m == nil {
		return nil
	}
	var total int64
	for _, leg := range m.GetPostings() {
		total += leg.GetPoints()
		p.post(m.GetProgrammeId(), leg)
	}
	if total != 0 {
		return fmt.Errorf("movement %d sums to %d", seq, total)
	}
	p.wind(r, m)
	if err := p.lots(seq, r, m); err != nil {
		return fmt.Errorf("movement %d: %w", seq, err)
	}
	return nil
}

// wind lets the clock of who got points be what the movement left it at.
func (p *Past) wind(r *loyaltyv1.EntryRecord, m *loyaltyv1.Movement) {
	if r.GetLapsedAt() != 0 && len(m.GetTaken()) > 0 {
		s := p.at(m.GetProgrammeId(), m.GetCustomerId())
		s.Clock.Lapsed = max(s.Clock.Lapsed, r.GetLapsedAt())
	}
	if c := r.GetClock(); c != nil {
		who := m.GetCustomerId()
		if m.GetToCustomerId() != 0 {
			who = m.GetToCustomerId()
		}
		s := p.at(m.GetProgrammeId(), who)
		s.Clock.Bought, s.Clock.Until, s.Clock.Given = c.GetBoughtAt(), c.GetUntil(), c.GetGivenUntil()
	}
}

func (p *Past) post(programme string, leg *loyaltyv1.Posting) {
	if leg.GetCustomerId() == 0 {
		return
	}
	s := p.at(programme, leg.GetCustomerId())
	switch leg.GetAccount() {
	case available:
		s.Available += leg.GetPoints()
	case held:
		s.Held += leg.GetPoints()
	case pending:
		s.Pending += leg.GetPoints()
	case owed:
		s.Owed -= leg.GetPoints()
	}
}

// lots moves the lots as the movement says. What goes back goes first.
func (p *Past) lots(seq int64, r *loyaltyv1.EntryRecord, m *loyaltyv1.Movement) error {
	taken, err := readParts(m.GetTaken())
	if err != nil {
		return err
	}
	given, err := readParts(m.GetGiven())
	if err != nil {
		return err
	}
	switch m.GetKind() {
	case loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE, loyaltyv1.MovementKind_MOVEMENT_KIND_VOID:
		if err := p.unhold(m.GetOf()); err != nil {
			return err
		}
		taken = nil // out of the hold
	case loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD:
		p.Holds[seq], err = holdOf(seq, r, m, taken)
		if err != nil {
			return err
		}
	case loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE:
		if err := p.take(m.GetProgrammeId(), taken); err != nil {
			return err
		}
		taken = nil
	}
	for _, part := range given {
		p.give(m.GetProgrammeId(), part, activeAt(r, m))
	}
	return p.take(m.GetProgrammeId(), taken)
}

// activeAt is from when points may be spent that the movement gave; 0: at once.
func activeAt(r *loyaltyv1.EntryRecord, m *loyaltyv1.Movement) int64 {
	waits := slices.ContainsFunc(m.GetPostings(), func(l *loyaltyv1.Posting) bool { return l.GetAccount() == pending && l.GetPoints() > 0 })
	earned := m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN
	if (earned || m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE) && waits {
		return r.GetActiveAt()
	}
	return 0
}

func holdOf(seq int64, r *loyaltyv1.EntryRecord, m *loyaltyv1.Movement, taken []Part) (*Hold, error) {
	origin, err := packOrigin(r.GetHold().GetOrigin())
	return &Hold{
		ID: seq, Programme: m.GetProgrammeId(), Customer: m.GetCustomerId(), EndsAt: r.GetEndsAt(), Parts: taken, Origin: origin,
	}, err
}

func packOrigin(o *loyaltyv1.Origin) ([]byte, error) {
	if o == nil {
		return nil, nil
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(o)
}

var errNoLot = errors.New("takes points that are in no lot")

func (p *Past) take(programme string, parts []Part) error {
	for _, part := range parts {
		s := p.at(programme, part.Customer)
		l := s.Lots[part.Lot]
		if l == nil || l.Points < part.Points {
			return fmt.Errorf("lot %s: %w", part.Lot, errNoLot)
		}
		if l.Points -= part.Points; l.Points == 0 {
			delete(s.Lots, part.Lot)
		}
	}
	return nil
}

func (p *Past) give(programme string, part Part, activeAt int64) {
	s := p.at(programme, part.Customer)
	l := s.Lots[part.Lot]
	if l == nil {
		l = &Lot{ID: part.Lot, EarnedAt: part.EarnedAt, ExpiresAt: part.ExpiresAt, ActiveAt: activeAt}
		s.Lots[part.Lot] = l
	}
	l.Points += part.Points
}

func (p *Past) unhold(of string) error {
	id, err := strconv.ParseInt(of, 10, 64)
	if err != nil || p.Holds[id] == nil {
		return fmt.Errorf("hold %s is not open", of)
	}
	delete(p.Holds, id)
	return nil
}

// Stock is what the numbers of one person have in a programme.
func (p *Past) Stock(programme string, numbers []int64) *Stock {
	out := &Stock{}
	for _, n := range numbers {
		s := p.Places[Place{programme, n}]
		if s == nil {
			continue
		}
		out.Owed, out.Clock = sum(out.Owed, s.Owed), out.Clock.join(s.Clock)
		for _, l := range s.Lots {
			out.Lots = append(out.Lots, Share{Points: l.Points, ExpiresAt: l.ExpiresAt, At: l.ActiveAt})
		}
	}
	for _, h := range p.Holds {
		for _, part := range h.Parts {
			if h.Programme == programme && slices.Contains(numbers, part.Customer) {
				out.Holds = append(out.Holds, Share{Points: part.Points, ExpiresAt: part.ExpiresAt, At: h.EndsAt})
			}
		}
	}
	return out
}

func readParts(in []*loyaltyv1.LotPart) ([]Part, error) {
	out := make([]Part, len(in))
	for i, p := range in {
		var err error
		if out[i], err = ReadPart(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// only leaves of a record what it did to some numbers: the rest of the story of others is
// not told with it.
func only(r *loyaltyv1.EntryRecord, numbers []int64) *loyaltyv1.EntryRecord {
	m := r.GetMovement()
	var rest int64
	m.Postings = slices.DeleteFunc(m.Postings, func(l *loyaltyv1.Posting) bool {
		gone := l.GetCustomerId() != 0 && !slices.Contains(numbers, l.GetCustomerId())
		if gone {
			rest += l.GetPoints()
		}
		return gone
	})
	if rest != 0 {
		m.Postings = append(m.Postings, &loyaltyv1.Posting{Account: adjusted, Points: rest})
	}
	others := func(p *loyaltyv1.LotPart) bool { return !slices.Contains(numbers, p.GetCustomerId()) }
	m.Taken, m.Given = slices.DeleteFunc(m.Taken, others), slices.DeleteFunc(m.Given, others)
	return r
}
