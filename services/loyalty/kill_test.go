package loyalty_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
)

const (
	killRounds  = 4
	killClients = 24
	killMembers = 7
)

// postings are what clients asked for and what they were told.
type postings struct {
	t    *testing.T
	base time.Time
	next atomic.Int64

	mu    sync.Mutex
	acked map[int64]string // entries by the number of the key
	moved sync.Cond
}

// Whoever kills the server, again and again, under callers who earn, spend, hold and
// reverse while points expire: what it had acknowledged is there once, what it had not at
// most once, and every account, lot and hold is what the log says.
func TestKilledServerLosesNothing(t *testing.T) {
	for _, engine := range []struct {
		name string
		url  func(testing.TB) string
	}{{"sqlite", sqldbtest.SQLite}, {"postgres", sqldbtest.PostgresDurable}} {
		t.Run(engine.name, func(t *testing.T) {
			l := &postings{t: t, base: time.Now(), acked: map[int64]string{}}
			l.moved.L = &l.mu
			data, db, rnd := t.TempDir(), engine.url(t), rand.New(rand.NewPCG(1, 2))
			p := startProcess(t, data, db)
			_, err := p.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{Id: club}})
			if err != nil {
				t.Fatal(err)
			}
			for range killRounds {
				posting := l.postTo(p)
				l.await(150 + rnd.IntN(200))
				p.kill()
				lost := posting()
				recount(t, data, db)
				p = startProcess(t, data, db)
				// Half of those left in doubt ask again; the others never will.
				for _, n := range lost[:len(lost)/2] {
					l.post(t.Context(), p, n)
				}
				l.audit(p)
			}
		})
	}
}

// post makes the n-th call, which is always the same; false: there was no answer.
func (l *postings) post(ctx context.Context, c loyaltyv1.LoyaltyServiceClient, n int64) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	who, key := number(1+n%killMembers), fmt.Sprint(n)
	var m *loyaltyv1.Movement
	var err error
	switch n % 5 {
	case 0, 1:
		out, e := c.Earn(ctx, &loyaltyv1.EarnRequest{
			Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 20, Origin: of(fmt.Sprint("o", n/5)),
			ExpiresAt: timestamppb.New(l.base.Add(time.Duration(n%100) * 100 * time.Millisecond)),
		})
		m, err = out.GetMovement(), e
	case 2:
		out, e := c.Redeem(ctx, &loyaltyv1.RedeemRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 7})
		m, err = out.GetMovement(), e
	case 3:
		out, e := c.Hold(ctx, &loyaltyv1.HoldRequest{Brand: brand, RequestId: key, ProgrammeId: club, Customer: who, Points: 5, Seconds: 1})
		m, err = out.GetMovement(), e
	case 4:
		out, e := c.Reverse(ctx, &loyaltyv1.ReverseRequest{
			Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(1 + (n-4)%killMembers), Origin: of(fmt.Sprint("o", n/5)),
		})
		m, err = out.GetMovement(), e
	}
	id := m.GetId()
	switch {
	case fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT), fault.Is(err, commonv1.Reason_REASON_NOTHING_TO_REVERSE):
		id = "refused"
	case err != nil:
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.acked[n]; ok && before != id {
		l.t.Errorf("key %d is entry %s and was %s", n, id, before)
	}
	l.acked[n] = id
	l.moved.Broadcast()
	return true
}

// postTo lets clients post until no server answers. The function returned waits for them
// and lists the keys left in doubt.
func (l *postings) postTo(p *process) func() []int64 {
	lost := make([]int64, killClients)
	var all sync.WaitGroup
	for i := range killClients {
		all.Go(func() {
			for {
				if n := l.next.Add(1); !l.post(l.t.Context(), p, n) {
					lost[i] = n
					return
				}
			}
		})
	}
	return func() []int64 {
		all.Wait()
		return lost
	}
}

// await returns when so many more have been acknowledged.
func (l *postings) await(more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for until := len(l.acked) + more; len(l.acked) < until; {
		l.moved.Wait()
	}
}

// audit asks again for all that was acknowledged, and finds each in the ledger once.
func (l *postings) audit(p *process) {
	found := map[string]int{}
	for who := int64(1); who <= killMembers; who++ {
		in := &loyaltyv1.ListEntriesRequest{Brand: brand, CustomerId: who, PageSize: 1000}
		for more := true; more; more = in.PageToken != "" {
			out, err := p.ListEntries(l.t.Context(), in)
			if err != nil {
				l.t.Fatal(err)
			}
			for _, m := range out.GetEntries() {
				found[m.GetId()]++
			}
			in.PageToken = out.GetNextPageToken()
		}
	}
	l.mu.Lock()
	keys := make([]int64, 0, len(l.acked))
	for n, id := range l.acked {
		keys = append(keys, n)
		if id != "refused" && found[id] != 1 {
			l.t.Errorf("entry %s of key %d is there %d times", id, n, found[id])
		}
	}
	l.mu.Unlock()
	for _, n := range keys[max(0, len(keys)-300):] {
		if !l.post(l.t.Context(), p, n) {
			l.t.Errorf("key %d got no answer", n)
		}
	}
}

// recount finds no drift in what a killed server left.
func recount(t *testing.T, data, db string) {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	u, err := loyalty.OpenUpkeep(t.Context(), floor.Config{DB: db, Data: data}, loyalty.Config{}, brands, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Verify(t.Context(), brand, func(d floor.Drift) { t.Errorf("drift: %+v", d) }); err != nil {
		t.Error(err)
	}
	if err := u.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
