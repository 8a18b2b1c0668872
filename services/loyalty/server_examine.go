package loyalty

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/page"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
	"github.com/rapport-cx/rapport/services/loyalty/purchase"
	"github.com/rapport-cx/rapport/services/loyalty/standing"
)

// ExamineEarn tells what a purchase would earn, line by line and rule by rule.
func (s *Server) ExamineEarn(ctx context.Context, in *loyaltyv1.ExamineEarnRequest) (*loyaltyv1.ExamineEarnResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.programme(ctx, b, in.GetProgrammeId()); err != nil {
		return nil, err
	}
	bought := &programme.Purchase{Channel: in.GetChannel(), Subjects: in.GetSubjects(), At: s.clock()}
	if in.GetOccurredAt() != nil {
		bought.At = in.GetOccurredAt().AsTime()
	}
	for _, l := range in.GetLines() {
		bought.Lines = append(bought.Lines, programme.Line{Category: l.GetCategory(), Amount: l.GetAmount()})
	}
	p := b.defined.Load().programmes.InForce(in.GetProgrammeId(), bought.At)
	if p == nil {
		p = &loyaltyv1.Programme{} // has no rules
	}
	who, tier, err := s.buyer(ctx, b, p, in.GetCustomer(), bought.At)
	if err != nil {
		return nil, err
	}
	out := examined(p, programme.Earn(p, b.zone, bought, who))
	out.Tier, out.TierMultiplierBp = tier, who.Multiplier
	out.OnDelivery = p.GetLifetime().GetOnDelivery()
	if !out.OnDelivery {
		out.ActiveFrom = timestamppb.New(programme.ActiveFrom(p.GetLifetime(), b.zone, bought.At))
	}
	if end := programme.Expiry(p.GetLifetime(), b.zone, bought.At); !end.IsZero() {
		out.ExpiresAt = timestamppb.New(end)
	}
	if end := programme.IdleUntil(p.GetLifetime(), b.zone, bought.At); !end.IsZero() {
		out.IdleUntil = timestamppb.New(end)
	}
	return out, nil
}

// buyer is what rules ask about who buys, and the name of the tier.
func (s *Server) buyer(ctx context.Context, b *brand, p *loyaltyv1.Programme, ref *commonv1.CustomerRef, at time.Time) (*programme.Member, string, error) {
	who, did := &programme.Member{}, &standing.Person{}
	day := b.zone.DayOf(at)
	if ref.GetRef() != nil {
		id, err := s.whose(ctx, b, ref)
		if err != nil {
			return nil, "", err
		}
		numbers := b.people().Members(id)
		if did, err = s.standing(ctx, b, p.GetId(), numbers); err != nil {
			return nil, "", err
		}
		if who.Today, err = purchase.Today(ctx, s.store.db, b.ID, p.GetId(), numbers, day); err != nil {
			return nil, "", floor.Lost("read caps", err)
		}
		if who.In, err = s.segmentsAsked(ctx, b, p, id); err != nil {
			return nil, "", err
		}
	}
	if p.GetTiers() == nil {
		return who, "", nil
	}
	stand := programme.Stand(p.GetTiers(), did.History(p.GetTiers()), day)
	who.Multiplier = stand.Multiplier(p.GetTiers())
	return who, p.GetTiers().GetTiers()[stand.Tier].GetName(), nil
}

// segmentsAsked tells which segments a member is in, if any rule asks.
func (s *Server) segmentsAsked(ctx context.Context, b *brand, p *loyaltyv1.Programme, id int64) (func(string) bool, error) {
	if s.near.Segmentation == nil || len(programme.Segments(p)) == 0 {
		return nil, nil
	}
	in, err := s.segmentsOf(ctx, b, id)
	if err != nil {
		return nil, err
	}
	return func(segment string) bool { return slices.Contains(in, segment) }, nil
}

// examined tells what rules do for lines.
func examined(p *loyaltyv1.Programme, lines []programme.Earned) *loyaltyv1.ExamineEarnResponse {
	out := &loyaltyv1.ExamineEarnResponse{Version: p.GetVersion()}
	for _, e := range lines {
		one := &loyaltyv1.ExaminedLine{Points: e.Points}
		for i, g := range e.Rules {
			one.Rules = append(one.Rules, &loyaltyv1.ExaminedRule{
				Name: p.GetEarning()[i].GetName(), Miss: g.Miss, FormulaPoints: g.Formula, Points: g.Points, Cap: g.Cap, Outdone: g.Outdone,
			})
		}
		out.Lines, out.Points = append(out.Lines, one), out.Points+e.Points
	}
	return out
}

// standing is what a person did in a programme, up to the last commit.
func (s *Server) standing(ctx context.Context, b *brand, id string, numbers []int64) (out *standing.Person, err error) {
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = standing.Read(ctx, tx, b.ID, id, numbers)
		return err
	})
	return out, floor.Lost("read standing", err)
}

