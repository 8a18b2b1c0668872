package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// storm makes random calls of every kind; what is refused does not matter to it.
type storm struct {
	t        *testing.T
	rnd      *rand.Rand
	url      string
	clock    *clock
	replicas [2]*replica
	keys     int
	holds    []string
	into     map[int64]int64
}

const stormers = 8

func (s *storm) one() *replica { return s.replicas[s.rnd.IntN(2)] }

func (s *storm) who() *commonv1.CustomerRef { return number(1 + s.rnd.Int64N(stormers)) }

func (s *storm) key() string {
	s.keys++
	return fmt.Sprint("s", s.keys)
}

func (s *storm) origin() *loyaltyv1.Origin {
	o := &loyaltyv1.Origin{OrderId: fmt.Sprint("o", s.rnd.IntN(30)), Channel: commonv1.Channel(s.rnd.IntN(4))}
	for range s.rnd.IntN(3) {
		o.Subjects = append(o.Subjects, &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: fmt.Sprint(s.rnd.IntN(4))})
	}
	return o
}

// then is a time that is told: now, or some days ago.
func (s *storm) then() time.Time {
	now := s.clock.Now()
	if s.rnd.IntN(3) == 0 {
		now = now.Add(-time.Duration(s.rnd.Int64N(int64(9 * day))))
	}
	return now
}

func (s *storm) step() {
	s.clock.Add(time.Duration(1 + s.rnd.Int64N(int64(4*time.Hour))))
	ctx, r := s.t.Context(), s.one()
	switch n := s.rnd.IntN(100); {
	case n < 32:
		in := &loyaltyv1.EarnRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(),
			Points: 1 + s.rnd.Int64N(200), Spent: s.rnd.Int64N(9000), Origin: s.origin(), OccurredAt: stamp(s.then())}
		switch s.rnd.IntN(8) {
		case 0:
			in.OnDelivery = true
		case 1:
			in.ActiveFrom = stamp(s.clock.Now().Add(3 * day))
		case 2:
			in.ExpiresAt = stamp(s.clock.Now().Add(time.Duration(s.rnd.Int64N(int64(20 * day)))))
		case 3:
			in.Origin = nil
		}
		_, _ = r.Earn(ctx, in)
	case n < 48:
		_, _ = r.Redeem(ctx, &loyaltyv1.RedeemRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(),
			Points: 1 + s.rnd.Int64N(150), Origin: s.origin(), OccurredAt: stamp(s.then())})
	case n < 56:
		out, err := r.Hold(ctx, &loyaltyv1.HoldRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(),
			Points: 1 + s.rnd.Int64N(150), Origin: s.origin(), Seconds: 1 + s.rnd.Int32N(200000)})
		if err == nil {
			s.holds = append(s.holds, out.GetMovement().GetId())
		}
	case n < 62 && len(s.holds) > 0:
		id := s.holds[max(0, len(s.holds)-1-s.rnd.IntN(4))]
		if s.rnd.IntN(3) == 0 {
			_, _ = r.Void(ctx, &loyaltyv1.VoidRequest{Brand: brand, RequestId: s.key(), HoldId: id})
		} else {
			_, _ = r.Capture(ctx, &loyaltyv1.CaptureRequest{Brand: brand, RequestId: s.key(), HoldId: id, Points: s.rnd.Int64N(40)})
		}
	case n < 74:
		in := &loyaltyv1.ReverseRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(), Origin: of(s.origin().GetOrderId())}
		if s.rnd.IntN(2) == 0 {
			in.KeepEarned, in.KeepSpent = s.rnd.Int64N(100), s.rnd.Int64N(100)
		}
		_, _ = r.Reverse(ctx, in)
	case n < 79:
		points := s.rnd.Int64N(200) - 80
		_, _ = r.Adjust(ctx, &loyaltyv1.AdjustRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(), Points: points, Reason: "why"})
	case n < 84:
		_, _ = r.Transfer(ctx, &loyaltyv1.TransferRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, From: s.who(), To: s.who(), Points: 1 + s.rnd.Int64N(80)})
	case n < 87:
		_, _ = r.Activate(ctx, &loyaltyv1.ActivateRequest{Brand: brand, RequestId: s.key(), ProgrammeId: club, Customer: s.who(), Origin: of(s.origin().GetOrderId())})
	default:
		s.turn()
	}
}

// turn is what happens around the calls.
func (s *storm) turn() {
	switch n := s.rnd.IntN(13); {
	case n < 4:
		expire(s.t, s.one())
	case n < 8:
		s.clock.Add(time.Duration(s.rnd.Int64N(int64(4 * day))))
	case n < 10:
		s.merge()
	case n < 11:
		if err := s.one().server.Flush(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	default:
		i := s.rnd.IntN(2)
		s.replicas[i].stop()
		s.replicas[i] = newReplica(s.t, s.url, s.clock.Now, loyalty.Neighbours{})
	}
}

func (s *storm) person(who int64) int64 {
	for s.into[who] != 0 {
		who = s.into[who]
	}
	return who
}

func (s *storm) merge() {
	from, into := 1+s.rnd.Int64N(stormers), 1+s.rnd.Int64N(stormers)
	e := &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: from, IntoId: into}
	switch {
	case s.into[from] != 0:
		e.Kind, e.IntoId = segmentationv1.CustomerEvent_KIND_UNMERGED, s.into[from]
		delete(s.into, from)
	case s.person(from) == s.person(into):
		return
	default:
		s.into[from] = into
	}
	if err := s.one().server.Tell(s.t.Context(), brand, e); err != nil {
		s.t.Fatal(err)
	}
	for _, r := range s.replicas {
		if err := r.server.Sync(s.t.Context(), brand); err != nil {
			s.t.Fatal(err)
		}
	}
}
