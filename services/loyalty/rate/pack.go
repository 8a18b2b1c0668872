package rate

import (
	"encoding/binary"
	"math"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/compact"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Never is when points expire that do not.
const Never int64 = math.MaxInt64

const packedFormat = 1

// Flags of a movement.
const (
	isActive  = 1
	isSpender = 2
)

// Pack is what folds need of a movement: it goes into the fact beside the record, so that
// to fold a day nothing else is read. Days are of the brand's zone.
func Pack(r *loyaltyv1.EntryRecord, zone *calendar.Zone) []byte {
	f := read(r, zone)
	b := append(make([]byte, 0, 96), packedFormat)
	b = compact.AppendText(b, f.programme)
	var flags byte
	if f.active {
		flags |= isActive
	}
	if f.spender {
		flags |= isSpender
	}
	b = append(b, flags)
	b = compact.AppendInts(b, f.who, f.to, f.owed)
	b = binary.AppendUvarint(b, uint64(len(f.flows)))
	for _, x := range f.flows {
		b = compact.AppendText(compact.AppendInts(b, x.at.who, int64(x.at.day)), x.at.place)
		b = compact.AppendInts(b, x.n[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(f.parts)))
	for _, x := range f.parts {
		b = compact.AppendInts(b, x.who, int64(x.at.earned), x.at.expires)
		b = compact.AppendInts(b, x.n[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(f.counted)))
	for _, x := range f.counted {
		b = compact.AppendInts(b, x.at.who, int64(x.at.day))
		b = compact.AppendInts(b, x.n[:]...)
	}
	if f.clocked != 0 {
		b = compact.AppendInts(b, f.clocked, f.clock.bought, f.clock.until, f.clock.given)
	}
	return b
}

// read works out what a movement counts for.
func read(r *loyaltyv1.EntryRecord, zone *calendar.Zone) *Fact {
	m := r.GetMovement()
	day := zone.DayOf(m.GetOccurredAt().AsTime())
	f := &Fact{programme: m.GetProgrammeId(), who: m.GetCustomerId(), to: m.GetToCustomerId()}
	var n [flowWidth]int64
	for _, leg := range m.GetPostings() {
		switch leg.GetAccount() {
		case loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED:
			n[issued] -= leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED:
			n[spent] += leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_EXPIRED:
			n[expired] += leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_OWED:
			f.owed -= leg.GetPoints()
		}
	}
	f.spender = n[spent] > 0
	f.active = f.spender || m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN
	if f.spender {
		n[redemptions] = 1
	}
	if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE {
		f.reverse(r)
	} else {
		from := origin(r)
		f.flow(f.who, day, packPlace(from.GetChannel(), from.GetSubjects()), n)
	}
	if in := r.GetEarn(); in.GetOrigin().GetOrderId() != "" && in.GetOrigin().GetOfferId() == "" {
		f.count(f.who, day, in.GetPoints(), in.GetSpent())
	}
	f.lots(r, zone)
	if c := r.GetClock(); c != nil {
		f.clocked, f.clock = f.who, Clock{c.GetBoughtAt(), c.GetUntil(), c.GetGivenUntil()}
		if f.to != 0 {
			f.clocked = f.to
		}
	}
	return f
}

// reverse counts what was taken back where it counted.
func (f *Fact) reverse(r *loyaltyv1.EntryRecord) {
	for _, u := range r.GetUndone() {
		var n [flowWidth]int64
		n[issued], n[spent] = u.GetExpired()-u.GetEarned(), -u.GetSpent()
		day := calendar.Day(u.GetDay())
		f.flow(u.GetCustomerId(), day, packPlace(u.GetChannel(), u.GetSubjects()), n)
		f.count(u.GetCustomerId(), day, -u.GetEarned(), -u.GetMoney())
	}
}

// lots counts what a movement did to lots. What is held stays outstanding until it is
// spent.
func (f *Fact) lots(r *loyaltyv1.EntryRecord, zone *calendar.Zone) {
	kind := r.GetMovement().GetKind()
	put := func(parts []*loyaltyv1.LotPart, kept, gone, lost int64) {
		for _, p := range parts {
			f.part(p, zone, kept*p.GetPoints(), gone*p.GetPoints(), lost*p.GetPoints())
		}
	}
	taken, given, paid := r.GetMovement().GetTaken(), r.GetMovement().GetGiven(), r.GetPaid()
	switch kind {
	case loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD:
	case loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM:
		put(taken, -1, 1, 0)
	case loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE, loyaltyv1.MovementKind_MOVEMENT_KIND_VOID:
		put(taken, -1, 1, 0)
		put(paid, -1, 0, 0)
	case loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE:
		put(taken, -1, 0, 1)
		put(given, 1, 0, -1)
		put(paid, 0, 0, -1)
	case loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE:
		put(given, 1, -1, 0)
		put(paid, 0, -1, 0)
		put(taken, -1, 0, 0)
	default:
		put(taken, -1, 0, 0)
		put(given, 1, 0, 0)
	}
}

func (f *Fact) flow(who int64, day calendar.Day, place string, n [flowWidth]int64) {
	if n != [flowWidth]int64{} {
		f.flows = append(f.flows, flow{rowKey{who, int32(day), place}, n})
	}
}

func (f *Fact) count(who int64, day calendar.Day, points, money int64) {
	if points != 0 || money != 0 {
		f.counted = append(f.counted, counting{countKey{who, int32(day)}, [countWidth]int64{points, money}})
	}
}

// part adds to what is known of a lot; of one lot both ways are one.
func (f *Fact) part(p *loyaltyv1.LotPart, zone *calendar.Zone, kept, gone, lost int64) {
	at := lotKey{earned: int32(zone.DayOf(p.GetEarnedAt().AsTime())), expires: Never}
	if p.GetExpiresAt() != nil {
		at.expires = p.GetExpiresAt().AsTime().UnixMicro()
	}
	for i := range f.parts {
		if x := &f.parts[i]; x.at == at && x.who == p.GetCustomerId() {
			x.n[stock], x.n[lotSpent], x.n[lotExpired] = x.n[stock]+kept, x.n[lotSpent]+gone, x.n[lotExpired]+lost
			return
		}
	}
	f.parts = append(f.parts, part{p.GetCustomerId(), at, [lotWidth]int64{kept, gone, lost}})
}

// origin is what a movement is about: of its request, or of the hold that was captured.
func origin(r *loyaltyv1.EntryRecord) *loyaltyv1.Origin {
	if in, ok := record.Request(r).(interface{ GetOrigin() *loyaltyv1.Origin }); ok {
		return in.GetOrigin()
	}
	return r.GetMovement().GetOrigin()
}

// PackReceipt is what folds need of a purchase.
func PackReceipt(amount int64) []byte { return compact.AppendInts([]byte{packedFormat}, amount) }

// DayOf is the brand's day of a time in Unix microseconds.
func dayOf(zone *calendar.Zone, micros int64) calendar.Day { return zone.DayOf(time.UnixMicro(micros)) }
