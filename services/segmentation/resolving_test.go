package segmentation_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// line is a connection that tests cut, and that counts the calls it carries.
type line struct {
	cut   atomic.Bool
	slow  atomic.Bool
	calls atomic.Int64
}

// over is the replica's client over a line.
func over(t *testing.T, r *replica, l *line) segmentationv1.SegmentationServiceClient {
	t.Helper()
	conn, err := r.app.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return segmentationv1.NewSegmentationServiceClient(&carried{conn, l})
}

// carried is a connection whose calls go over a line.
type carried struct {
	*grpc.ClientConn
	line *line
}

// Invoke carries one call.
func (c *carried) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	c.line.calls.Add(1)
	if c.line.slow.Load() {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	if c.line.cut.Load() {
		return status.Error(codes.Unavailable, "the line is cut")
	}
	return c.ClientConn.Invoke(ctx, method, in, out, opts...)
}

func TestResolver(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		l := &line{}
		numbers := people.NewResolver(over(t, r, l), time.Minute)
		ids, refused, err := numbers.Resolve(t.Context(), brand, []*commonv1.Identity{card("1"), phone("+74951234567"), card(" "), card("2"), card("1")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{1, 0, 0, 2, 1}, ids); diff != "" {
			t.Errorf("numbers: %s", diff)
		}
		for i, want := range []commonv1.Reason{0, commonv1.Reason_REASON_IDENTITY_BLOCKED, commonv1.Reason_REASON_FIELD_INVALID, 0, 0} {
			if (refused[i] != nil) != (want != 0) || want != 0 && !fault.Is(refused[i], want) {
				t.Errorf("identity %d was refused by %v", i, refused[i])
			}
		}
		many := make([]*commonv1.Identity, 2500)
		for i := range many {
			many[i] = card(fmt.Sprint("many ", i))
		}
		before := l.calls.Load()
		ids, _, err = numbers.Resolve(t.Context(), brand, many)
		if err != nil || len(ids) != len(many) || ids[0] == 0 || ids[2499] == 0 || l.calls.Load()-before != 3 {
			t.Errorf("resolved %d of many in %d calls, %v", len(ids), l.calls.Load()-before, err)
		}
	})
}

// A neighbour that is away is asked a few times, then left alone, and found again.
func TestResolverLeavesTheAwayAlone(t *testing.T) {
	r := newReplica(t, sqldbtest.SQLite(t), "", (&clock{now: start}).Now)
	for name, how := range map[string]func(l *line, away bool){
		"cut":  func(l *line, away bool) { l.cut.Store(away) },
		"slow": func(l *line, away bool) { l.slow.Store(away) },
	} {
		t.Run(name, func(t *testing.T) {
			l := &line{}
			numbers := people.NewResolver(over(t, r, l), 0)
			how(l, true)
			for range 50 {
				if _, _, err := numbers.Resolve(t.Context(), brand, []*commonv1.Identity{card("1")}); !errors.Is(err, people.ErrAway) {
					t.Fatalf("resolved without a neighbour: %v", err)
				}
			}
			if n := l.calls.Load(); n > 5 {
				t.Errorf("%d calls to a neighbour that is away", n)
			}
			how(l, false)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for late := time.After(time.Minute); ; {
				if ids, _, err := numbers.Resolve(t.Context(), brand, []*commonv1.Identity{card("1")}); err == nil {
					if ids[0] != 1 {
						t.Errorf("resolved to %d", ids[0])
					}
					return
				}
				select {
				case <-tick.C:
				case <-late:
					t.Fatal("was never asked again")
				}
			}
		})
	}
}

// A caller that leaves says nothing about the neighbour, nor does a no.
func TestResolverBlamesNobodyElse(t *testing.T) {
	r := newReplica(t, sqldbtest.SQLite(t), "", (&clock{now: start}).Now)
	l := &line{}
	numbers := people.NewResolver(over(t, r, l), time.Minute)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 10 {
		if _, _, err := numbers.Resolve(gone, brand, []*commonv1.Identity{card("1")}); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller had left: %v", err)
		}
		if _, _, err := numbers.Resolve(t.Context(), "nobody's", []*commonv1.Identity{card("1")}); !errors.Is(err, people.ErrAway) {
			t.Errorf("a brand that is not there: %v", err)
		}
	}
	if ids, _, err := numbers.Resolve(t.Context(), brand, []*commonv1.Identity{card("1")}); err != nil || ids[0] != 1 {
		t.Errorf("resolved %v, %v", ids, err)
	}
	if _, _, err := people.NewResolver(nil, 0).Resolve(t.Context(), brand, []*commonv1.Identity{card("1")}); !errors.Is(err, people.ErrAway) {
		t.Errorf("without a neighbour: %v", err)
	}
}

const (
	happenedKind int16 = 21
	resolvedKind int16 = 22
)

