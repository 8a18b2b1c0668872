package loyalty_test

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	rules "github.com/rapport-cx/rapport/services/loyalty/programme"
)

// The plain reference of rates: all entries, walked from end to end for each question.

type plain struct {
	zone    *calendar.Zone
	records []*loyaltyv1.EntryRecord
	person  func(int64) int64
}

func (p *plain) day(r *loyaltyv1.EntryRecord) calendar.Day {
	return p.zone.DayOf(r.GetMovement().GetOccurredAt().AsTime())
}

func leg(m *loyaltyv1.Movement, kind loyaltyv1.AccountKind) (sum int64) {
	for _, l := range m.GetPostings() {
		if l.GetAccount() == kind {
			sum += l.GetPoints()
		}
	}
	return sum
}

// flow is what moved.
type plainFlow struct{ issued, spent, expired, redemptions int64 }

func (f *plainFlow) add(o plainFlow) {
	f.issued, f.spent = f.issued+o.issued, f.spent+o.spent
	f.expired, f.redemptions = f.expired+o.expired, f.redemptions+o.redemptions
}

func flowOf(m *loyaltyv1.Movement) plainFlow {
	f := plainFlow{
		issued: -leg(m, loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED), spent: leg(m, loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED),
		expired: leg(m, loyaltyv1.AccountKind_ACCOUNT_KIND_EXPIRED),
	}
	if f.spent > 0 {
		f.redemptions = 1
	}
	return f
}

// find is the entry of a number.
func (p *plain) find(id int64) *loyaltyv1.EntryRecord {
	i, _ := slices.BinarySearchFunc(p.records, id, func(r *loyaltyv1.EntryRecord, id int64) int { return cmp.Compare(number64(r), id) })
	return p.records[i]
}

// flows calls fn with all that moved on some days, and of which entry that is told: of a
// reversal those that it takes back.
func (p *plain) flows(days calendar.Days, fn func(day calendar.Day, of *loyaltyv1.EntryRecord, f plainFlow)) {
	for _, r := range p.records {
		if !days.Has(p.day(r)) {
			continue
		}
		if r.GetMovement().GetKind() != loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE {
			fn(p.day(r), r, flowOf(r.GetMovement()))
			continue
		}
		for _, u := range r.GetUndone() {
			fn(p.day(r), p.find(u.GetSeq()), plainFlow{issued: u.GetExpired() - u.GetEarned(), spent: -u.GetSpent()})
		}
	}
}

// history is what counts for tiers of a person.
func (p *plain) history(who int64) (out []rules.Counted) {
	sums := map[calendar.Day]int64{}
	for _, r := range p.records {
		if in := r.GetEarn(); in.GetOrigin().GetOrderId() != "" && p.person(r.GetMovement().GetCustomerId()) == who {
			sums[p.day(r)] += in.GetPoints()
		}
		for _, u := range r.GetUndone() {
			if of := p.find(u.GetSeq()); p.person(of.GetMovement().GetCustomerId()) == who {
				sums[p.day(of)] -= u.GetEarned()
			}
		}
	}
	for d, n := range sums {
		if n != 0 {
			out = append(out, rules.Counted{Day: d, Amount: n})
		}
	}
	slices.SortFunc(out, func(a, b rules.Counted) int { return cmp.Compare(a.Day, b.Day) })
	return out
}

// plainLot is what became of a lot.
type plainLot struct {
	owner, earned, expires int64
	stock, spent, expired  int64
	// spentBy and stockBy are by the months since it was earned.
	spentAt map[string]int64
}

// lots follows every lot through all entries up to a day, holds apart from what they took.
func (p *plain) lots(until calendar.Day) []*plainLot {
	all, holds := map[string]*plainLot{}, map[string][]*loyaltyv1.LotPart{}
	for _, r := range p.records {
		m := r.GetMovement()
		if p.day(r) >= until {
			continue
		}
		of := func(part *loyaltyv1.LotPart) *plainLot {
			l := all[part.GetLotId()]
			if l == nil {
				l = &plainLot{owner: part.GetCustomerId(), earned: micros(part.GetEarnedAt().AsTime()), expires: never, spentAt: map[string]int64{}}
				if part.GetExpiresAt() != nil {
					l.expires = micros(part.GetExpiresAt().AsTime())
				}
				all[part.GetLotId()] = l
			}
			return l
		}
		month := p.day(r).String()[:7]
		if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD {
			holds[m.GetId()] = m.GetTaken()
			continue // outstanding still
		}
		for _, part := range holds[m.GetOf()] {
			of(part).stock -= part.GetPoints()
		}
		held := m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE || m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_VOID
		if held {
			delete(holds, m.GetOf())
		}
		back := m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE && !r.GetAgain()
		for _, part := range m.GetGiven() {
			of(part).stock += part.GetPoints()
		}
		if back {
			for _, part := range append(slices.Clone(m.GetGiven()), r.GetPaid()...) {
				of(part).spent -= part.GetPoints()
				of(part).spentAt[month] -= part.GetPoints()
			}
		}
		for _, part := range m.GetTaken() {
			l := of(part)
			if !held {
				l.stock -= part.GetPoints()
			}
			switch m.GetKind() {
			case loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM, loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE:
				l.spent += part.GetPoints()
				l.spentAt[month] += part.GetPoints()
			case loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE:
				l.expired += part.GetPoints()
			}
		}
	}
	out := make([]*plainLot, 0, len(all))
	for _, l := range all {
		out = append(out, l)
	}
	return out
}

func micros(at time.Time) int64 { return at.UnixMicro() }

func timeOf(micros int64) time.Time { return time.UnixMicro(micros) }

func dates(days calendar.Days) *commonv1.DateRange {
	return &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}
}

func number64(r *loyaltyv1.EntryRecord) int64 {
	n, _ := strconv.ParseInt(r.GetMovement().GetId(), 10, 64)
	return n
}
