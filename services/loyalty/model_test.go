package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// done is a call that was answered, to be made again.
type done struct {
	again  func(key bool) (proto.Message, error)
	answer proto.Message
	err    error
}

// seen is what somebody had at a moment.
type seen struct {
	at   time.Time
	who  int64
	what refBalance
}

// model compares random histories with the reference, call by call. Two replicas serve
// them in turn.
type model struct {
	t        *testing.T
	rnd      *rand.Rand
	url      string
	clock    *clock
	ref      *reference
	replicas [2]*replica
	keys     int
	done     []done
	seen     []seen
	holds    []string
	// told is the last call.
	told string
}

// Random histories of every call, with retries, keys used twice, clocks that move, merges
// and restarts, are what the plain reference says; so is what was at past moments.
func TestReference(t *testing.T) {
	runs, _ := strconv.Atoi(os.Getenv("RAPPORT_TEST_MODEL_RUNS"))
	for seed := range max(runs, 4) {
		sqldbtest.EachURL(t, func(t *testing.T, url string) {
			c := &clock{now: start}
			m := &model{t: t, rnd: rand.New(rand.NewPCG(uint64(seed), 5)), url: url, clock: c, ref: newReference(start)}
			for i := range m.replicas {
				m.replicas[i] = newReplica(t, url, c.Now, loyalty.Neighbours{})
				m.replicas[i].server.Read(m.page())
			}
			m.ref.idle = 4 * (seed % 2)
			programme(t, m.replicas[0], club, &loyaltyv1.Lifetime{ExpireMonths: 1, IdleDays: int32(m.ref.idle)})
			for range 250 {
				m.step()
				if t.Failed() {
					t.Fatalf("seed %d, call %d: %s", seed, m.keys, m.told)
				}
			}
			m.past()
			verify(t, m.replicas[0])
		})
	}
}

func (m *model) one() *replica { return m.replicas[m.rnd.IntN(2)] }

// page is how many lots are read at once: mostly so few that accounts are known in part.
func (m *model) page() int { return []int{1, 2, 3, 256}[m.rnd.IntN(4)] }

func (m *model) who() int64 { return 1 + m.rnd.Int64N(people) }

func (m *model) key() string {
	m.keys++
	return fmt.Sprint("k", m.keys)
}

func (m *model) order() string { return fmt.Sprint("o", 1+m.rnd.IntN(12)) }

// tick moves the clocks.
func (m *model) tick(d time.Duration) {
	m.clock.Add(d)
	m.ref.now = m.clock.Now().UnixMicro()
}

func (m *model) step() {
	m.tick(time.Microsecond)
	switch n := m.rnd.IntN(100); {
	case n < 22:
		m.earn()
	case n < 38:
		m.redeem()
	case n < 46:
		m.hold()
	case n < 54:
		m.release()
	case n < 62:
		m.reverse()
	case n < 67:
		m.adjust()
	case n < 73:
		m.transfer()
	case n < 77:
		m.activate()
	case n < 80:
		m.expire()
	case n < 84:
		m.merge()
	case n < 90:
		m.tick(time.Duration(m.rnd.Int64N(int64(5 * day))))
	case n < 92:
		m.tick(time.Duration(m.rnd.Int64N(int64(time.Hour))))
	case n < 93:
		i := m.rnd.IntN(2)
		m.replicas[i].stop()
		m.replicas[i] = newReplica(m.t, m.url, m.clock.Now, loyalty.Neighbours{})
		m.replicas[i].server.Read(m.page())
	default:
		m.repeat()
	}
	m.look(m.who())
}

// answered compares a refusal with the reference's, and a balance.
func (m *model) answered(what string, who int64, want commonv1.Reason, got *loyaltyv1.Balance, err error) {
	m.t.Helper()
	if want != 0 || err != nil {
		if want == 0 || !fault.Is(err, want) {
			m.t.Errorf("%s: refused with %v, want %v", what, err, want)
		}
		return
	}
	b := m.ref.balance(who)
	if diff := cmp.Diff([4]int64{b.Available, b.Held, b.Pending, b.Owed},
		[4]int64{got.GetAvailable(), got.GetHeld(), got.GetPending(), got.GetOwed()}); diff != "" {
		m.t.Errorf("%s: balance behind it (-want +got): %s", what, diff)
	}
}

