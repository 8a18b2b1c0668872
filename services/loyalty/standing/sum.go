// Package standing keeps, for each customer's number and programme, what counts for
// tiers day by day, and what the number ever earned and spent.
//
// Both follow from the movements in Loyalty's log alone: a brand's tables say up to
// which fact each part of them is true, and whoever needs them adds what came later. A
// person is summed over its numbers on read, so merges change nothing here.
package standing

import (
	"cmp"
	"maps"
	"slices"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Member is a number in a programme.
type Member struct {
	Customer  int64
	Programme string
}

// Counted is what counts of one day.
type Counted struct{ Points, Money int64 }

// Lifetime is what a number ever did. FirstAt is when its first movement happened, in
// Unix microseconds; 0: there was none.
type Lifetime struct {
	FirstAt                                       int64
	Earned, Spent, Expired, Adjusted, Transferred int64
}

// plus adds what another one did.
func (l *Lifetime) plus(o Lifetime) {
	if o.FirstAt != 0 && (l.FirstAt == 0 || o.FirstAt < l.FirstAt) {
		l.FirstAt = o.FirstAt
	}
	l.Earned += o.Earned
	l.Spent += o.Spent
	l.Expired += o.Expired
	l.Adjusted += o.Adjusted
	l.Transferred += o.Transferred
}

// counting is a day of a member.
type counting struct {
	Member
	Day calendar.Day
}

// sums are what some movements add, part by part.
type sums struct {
	// Of a part what is not behind its own place in behind, or is behind that in upTo, is
	// left out: it was counted before, or will be. nil: nothing is.
	behind, upTo *heads
	// at is the movement that is taken in.
	at int64
	of [parts]share
	// now is since when a share has anything.
	now time.Time
}

// share is what is added to one part.
type share struct {
	days     map[counting]Counted
	lifetime map[Member]Lifetime
	since    time.Time
}

func (s *share) rows() int { return len(s.days) + len(s.lifetime) }

func (s *share) live(who Member, l Lifetime) {
	if s.lifetime == nil {
		s.lifetime = map[Member]Lifetime{}
	}
	sum := s.lifetime[who]
	sum.plus(l)
	s.lifetime[who] = sum
}

func (s *share) count(at counting, c Counted) {
	if s.days == nil {
		s.days = map[counting]Counted{}
	}
	sum := s.days[at]
	s.days[at] = Counted{sum.Points + c.Points, sum.Money + c.Money}
}

// reader finds facts that reversals name.
type reader func(seq int64) (*feed.Fact, *loyaltyv1.EntryRecord)

// add takes one movement in. find knows the entries that a reversal takes back.
func (s *sums) add(f *feed.Fact, r *loyaltyv1.EntryRecord, find reader) {
	m := r.GetMovement()
	if m == nil {
		return
	}
	s.at = f.Seq
	who := Member{f.Who, m.GetProgrammeId()}
	l := Lifetime{FirstAt: m.GetOccurredAt().AsTime().UnixMicro()}
	for _, leg := range m.GetPostings() {
		switch leg.GetAccount() {
		case loyaltyv1.AccountKind_ACCOUNT_KIND_ISSUED:
			l.Earned -= leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_REDEEMED:
			l.Spent += leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_EXPIRED:
			l.Expired += leg.GetPoints()
		case loyaltyv1.AccountKind_ACCOUNT_KIND_ADJUSTED:
			l.Adjusted -= leg.GetPoints()
		}
	}
	if in := r.GetTransfer(); in != nil {
		l.Transferred = -in.GetPoints()
		s.live(Member{m.GetToCustomerId(), m.GetProgrammeId()}, Lifetime{FirstAt: l.FirstAt, Transferred: in.GetPoints()})
	}
	s.live(who, l)
	if purchased(r) {
		s.count(counting{who, calendar.Day(f.Day)}, Counted{r.GetEarn().GetPoints(), r.GetEarn().GetSpent()})
	}
	for _, u := range r.GetUndone() {
		if from, was := find(u.GetSeq()); was != nil && purchased(was) {
			of := Member{from.Who, was.GetMovement().GetProgrammeId()}
			s.count(counting{of, calendar.Day(from.Day)}, Counted{-u.GetEarned(), -u.GetMoney()})
		}
	}
}

// purchased tells whether an entry was earned by a purchase: it names its order, and no
// offer that gave it besides.
func purchased(r *loyaltyv1.EntryRecord) bool {
	return r.GetEarn().GetOrigin().GetOrderId() != "" && r.GetEarn().GetOrigin().GetOfferId() == ""
}

func (s *sums) live(who Member, l Lifetime) {
	if sh := s.share(who); sh != nil {
		sh.live(who, l)
	}
}

func (s *sums) count(at counting, c Counted) {
	if sh := s.share(at.Member); sh != nil {
		sh.count(at, c)
	}
}

// share is that of a member; nil: the movement does not count for it here.
func (s *sums) share(who Member) *share {
	p := part(who.Customer)
	if s.behind != nil && s.at <= s.behind[p] || s.upTo != nil && s.at > s.upTo[p] {
		return nil
	}
	sh := &s.of[p]
	if sh.rows() == 0 {
		sh.since = s.now
	}
	return sh
}

func (s *sums) rows() (n int) {
	for p := range s.of {
		n += s.of[p].rows()
	}
	return n
}

// waiting are the parts that have anything, longest first.
func (s *sums) waiting() (all []int) {
	for p := range s.of {
		if s.of[p].rows() > 0 {
			all = append(all, p)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return s.of[a].since.Compare(s.of[b].since) })
	return all
}

// join adds other sums.
func (s *sums) join(o *sums) {
	for p := range o.of {
		for at, c := range o.of[p].days {
			s.of[p].count(at, c)
		}
		for who, l := range o.of[p].lifetime {
			s.of[p].live(who, l)
		}
	}
}

// named are the entries that reversals among facts take back, each once.
func named(records []*loyaltyv1.EntryRecord) []int64 {
	seqs := map[int64]bool{}
	for _, r := range records {
		for _, u := range r.GetUndone() {
			seqs[u.GetSeq()] = true
		}
	}
	return slices.Sorted(maps.Keys(seqs))
}

// records reads the entries among facts, and the facts they stand in.
func records(facts []feed.Fact) (found []*feed.Fact, out []*loyaltyv1.EntryRecord, err error) {
	for i := range facts {
		if facts[i].Kind != record.Movement {
			continue
		}
		r, err := record.Parse(&facts[i])
		if err != nil {
			return nil, nil, err
		}
		found, out = append(found, &facts[i]), append(out, r)
	}
	return found, out, nil
}

func compareMembers(a, b Member) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Programme, b.Programme))
}

func compareDays(a, b counting) int {
	return cmp.Or(compareMembers(a.Member, b.Member), cmp.Compare(a.Day, b.Day))
}
