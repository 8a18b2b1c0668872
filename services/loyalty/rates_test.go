package loyalty_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/loyalty"
	rules "github.com/rapport-cx/rapport/services/loyalty/programme"
)

// rungs are tiers on points earned in ten days.
var rungs = &loyaltyv1.TierRules{
	Basis: loyaltyv1.TierRules_BASIS_EARNED, WindowDays: 10, GraceDays: 2,
	Tiers: []*loyaltyv1.Tier{{Name: "basic"}, {Name: "silver", Threshold: 300}, {Name: "gold", Threshold: 700}},
}

// Rates of random histories of every call, with merges, clocks that move and restarts, are
// what a walk over all entries says, on both engines; and nothing kept drifts.
func TestRatesAreWhatEntriesSay(t *testing.T) {
	runs, _ := strconv.Atoi(os.Getenv("RAPPORT_TEST_MODEL_RUNS"))
	for seed := range max(runs, 2) {
		sqldbtest.EachURL(t, func(t *testing.T, url string) {
			c := &clock{now: start}
			s := &storm{t: t, rnd: rand.New(rand.NewPCG(uint64(seed), 9)), url: url, clock: c, into: map[int64]int64{}}
			for i := range s.replicas {
				s.replicas[i] = newReplica(t, url, c.Now, loyalty.Neighbours{})
			}
			_, err := s.one().CreateProgramme(t.Context(), &loyaltyv1.CreateProgrammeRequest{Brand: brand, Programme: &loyaltyv1.Programme{
				Id: club, Lifetime: &loyaltyv1.Lifetime{ExpireMonths: 1}, Tiers: rungs, Spending: &loyaltyv1.SpendingRules{PointValue: 3},
			}})
			if err != nil {
				t.Fatal(err)
			}
			for range 6 {
				for range 50 {
					s.step()
				}
				s.ask()
				if t.Failed() {
					t.Fatalf("seed %d, call %d", seed, s.keys)
				}
			}
			for _, r := range s.replicas {
				verify(t, r)
			}
		})
	}
}

// ask asks everything, of either replica.
func (s *storm) ask() {
	s.t.Helper()
	for _, r := range s.replicas {
		// What the other one wrote a moment ago may not have come yet.
		if err := r.server.Sync(s.t.Context(), brand); err != nil {
			s.t.Fatal(err)
		}
	}
	records, err := s.one().server.Records(s.t.Context(), brand)
	if err != nil {
		s.t.Fatal(err)
	}
	zone, err := calendar.Load("Europe/Moscow")
	if err != nil {
		s.t.Fatal(err)
	}
	p := &plain{zone: zone, records: records, person: s.person}
	today := zone.DayOf(s.clock.Now())
	days := calendar.Days{From: today - calendar.Day(s.rnd.IntN(30)), Until: today + 1 - calendar.Day(s.rnd.IntN(3))}
	days.Until = max(days.Until, days.From+1)
	s.redemption(p, days, today)
	s.cohorts(p, days, today)
	s.liability(p, today)
	s.balances()
	s.breakage(p, days)
	s.participation(p, days, today)
}

func (s *storm) redemption(p *plain, days calendar.Days, today calendar.Day) {
	s.t.Helper()
	in := &loyaltyv1.GetRedemptionRateRequest{Brand: brand, Split: loyaltyv1.RateSplit(s.rnd.IntN(5)),
		Scope: &loyaltyv1.RateScope{ProgrammeId: club, Dates: dates(days)}}
	if s.rnd.IntN(2) == 0 {
		in.Scope.Channels = []commonv1.Channel{commonv1.Channel_CHANNEL_STORE, 0}
	}
	if s.rnd.IntN(3) == 0 {
		in.Scope.Subjects = []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "1"}, {Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "2"}}
	}
	if s.rnd.IntN(2) == 0 {
		in.Scope.Tiers = []string{"basic", "gold"}
	}
	got, err := s.one().GetRedemptionRate(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	want := &plainRates{groups: map[string]*plainFlow{}}
	p.flows(days, func(day calendar.Day, of *loyaltyv1.EntryRecord, f plainFlow) { want.add(p, in, day, of, f, today) })
	want.compare(s.t, fmt.Sprint(in), got)
}

