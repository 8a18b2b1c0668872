package loyalty

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/reward"
)

// UpsertReward makes or changes a reward. Saying the same again changes nothing.
func (s *Server) UpsertReward(ctx context.Context, in *loyaltyv1.UpsertRewardRequest) (*loyaltyv1.UpsertRewardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	p, err := s.programme(ctx, b, in.GetReward().GetProgrammeId())
	if err != nil {
		return nil, err
	}
	var tiers []string
	for _, t := range p.GetTiers().GetTiers() {
		tiers = append(tiers, t.GetName())
	}
	var gone int64
	err = s.store.changing(ctx, b.ID, func(tx *sqldb.Tx, _ time.Time) ([]feed.Fact, error) {
		book := b.defined.Load().rewards
		if err := book.Check(in.GetReward(), tiers); err != nil {
			return nil, err
		}
		// What timed out a moment ago counts until that is written down: so much waiting
		// nobody minds who makes a stock smaller.
		if gone, err = reward.Taken(ctx, tx, b.ID, in.GetReward().GetId()); err != nil {
			return nil, err
		}
		return book.Upsert(in.GetReward(), gone)
	})
	if err != nil {
		return nil, err
	}
	out := proto.CloneOf(b.defined.Load().rewards.Find(in.GetReward().GetId()))
	out.Taken = gone
	return &loyaltyv1.UpsertRewardResponse{Reward: out}, nil
}

// ListRewards reads the catalogue.
func (s *Server) ListRewards(ctx context.Context, in *loyaltyv1.ListRewardsRequest) (*loyaltyv1.ListRewardsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.ListRewardsResponse{}
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		defined := b.defined.Load().rewards.List(in.GetProgrammeId(), in.GetClosed())
		out.Rewards, err = reward.List(ctx, tx, b.ID, defined, s.clock().UnixMicro())
		return err
	})
	return out, floor.Lost("list rewards", err)
}

// reward finds a reward, which another replica may have made a moment ago.
func (s *Server) reward(ctx context.Context, b *brand, id string) (*loyaltyv1.Reward, error) {
	if r := b.defined.Load().rewards.Find(id); r != nil {
		return r, nil
	}
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Unavailable("read rewards", err)
	}
	return b.defined.Load().rewards.Get(id)
}

// ExamineReward tells whether a member may take a reward now, and all that forbids it.
func (s *Server) ExamineReward(ctx context.Context, in *loyaltyv1.ExamineRewardRequest) (*loyaltyv1.ExamineRewardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	def, err := s.reward(ctx, b, in.GetRewardId())
	if err != nil {
		return nil, err
	}
	who, err := s.whose(ctx, b, in.GetCustomer())
	if err != nil {
		return nil, err
	}
	m, err := s.member(ctx, b, def, who)
	if err != nil {
		return nil, err
	}
	numbers := b.people().Members(who)
	now := s.clock()
	var counted *reward.Counted
	err = s.store.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		counted, err = reward.Count(ctx, tx, b.ID, b.defined.Load().rewards, def, nil, numbers, now.UnixMicro())
		return err
	})
	if err != nil {
		return nil, floor.Lost("count takings", err)
	}
	found, err := s.balances.Do(ctx, b.ID, ask{def.GetProgrammeId(), numbers})
	if err != nil {
		return nil, floor.Lost("read balance", err)
	}
	out := &loyaltyv1.ExamineRewardResponse{
		Obstacles: reward.Examine(def, nil, m, counted, now), Balance: found.stock.At(max(found.at, now.UnixMicro())).Balance,
	}
	if missing := def.GetCost() - out.GetBalance().GetAvailable(); missing > 0 {
		out.Obstacles = append(out.Obstacles, &loyaltyv1.RewardObstacle{
			Rule: loyaltyv1.RewardObstacle_RULE_POINTS, Message: "too few points", Missing: missing,
		})
	}
	out.Allowed = len(out.GetObstacles()) == 0
	return out, nil
}

// TakeReward takes a reward, or sets it aside.
func (s *Server) TakeReward(ctx context.Context, in *loyaltyv1.TakeRewardRequest) (*loyaltyv1.TakeRewardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	kept := proto.CloneOf(in)
	d := &deed{posting: posting{who: in.GetCustomer(), kept: &kept.Customer, record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_TakeReward{TakeReward: kept},
	}}}
	var m *reward.Member
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (ledger.Outcome, error) {
		return s.desk(b, tx, l).Take(ctx, d.task.Key, d.task.Who, d.record, m)
	}
	out, err := s.dealt(ctx, b, d, func() error {
		def, err := s.reward(ctx, b, in.GetRewardId())
		if err == nil {
			err = reward.CheckChoice(def, in.GetChoiceId())
		}
		if err == nil {
			m, err = s.member(ctx, b, def, d.task.Who)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.TakeRewardResponse{Taken: out.Record.GetTaken(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

func (s *Server) desk(b *brand, tx *sqldb.Tx, l *ledger.Session) *reward.Desk {
	return &reward.Desk{Brand: b.ID, Tx: tx, Ledger: l, Book: b.defined.Load().rewards}
}

// ConfirmReward spends what was held.
func (s *Server) ConfirmReward(ctx context.Context, in *loyaltyv1.ConfirmRewardRequest) (*loyaltyv1.ConfirmRewardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	d := &deed{posting: posting{record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_ConfirmReward{ConfirmReward: proto.CloneOf(in)},
	}}}
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (ledger.Outcome, error) {
		return s.desk(b, tx, l).Confirm(ctx, d.task.Key, d.record)
	}
	out, err := s.dealt(ctx, b, d, nil)
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.ConfirmRewardResponse{Taken: out.Record.GetTaken(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// CancelReward gives back what was held or taken.
func (s *Server) CancelReward(ctx context.Context, in *loyaltyv1.CancelRewardRequest) (*loyaltyv1.CancelRewardResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	d := &deed{posting: posting{record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_CancelReward{CancelReward: proto.CloneOf(in)},
	}}}
	d.do = func(ctx context.Context, tx *sqldb.Tx, l *ledger.Session) (ledger.Outcome, error) {
		return s.desk(b, tx, l).Cancel(ctx, d.task.Key, d.record)
	}
	out, err := s.dealt(ctx, b, d, nil)
	if err != nil {
		return nil, err
	}
	return &loyaltyv1.CancelRewardResponse{Taken: out.Record.GetTaken(), Balance: out.Record.GetBalance(), Replayed: out.Replayed}, nil
}

// ListTakenRewards reads what a person took, whatever numbers it was taken with.
func (s *Server) ListTakenRewards(ctx context.Context, in *loyaltyv1.ListTakenRewardsRequest) (*loyaltyv1.ListTakenRewardsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return nil, err
	}
	list, err := reward.ListTaken(ctx, s.store.db, b.ID, b.people().Members(in.GetCustomerId()), s.clock().UnixMicro())
	return &loyaltyv1.ListTakenRewardsResponse{Taken: list}, floor.Lost("list takings", err)
}