// call makes a call that can be repeated.
func call[Q proto.Message, A proto.Message](m *model, in Q, make func(r *replica, in Q) (A, error)) (A, error) {
	again := func(same bool) (proto.Message, error) {
		q := proto.Clone(in).(Q)
		if !same {
			spoil(q)
		}
		return make(m.one(), q)
	}
	m.told = fmt.Sprint(in.ProtoReflect().Descriptor().Name(), " ", in)
	out, err := make(m.one(), in)
	m.done = append(m.done, done{again, out, err})
	return out, err
}

// spoil changes a request.
func spoil(in proto.Message) {
	msg := in.ProtoReflect()
	for _, name := range []string{"points", "keep_earned", "hold_id", "reason"} {
		fd := msg.Descriptor().Fields().ByTextName(name)
		switch {
		case fd == nil:
		case name == "reason" || name == "hold_id":
			msg.Set(fd, protoText("999999"))
			return
		default:
			msg.Set(fd, protoNumber(msg.Get(fd).Int()+1000))
			return
		}
	}
}

// repeat makes an old call again, as it was or with another body.
func (m *model) repeat() {
	if len(m.done) == 0 {
		return
	}
	d := m.done[m.rnd.IntN(len(m.done))]
	same := m.rnd.IntN(3) > 0
	out, err := d.again(same)
	switch {
	case !same:
		if in, ok := d.answer.(*loyaltyv1.ActivateResponse); ok && in != nil || fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
			return
		}
		m.t.Errorf("another body: %v, %v", out, err)
	case d.err != nil:
		if fault.Reason(err) != fault.Reason(d.err) || fault.From(err).Meta["available"] != fault.From(d.err).Meta["available"] {
			m.t.Errorf("refused with %v, was %v", err, d.err)
		}
	case err != nil:
		m.t.Errorf("repeated: %v", err)
	default:
		clearReplayed(out)
		if diff := !proto.Equal(out, d.answer); diff {
			m.t.Errorf("answered %v, was %v", out, d.answer)
		}
	}
}

// look compares what somebody has now, and remembers it.
func (m *model) look(who int64) {
	m.t.Helper()
	for _, r := range m.replicas {
		out, err := r.GetBalance(m.t.Context(), &loyaltyv1.GetBalanceRequest{Brand: brand, ProgrammeId: club, Customer: number(who)})
		if err != nil {
			m.t.Fatal(err)
		}
		m.same("now", m.ref.balance(who), out)
	}
	if m.rnd.IntN(5) == 0 {
		m.seen = append(m.seen, seen{m.clock.Now(), who, m.ref.balance(who)})
	}
}

func (m *model) same(what string, want refBalance, out *loyaltyv1.GetBalanceResponse) {
	m.t.Helper()
	b := out.GetBalance()
	got := refBalance{b.GetAvailable(), b.GetHeld(), b.GetPending(), b.GetOwed(), steps(out.GetExpiries()), steps(out.GetPending())}
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Errorf("balance %s (-want +got): %s", what, diff)
	}
}

func steps(in []*loyaltyv1.ExpiryStep) map[int64]int64 {
	out := map[int64]int64{}
	for _, s := range in {
		at := never
		if s.GetExpiresAt() != nil {
			at = s.GetExpiresAt().AsTime().UnixMicro()
		}
		out[at] += s.GetPoints()
	}
	return out
}

// past asks for all that was seen.
func (m *model) past() {
	m.tick(time.Second)
	for _, s := range m.seen {
		out, err := m.one().GetBalance(m.t.Context(), &loyaltyv1.GetBalanceRequest{
			Brand: brand, ProgrammeId: club, Customer: number(s.who), At: timestamppb.New(s.at),
		})
		if err != nil {
			m.t.Fatal(err)
		}
		m.same(fmt.Sprint("of ", s.who, " at ", s.at), s.what, out)
	}
}

func (m *model) merge() {
	from, into := m.who(), m.who()
	e := &segmentationv1.CustomerEvent{Kind: segmentationv1.CustomerEvent_KIND_MERGED, Id: from, IntoId: into}
	switch {
	case m.ref.into[from] != 0:
		e.Kind, e.IntoId = segmentationv1.CustomerEvent_KIND_UNMERGED, m.ref.into[from]
		delete(m.ref.into, from)
	case m.ref.has(from, into):
		return
	default:
		m.ref.into[from] = into
	}
	if err := m.one().server.Tell(m.t.Context(), brand, e); err != nil {
		m.t.Fatal(err)
	}
	for _, r := range m.replicas {
		if err := r.server.Sync(m.t.Context(), brand); err != nil {
			m.t.Fatal(err)
		}
	}
}