// plainRates are sums by group.
type plainRates struct {
	total  plainFlow
	groups map[string]*plainFlow
}

func (w *plainRates) add(p *plain, in *loyaltyv1.GetRedemptionRateRequest, day calendar.Day, of *loyaltyv1.EntryRecord, f plainFlow, today calendar.Day) {
	m := of.GetMovement()
	tier := rungs.GetTiers()[rules.Stand(rungs, p.history(p.person(m.GetCustomerId())), p.day(of)).Tier].GetName()
	keys := map[string]bool{}
	scope := in.GetScope()
	fits := len(scope.GetSubjects()) == 0
	for _, s := range m.GetOrigin().GetSubjects() {
		if in.GetSplit() == loyaltyv1.RateSplit_RATE_SPLIT_SUBJECT {
			keys["STORE:"+s.GetId()] = true
		}
		for _, asked := range scope.GetSubjects() {
			fits = fits || asked.GetId() == s.GetId()
		}
	}
	among := func(n int, has func(i int) bool) bool {
		for i := range n {
			if has(i) {
				return true
			}
		}
		return n == 0
	}
	fits = fits && among(len(scope.GetChannels()), func(i int) bool { return scope.GetChannels()[i] == m.GetOrigin().GetChannel() })
	fits = fits && among(len(scope.GetTiers()), func(i int) bool { return scope.GetTiers()[i] == tier })
	if !fits {
		return
	}
	switch in.GetSplit() {
	case loyaltyv1.RateSplit_RATE_SPLIT_TIER:
		keys[tier] = true
	case loyaltyv1.RateSplit_RATE_SPLIT_CHANNEL:
		keys[m.GetOrigin().GetChannel().String()] = true
	case loyaltyv1.RateSplit_RATE_SPLIT_MONTH:
		keys[day.String()[:8]+"01"] = true
	}
	w.total.add(f)
	for key := range keys {
		if w.groups[key] == nil {
			w.groups[key] = &plainFlow{}
		}
		w.groups[key].add(f)
	}
}

func (w *plainRates) compare(t *testing.T, what string, got *loyaltyv1.GetRedemptionRateResponse) {
	t.Helper()
	same := func(key string, want plainFlow, r *loyaltyv1.RedemptionRate) {
		t.Helper()
		if have := (plainFlow{r.GetIssued(), r.GetSpent(), want.expired, r.GetRedemptions()}); have != want {
			t.Errorf("%s: group %q is %+v, entries say %+v", what, key, have, want)
		}
		if (r.Rate != nil) != (want.issued > 0) || r.Rate != nil && *r.Rate != 100*float64(want.spent)/float64(want.issued) {
			t.Errorf("%s: group %q has rate %v of %+v", what, key, r.Rate, want)
		}
	}
	same("", w.total, got.GetTotal())
	for _, g := range got.GetGroups() {
		want := w.groups[g.GetKey()]
		if want == nil {
			want = &plainFlow{}
		}
		same(g.GetKey(), *want, g)
		delete(w.groups, g.GetKey())
	}
	for key, f := range w.groups {
		if f.issued != 0 || f.spent != 0 || f.redemptions != 0 {
			t.Errorf("%s: group %q is missing: %+v", what, key, *f)
		}
	}
}

