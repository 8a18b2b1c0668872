package loyalty_test

import (
	"sync"
	"testing"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// Whoever kills the server under callers who move points and others who ask for rates: what
// it had kept of rates is the fold of its facts, and rates are what the entries say.
func TestKilledServerKeepsRates(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		l := &postings{t: t, base: time.Now(), acked: map[int64]string{}}
		l.moved.L = &l.mu
		data := t.TempDir()
		p := startProcess(t, data, url)
		_, err := p.CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{Id: club, Tiers: rungs}})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			asked := asking(t, p)
			posting := l.postTo(p)
			l.await(300)
			asked.first()
			p.kill()
			posting()
			asked.all.Wait()
			recount(t, data, url)
			p = startProcess(t, data, url)
			l.rates(p)
		}
	})
}

// asked are questions on their way.
type asked struct {
	all   sync.WaitGroup
	done  chan struct{}
	first func()
}

// asking asks for rates until no server answers.
func asking(t *testing.T, p *process) *asked {
	a := &asked{done: make(chan struct{})}
	once := sync.OnceFunc(func() { close(a.done) })
	a.first = func() { <-a.done }
	a.all.Go(func() {
		for ctx := t.Context(); ; once() {
			_, err := p.GetLiability(ctx, &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club})
			if err == nil {
				_, err = p.GetRedemptionRate(ctx, &loyaltyv1.GetRedemptionRateRequest{
					Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: club}, Split: loyaltyv1.RateSplit_RATE_SPLIT_TIER,
				})
			}
			if err == nil {
				_, err = p.GetParticipation(ctx, &loyaltyv1.GetParticipationRequest{Brand: brand, ProgrammeId: club})
			}
			if err != nil {
				once()
				return
			}
		}
	})
	return a
}

// rates holds what a server says against all entries.
func (l *postings) rates(p *process) {
	l.t.Helper()
	out, err := p.GetRedemptionRate(l.t.Context(), &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Scope: &loyaltyv1.RateScope{ProgrammeId: club}})
	if err != nil {
		l.t.Fatal(err)
	}
	var want plainFlow
	for who := int64(1); who <= killMembers; who++ {
		in := &loyaltyv1.ListEntriesRequest{Brand: brand, CustomerId: who, PageSize: 1000}
		for more := true; more; more = in.PageToken != "" {
			page, err := p.ListEntries(l.t.Context(), in)
			if err != nil {
				l.t.Fatal(err)
			}
			for _, m := range page.GetEntries() {
				if m.GetCustomerId() == who {
					want.add(flowOf(m))
				}
			}
			in.PageToken = page.GetNextPageToken()
		}
	}
	got := out.GetTotal()
	if got.GetIssued() != want.issued || got.GetSpent() != want.spent || got.GetRedemptions() != want.redemptions {
		l.t.Errorf("%v, entries say %+v", got, want)
	}
}