// ExplainTier tells a member's tier, for how long, and what is missing to the next.
func (s *Server) ExplainTier(ctx context.Context, in *loyaltyv1.ExplainTierRequest) (*loyaltyv1.ExplainTierResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.programme(ctx, b, in.GetProgrammeId()); err != nil {
		return nil, err
	}
	who, err := s.whose(ctx, b, in.GetCustomer())
	if err != nil {
		return nil, err
	}
	did, err := s.standing(ctx, b, in.GetProgrammeId(), b.people().Members(who))
	if err != nil {
		return nil, err
	}
	state := s.tierState(b, in.GetProgrammeId(), did)
	if state == nil {
		state = &loyaltyv1.TierState{}
	}
	return &loyaltyv1.ExplainTierResponse{State: state}, nil
}

// maxFalls is how many days an answer lists.
const maxFalls = 1000

// tierState is where somebody stands by the rules in force now; nil: there are no tiers.
func (s *Server) tierState(b *brand, id string, did *standing.Person) *loyaltyv1.TierState {
	now := s.clock()
	p, err := b.defined.Load().programmes.Terms(id, now)
	if err != nil || p.GetTiers() == nil {
		return nil
	}
	rules := p.GetTiers()
	at := programme.Stand(rules, did.History(rules), b.zone.DayOf(now))
	out := &loyaltyv1.TierState{
		Tier: rules.GetTiers()[at.Tier], Projected: rules.GetTiers()[at.Projected], Qualifying: at.Qualifying, Missing: at.Missing,
		WindowStart: at.Window.From.String(), WindowEnd: (at.Window.Until - 1).String(),
	}
	if !at.Always {
		out.Since = at.Since.String()
	}
	if !at.Ever {
		out.Until = at.Until.String()
	}
	if at.Tier+1 < len(rules.GetTiers()) {
		out.Next = rules.GetTiers()[at.Tier+1]
	}
	for _, f := range at.Falls[:min(len(at.Falls), maxFalls)] {
		out.Falls = append(out.Falls, &loyaltyv1.TierFall{Day: f.Day.String(), Amount: f.Amount})
	}
	return out
}

// GetAccount reads what a person is and has in a programme.
func (s *Server) GetAccount(ctx context.Context, in *loyaltyv1.GetAccountRequest) (*loyaltyv1.GetAccountResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if _, err := s.programme(ctx, b, in.GetProgrammeId()); err != nil {
		return nil, err
	}
	who, err := s.whose(ctx, b, in.GetCustomer())
	if err != nil {
		return nil, err
	}
	numbers := b.people().Members(who)
	did, err := s.standing(ctx, b, in.GetProgrammeId(), numbers)
	if err != nil {
		return nil, err
	}
	found, err := s.balances.Do(ctx, b.ID, ask{in.GetProgrammeId(), numbers})
	if err != nil {
		return nil, floor.Lost("read balance", err)
	}
	l := did.Lifetime
	out := &loyaltyv1.Account{
		ProgrammeId: in.GetProgrammeId(), CustomerId: b.people().Person(who), Tier: s.tierState(b, in.GetProgrammeId(), did),
		Balance: found.stock.At(max(found.at, s.clock().UnixMicro())).Balance,
		Earned:  l.Earned, Spent: l.Spent, Expired: l.Expired, Adjusted: l.Adjusted, Transferred: l.Transferred,
	}
	if end := found.stock.Clock.End(); end != ledger.Never {
		out.IdleUntil = timestamppb.New(time.UnixMicro(end))
	}
	if l.FirstAt != 0 {
		out.EnrolledAt = timestamppb.New(time.UnixMicro(l.FirstAt))
	}
	return &loyaltyv1.GetAccountResponse{Account: out}, nil
}

// ListUnmatchedReturns pages through returns that no purchase was found for.
func (s *Server) ListUnmatchedReturns(ctx context.Context, in *loyaltyv1.ListUnmatchedReturnsRequest) (*loyaltyv1.ListUnmatchedReturnsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	var after purchase.After
	if err := page.Read(s.tokens, in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	var numbers []int64
	if in.GetCustomerId() != 0 {
		numbers = b.people().Members(in.GetCustomerId())
	}
	list, next, err := purchase.Unmatched(ctx, s.store.db, b.ID, numbers, after, page.Size(in.GetPageSize(), 50))
	if err != nil {
		return nil, floor.Lost("list unmatched returns", err)
	}
	out := &loyaltyv1.ListUnmatchedReturnsResponse{Returns: list}
	if next != nil {
		out.NextPageToken, err = page.Token(s.tokens, in, *next)
	}
	return out, err
}