func (s *storm) cohorts(p *plain, days calendar.Days, today calendar.Day) {
	s.t.Helper()
	got, err := s.one().GetRedemptionRate(s.t.Context(), &loyaltyv1.GetRedemptionRateRequest{
		Brand: brand, Cohorts: true, Scope: &loyaltyv1.RateScope{ProgrammeId: club, Dates: dates(days)},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	type sums struct{ issued, expired int64 }
	want, spent := map[string]sums{}, map[string]map[string]int64{}
	for _, l := range p.lots(math.MaxInt32) {
		earned := p.zone.DayOf(timeOf(l.earned))
		if !days.Has(earned) {
			continue
		}
		month := earned.String()[:8] + "01"
		w := want[month]
		want[month] = sums{w.issued + l.stock + l.spent + l.expired, w.expired + l.expired}
		for at, n := range l.spentAt {
			if spent[month] == nil {
				spent[month] = map[string]int64{}
			}
			spent[month][max(at, month[:7])] += n
		}
	}
	for _, c := range got.GetCohorts() {
		if w := want[c.GetMonth()]; w != (sums{c.GetIssued(), c.GetExpired()}) {
			s.t.Errorf("cohort %s is %d issued, %d expired, entries say %+v", c.GetMonth(), c.GetIssued(), c.GetExpired(), w)
		}
		first, _ := calendar.ParseDay(c.GetMonth())
		sum := int64(0)
		for age, n := range c.GetSpentByAge() {
			if sum += spent[c.GetMonth()][first.AddMonths(age).String()[:7]]; n != sum {
				s.t.Errorf("cohort %s spent %d by age %d, entries say %d", c.GetMonth(), n, age, sum)
			}
		}
		delete(want, c.GetMonth())
	}
	for month, w := range want {
		if w != (sums{}) {
			s.t.Errorf("cohort %s is missing: %+v", month, w)
		}
	}
}

func (s *storm) liability(p *plain, today calendar.Day) {
	s.t.Helper()
	in, at, until := &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club}, s.clock.Now().UnixMicro(), calendar.Day(math.MaxInt32)
	if s.rnd.IntN(2) == 0 {
		day := today - calendar.Day(s.rnd.IntN(12))
		in.Day, at, until = day.String(), p.zone.StartOf(day+1).UnixMicro(), day+1
	}
	got, err := s.one().GetLiability(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	want, holders := &loyaltyv1.GetLiabilityResponse{}, map[int64]int64{}
	byMonth := map[string]int64{}
	for _, l := range p.lots(until) {
		if l.expires <= at {
			continue
		}
		want.Points += l.stock
		holders[p.person(l.owner)] += l.stock
		month := ""
		if l.expires != never {
			month = p.zone.DayOf(timeOf(l.expires - 1)).String()[:8] + "01"
		}
		byMonth[month] += l.stock
	}
	for _, n := range holders {
		if n != 0 {
			want.Members++
		}
	}
	for _, r := range p.records {
		if p.day(r) < until {
			want.Owed -= leg(r.GetMovement(), loyaltyv1.AccountKind_ACCOUNT_KIND_OWED)
		}
	}
	want.MinorUnits = 3 * want.Points
	for _, m := range got.GetMonths() {
		if byMonth[m.GetMonth()] != m.GetPoints() {
			s.t.Errorf("%v: %d points expire in %q, entries say %d", in, m.GetPoints(), m.GetMonth(), byMonth[m.GetMonth()])
		}
	}
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(got, "months", "as_of")); diff != "" {
		s.t.Errorf("%v (-want +got): %s", in, diff)
	}
}

// balances holds what is outstanding against what everybody has: less what is owed, since
// what is due may pay debts before it is posted.
func (s *storm) balances() {
	s.t.Helper()
	out, err := s.one().GetLiability(s.t.Context(), &loyaltyv1.GetLiabilityRequest{Brand: brand, ProgrammeId: club})
	if err != nil {
		s.t.Fatal(err)
	}
	var want int64
	for who := int64(1); who <= stormers; who++ {
		if s.person(who) != who {
			continue
		}
		b := balance(s.t, s.one(), who)
		want += b.GetBalance().GetPending() - b.GetBalance().GetOwed()
		for _, step := range b.GetExpiries() {
			if at := step.GetExpiresAt(); at == nil || at.AsTime().After(s.clock.Now()) {
				want += step.GetPoints()
			}
		}
	}
	if got := out.GetPoints() - out.GetOwed(); got != want {
		s.t.Errorf("%d points are outstanding less debts, balances say %d", got, want)
	}
}

func (s *storm) breakage(p *plain, days calendar.Days) {
	s.t.Helper()
	got, err := s.one().GetBreakage(s.t.Context(), &loyaltyv1.GetBreakageRequest{Brand: brand, ProgrammeId: club, Dates: dates(days)})
	if err != nil {
		s.t.Fatal(err)
	}
	var want plainFlow
	p.flows(days, func(_ calendar.Day, _ *loyaltyv1.EntryRecord, f plainFlow) { want.add(f) })
	if got.GetExpired() != want.expired || got.GetIssued() != want.issued {
		s.t.Errorf("%d of %d points expired, entries say %+v", got.GetExpired(), got.GetIssued(), want)
	}
}

func (s *storm) participation(p *plain, days calendar.Days, today calendar.Day) {
	s.t.Helper()
	got, err := s.one().GetParticipation(s.t.Context(), &loyaltyv1.GetParticipationRequest{
		Brand: brand, ProgrammeId: club, Dates: dates(days), Grain: commonv1.Grain_GRAIN_WEEK,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	joined := map[int64]calendar.Day{}
	for _, r := range p.records {
		m := r.GetMovement()
		for _, n := range []int64{m.GetCustomerId(), m.GetToCustomerId()} {
			if n == 0 {
				continue
			}
			if first, old := joined[p.person(n)]; !old || p.day(r) < first {
				joined[p.person(n)] = p.day(r)
			}
		}
	}
	sum := calendar.Days{From: days.From, Until: days.From}
	for _, one := range append(got.GetPeriods(), got.GetTotal()) {
		from, _ := calendar.ParseDay(one.GetDates().GetStart())
		until, _ := calendar.ParseDay(one.GetDates().GetEnd())
		within := calendar.Days{From: from, Until: until}
		if within != days {
			if from != sum.Until {
				s.t.Errorf("a period begins on %s, the one before ends on %s", from, sum.Until)
			}
			sum.Until = until
		}
		if want := p.took(within, joined); !cmp.Equal(want, [4]int64{one.GetMembers(), one.GetEnrolled(), one.GetActive(), one.GetSpenders()}) {
			s.t.Errorf("in %v took part %v, entries say %v", within, one, want)
		}
	}
	s.tiers(p, got, joined, days, today)
	s.flow(p, joined, days, today)
}

// took are members, enrolled, active and spenders.
func (p *plain) took(days calendar.Days, joined map[int64]calendar.Day) (out [4]int64) {
	active, spenders := map[int64]bool{}, map[int64]bool{}
	for _, r := range p.records {
		m := r.GetMovement()
		if !days.Has(p.day(r)) {
			continue
		}
		spent := leg(m, loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED) > 0
		if spent {
			spenders[p.person(m.GetCustomerId())] = true
		}
		if spent || m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN {
			active[p.person(m.GetCustomerId())] = true
		}
	}
	for _, d := range joined {
		if d < days.Until {
			out[0]++
		}
		if days.Has(d) {
			out[1]++
		}
	}
	out[2], out[3] = int64(len(active)), int64(len(spenders))
	return out
}

func (s *storm) tiers(p *plain, got *loyaltyv1.GetParticipationResponse, joined map[int64]calendar.Day, days calendar.Days, today calendar.Day) {
	s.t.Helper()
	want, moves := map[string]int64{}, map[string]int64{}
	for who := range joined {
		out, err := s.one().ExplainTier(s.t.Context(), &loyaltyv1.ExplainTierRequest{Brand: brand, ProgrammeId: club, Customer: number(who)})
		if err != nil {
			s.t.Fatal(err)
		}
		want[out.GetState().GetTier().GetName()]++
		history := p.history(who)
		for d := days.From; d < days.Until && d <= today; d++ {
			from, to := rules.Stand(rungs, history, d-1).Tier, rules.Stand(rungs, history, d).Tier
			if from != to {
				moves[strconv.Itoa(from)+strconv.Itoa(to)]++
			}
		}
	}
	for i, c := range got.GetTiers() {
		if c.GetTier() != rungs.GetTiers()[i].GetName() || c.GetMembers() != want[c.GetTier()] {
			s.t.Errorf("tier %v, want %d", c, want[c.GetTier()])
		}
	}
	place := map[string]string{"basic": "0", "silver": "1", "gold": "2"}
	for _, m := range got.GetMoves() {
		way := place[m.GetFrom()] + place[m.GetTo()]
		if moves[way] != m.GetMoves() {
			s.t.Errorf("moves %v, want %d", m, moves[way])
		}
		delete(moves, way)
	}
	if len(moves) > 0 {
		s.t.Errorf("moves missing: %v", moves)
	}
}
