package loyalty_test

import (
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
)

func protoText(s string) protoreflect.Value  { return protoreflect.ValueOfString(s) }
func protoNumber(n int64) protoreflect.Value { return protoreflect.ValueOfInt64(n) }

func clearReplayed(out proto.Message) {
	m := out.ProtoReflect()
	m.Clear(m.Descriptor().Fields().ByName("replayed"))
}

func (m *model) earn() {
	who, points, order, r := m.who(), 1+m.rnd.Int64N(200), m.order(), m.ref
	in := &loyaltyv1.EarnRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Points: points, Origin: of(order)}
	active := int64(0)
	end := m.clock.Now().Add(time.Duration(m.rnd.Int64N(int64(20*day))) - day)
	in.ExpiresAt = stamp(end)
	switch m.rnd.IntN(6) {
	case 0:
		at := m.clock.Now().Add(time.Duration(m.rnd.Int64N(int64(6 * day))))
		in.ActiveFrom, active = stamp(at), at.UnixMicro()
	case 1:
		in.OnDelivery, active = true, never
	}
	occurred := m.clock.Now()
	switch m.rnd.IntN(6) {
	case 0:
		in.Origin = &loyaltyv1.Origin{OrderId: order, OfferId: "spring"} // nothing was bought
	case 1, 2:
		occurred = occurred.Add(-time.Duration(m.rnd.Int64N(int64(6 * day))))
		in.OccurredAt = stamp(occurred)
		if active == 0 {
			active = occurred.UnixMicro()
		}
	}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.EarnRequest) (*loyaltyv1.EarnResponse, error) {
		return r.Earn(m.t.Context(), in)
	})
	r.settle(who)
	if in.GetOrigin().GetOfferId() == "" {
		r.bought(who, occurred.UnixMicro())
	} else {
		r.given(who, 0)
	}
	lot := r.give(who, points, occurred.UnixMicro(), end.UnixMicro(), active)
	r.entries = append(r.entries, &refEntry{who: who, order: order, lot: lot, earned: points})
	m.answered("earn", who, 0, out.GetBalance(), err)
}

func (m *model) redeem() {
	who, points, order, r := m.who(), 1+m.rnd.Int64N(150), m.order(), m.ref
	in := &loyaltyv1.RedeemRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Points: points, Origin: of(order)}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.RedeemRequest) (*loyaltyv1.RedeemResponse, error) {
		return r.Redeem(m.t.Context(), in)
	})
	r.settle(who)
	parts, want := r.spend(who, points)
	if want == 0 {
		r.entries = append(r.entries, &refEntry{who: who, order: order, parts: parts, spent: points})
	}
	m.answered("redeem", who, want, out.GetBalance(), err)
}

func (m *model) hold() {
	who, points, order, r := m.who(), 1+m.rnd.Int64N(150), m.order(), m.ref
	seconds := 1 + m.rnd.Int32N(int32(3*day/time.Second))
	in := &loyaltyv1.HoldRequest{
		Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Points: points, Origin: of(order), Seconds: seconds,
	}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.HoldRequest) (*loyaltyv1.HoldResponse, error) {
		return r.Hold(m.t.Context(), in)
	})
	r.settle(who)
	parts, want := r.spend(who, points)
	if want == 0 && err == nil {
		id, _ := strconv.ParseInt(out.GetMovement().GetId(), 10, 64)
		r.holds = append(r.holds, &refHold{id: id, who: who, ends: r.now + int64(seconds)*1e6, order: order, parts: parts})
		m.holds = append(m.holds, out.GetMovement().GetId())
	}
	m.answered("hold", who, want, out.GetBalance(), err)
}

// release captures or voids a hold of whatever state.
func (m *model) release() {
	if len(m.holds) == 0 {
		return
	}
	id := m.holds[len(m.holds)-1-min(m.rnd.IntN(len(m.holds)), m.rnd.IntN(len(m.holds)))]
	r := m.ref
	find := func() *refHold {
		i := slices.IndexFunc(r.holds, func(h *refHold) bool { return strconv.FormatInt(h.id, 10) == id })
		if i < 0 {
			return nil
		}
		return r.holds[i]
	}
	// What is due of those who have a part in it is done first.
	if h := find(); h != nil {
		owners := []int64{}
		for _, p := range h.parts {
			if !slices.Contains(owners, p.owner) {
				owners = append(owners, p.owner)
			}
		}
		for _, n := range append(owners, h.who) {
			r.settle(n)
		}
	}
	h := find()
	want, points, asked := commonv1.Reason_REASON_HOLD_ENDED, int64(0), int64(0)
	if h != nil {
		want = 0
		for _, p := range h.parts {
			points += p.points
		}
		if asked = m.rnd.Int64N(points + 1); asked > 0 {
			points = asked
		}
	}
	if m.rnd.IntN(3) == 0 {
		m.void(id, h, want)
		return
	}
	in := &loyaltyv1.CaptureRequest{Brand: brand, RequestId: m.key(), HoldId: id, Points: asked}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.CaptureRequest) (*loyaltyv1.CaptureResponse, error) {
		return r.Capture(m.t.Context(), in)
	})
	who := int64(1)
	if h != nil {
		who = h.who
		parts := r.release(h, points)
		r.entries = append(r.entries, &refEntry{who: who, order: h.order, parts: parts, spent: points})
	}
	m.answered("capture", who, want, out.GetBalance(), err)
}