// keep writes n facts with sealed identities.
func (h *holder) keep(t *testing.T, keys *seal.Sealer, ids ...*commonv1.Identity) {
	t.Helper()
	sealed := people.NewSealed(h.db)
	err := h.write(t.Context(), func(tx *sqldb.Tx) error {
		head, err := feed.Lock(t.Context(), tx, brand, start)
		if err != nil {
			return err
		}
		facts := make([]feed.Fact, len(ids))
		for i := range facts {
			facts[i] = feed.Fact{Kind: happenedKind, Day: feed.NoDay, Day2: feed.NoDay}
		}
		if err := feed.Put(t.Context(), tx, &head, facts); err != nil {
			return err
		}
		waiting := make([]people.Waiting, len(ids))
		for i, id := range ids {
			b, err := people.SealIdentity(keys, brand, id)
			if err != nil {
				return err
			}
			waiting[i] = people.Waiting{Seq: facts[i].Seq, Sealed: b}
		}
		return sealed.Put(t.Context(), tx, brand, waiting)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// resolving turns what is resolved into facts: Of says which, Who whose.
func (h *holder) resolving(client segmentationv1.SegmentationServiceClient, keys *seal.Sealer) *people.Resolving {
	return &people.Resolving{Brand: brand, Sealed: people.NewSealed(h.db), Seal: keys, Client: client, Log: quiet,
		Journal: h.journal((&clock{now: start}).Now), Every: time.Millisecond,
		Effect: func(_ context.Context, _ *sqldb.Tx, all []people.Resolved) ([]feed.Fact, error) {
			var facts []feed.Fact
			for _, one := range all {
				if one.Refused != nil {
					one.Customer = -1
				}
				facts = append(facts, feed.Fact{Kind: resolvedKind, Day: feed.NoDay, Day2: feed.NoDay, Of: one.Seq, Who: one.Customer})
			}
			return facts, nil
		}}
}

// Sealed identities wait while Segmentation is away and take effect once, with two
// replicas at it.
func TestResolving(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		r := newReplica(t, url, "", (&clock{now: start}).Now)
		known(t, r)
		erase(t, r, 1)
		keys, err := seal.New(secret, "test")
		if err != nil {
			t.Fatal(err)
		}
		other := freshURL(t, url)
		one, two := newHolder(t, other), newHolder(t, other)
		l := &line{}
		l.cut.Store(true)
		var all []*commonv1.Identity
		for i := range 1500 {
			all = append(all, card(fmt.Sprint("card ", i/2)))
		}
		one.keep(t, keys, append(all, email("one@example.com"), phone("+74951234567"))...)
		client := over(t, r, l)
		if err := one.resolving(client, keys).Pass(t.Context()); err == nil {
			t.Error("resolved over a line that is cut")
		}
		left := func() int64 {
			n, err := people.NewSealed(one.db).Count(t.Context(), brand)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := left(); n != 1502 {
			t.Errorf("%d identities wait, want 1502", n)
		}
		stops := []func(){inBackground(t, one.resolving(client, keys).Run), inBackground(t, two.resolving(client, keys).Run)}
		l.cut.Store(false)
		await(t, one.log, "all identities resolved", func() bool { return left() == 0 })
		for _, stop := range stops {
			stop()
		}
		resolvedOnce(t, one, r)
	})
}

// resolvedOnce fails unless each of the facts got its number, once.
func resolvedOnce(t *testing.T, h *holder, r *replica) {
	t.Helper()
	who := map[int64]int64{}
	err := h.log.ReadKind(t.Context(), brand, []int16{resolvedKind}, 0, func(f *feed.Fact) error {
		if _, twice := who[f.Of]; twice {
			t.Errorf("fact %d was resolved twice", f.Of)
		}
		who[f.Of] = f.Who
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(who) != 1502 {
		t.Errorf("%d facts were resolved, want 1502", len(who))
	}
	for _, seq := range []int64{1501, 1502} {
		if who[seq] != -1 {
			t.Errorf("fact %d, of nobody, got number %d", seq, who[seq])
		}
	}
	for seq := int64(1); seq <= 1500; seq += 499 {
		want := resolve(t, r, card(fmt.Sprint("card ", (seq-1)/2)))[0].GetId()
		if who[seq] != want || want == 0 {
			t.Errorf("fact %d got number %d, want %d", seq, who[seq], want)
		}
	}
}

// What another secret sealed stays, and does not stop the rest.
func TestResolvingKeepsWhatItCannotOpen(t *testing.T) {
	r := newReplica(t, sqldbtest.SQLite(t), "", (&clock{now: start}).Now)
	h := newHolder(t, sqldbtest.SQLite(t))
	keys, err := seal.New(secret, "test")
	if err != nil {
		t.Fatal(err)
	}
	lost, err := seal.New(secret, "another")
	if err != nil {
		t.Fatal(err)
	}
	h.keep(t, lost, card("1"))
	h.keep(t, keys, card("2"))
	if err := h.resolving(r, keys).Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := people.NewSealed(h.db).Pending(t.Context(), brand, 0, 10)
	if err != nil || len(left) != 1 || left[0].Seq != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}