func (m *model) void(id string, h *refHold, want commonv1.Reason) {
	in := &loyaltyv1.VoidRequest{Brand: brand, RequestId: m.key(), HoldId: id}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.VoidRequest) (*loyaltyv1.VoidResponse, error) {
		return r.Void(m.t.Context(), in)
	})
	who := int64(1)
	if h != nil {
		who = h.who
		m.ref.release(h, 0)
	}
	m.answered("void", who, want, out.GetBalance(), err)
}

func (m *model) reverse() {
	who, order, r := m.who(), m.order(), m.ref
	in := &loyaltyv1.ReverseRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Origin: of(order)}
	if m.rnd.IntN(2) == 0 {
		in.KeepEarned, in.KeepSpent = m.rnd.Int64N(150), m.rnd.Int64N(150)
	}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.ReverseRequest) (*loyaltyv1.ReverseResponse, error) {
		return r.Reverse(m.t.Context(), in)
	})
	r.settle(who)
	want := r.reverse(who, order, in.GetKeepEarned(), in.GetKeepSpent())
	m.answered("reverse", who, want, out.GetBalance(), err)
}

func (m *model) adjust() {
	who, points, r := m.who(), 1+m.rnd.Int64N(150), m.ref
	in := &loyaltyv1.AdjustRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Points: points, Reason: "why"}
	end := m.clock.Now().Add(time.Duration(m.rnd.Int64N(int64(20 * day))))
	if in.ExpiresAt = stamp(end); m.rnd.IntN(2) == 0 {
		in.Points, in.ExpiresAt = -points, nil
	}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.AdjustRequest) (*loyaltyv1.AdjustResponse, error) {
		return r.Adjust(m.t.Context(), in)
	})
	r.settle(who)
	var want commonv1.Reason
	if in.Points < 0 {
		_, want = r.spend(who, points)
	} else {
		r.given(who, 0)
		r.give(who, points, r.now, end.UnixMicro(), 0)
	}
	m.answered("adjust", who, want, out.GetBalance(), err)
}

func (m *model) transfer() {
	from, to, points, r := m.who(), m.who(), 1+m.rnd.Int64N(100), m.ref
	in := &loyaltyv1.TransferRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, From: number(from), To: number(to), Points: points}
	make := func(r *replica, in *loyaltyv1.TransferRequest) (*loyaltyv1.TransferResponse, error) {
		return r.Transfer(m.t.Context(), in)
	}
	if r.has(from, to) {
		_, err := make(m.one(), in) // not kept: to repeat it may come to something
		m.answered("transfer", from, commonv1.Reason_REASON_FIELD_INVALID, nil, err)
		r.settle(from)
		return
	}
	out, err := call(m, in, make)
	r.settle(from)
	r.settle(to)
	if _, sum := r.live(from); sum-r.debts(from) >= points {
		r.given(to, r.end(from))
	}
	parts, want := r.spend(from, points)
	for _, p := range parts {
		r.give(to, p.points, p.earned, p.expires, 0)
	}
	m.answered("transfer", from, want, out.GetBalance(), err)
}

func (m *model) activate() {
	who, order, r := m.who(), m.order(), m.ref
	in := &loyaltyv1.ActivateRequest{Brand: brand, RequestId: m.key(), ProgrammeId: club, Customer: number(who), Origin: of(order)}
	out, err := call(m, in, func(r *replica, in *loyaltyv1.ActivateRequest) (*loyaltyv1.ActivateResponse, error) {
		return r.Activate(m.t.Context(), in)
	})
	r.settle(who)
	for _, e := range r.entries {
		if e.order == order && e.lot > 0 && r.has(who, e.who) {
			if l := r.lots[e.lot-1]; l.activeAt != 0 && l.points > 0 && l.expires > r.now && r.end(l.owner) > r.now {
				r.activate(l)
			}
		}
	}
	m.answered("activate", who, 0, out.GetBalance(), err)
}

func (m *model) expire() {
	out, err := m.one().Expire(m.t.Context(), &loyaltyv1.ExpireRequest{Brand: brand})
	if err != nil {
		m.t.Fatal(err)
	}
	lots, points, holds, activated := m.ref.expire()
	if got, want := [4]int64{out.GetLots(), out.GetPoints(), out.GetHolds(), out.GetActivated()}, [4]int64{lots, points, holds, activated}; got != want {
		m.t.Errorf("expire: %v, want %v", got, want)
	}
}
