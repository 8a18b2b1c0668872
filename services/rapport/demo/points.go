package demo

import (
	"context"
	"fmt"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// found makes the club before anything is bought: what Journey told before there is a
// programme earns nothing, and an offer counts purchases that come behind it. Where
// Loyalty is not served there is no club.
func (f *filling) found(ctx context.Context, w *World) error {
	_, err := f.Loyalty.CreateProgramme(ctx, &loyaltyv1.CreateProgrammeRequest{Brand: f.brand, Programme: w.Programme()})
	switch {
	case fault.Code(err).String() == "Unimplemented":
		return nil
	case err != nil && !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS):
		return fmt.Errorf("make programme %s: %w", ProgrammeID, err)
	}
	for _, c := range w.campaigns() {
		if _, err := f.Loyalty.UpsertOffer(ctx, &loyaltyv1.UpsertOfferRequest{Brand: f.brand, Offer: c.offer}); err != nil {
			return fmt.Errorf("make offer %s: %w", c.offer.GetId(), err)
		}
		all := w.receivers(c)
		for len(all) > 0 {
			n := min(len(all), maxRows)
			in := &loyaltyv1.SendOfferRequest{Brand: f.brand, OfferId: c.offer.GetId(), ReceivedAt: timestamppb.New(c.sent)}
			for _, who := range all[:n] {
				in.Customers = append(in.Customers, w.refOf(who))
			}
			if _, err := f.Loyalty.SendOffer(ctx, in); err != nil {
				return fmt.Errorf("send offer %s: %w", c.offer.GetId(), err)
			}
			all = all[n:]
		}
	}
	return nil
}

// Points is what became of them.
type Points struct {
	// Spent are redemptions, Bonuses points given; Refused are of who had too few.
	Spent, Bonuses, Refused int64
	Duration                time.Duration
}

// Spend lets members spend what their purchases earned, up to now: bonuses, redemptions,
// and with the first spending rewards and offers. Fill comes before. Loyalty needs a while
// to catch up with the purchases, so that this is for whoever has time: it can be broken
// off and repeated without doubling anything.
func Spend(ctx context.Context, to Services, ask Ask, now time.Time) (Points, error) {
	f := &filling{Services: to, brand: ask.Brand, ask: ask}
	from, out := time.Now(), Points{}
	m, err := f.readMark(ctx)
	if err != nil || m == nil || m.until.IsZero() {
		return out, err
	}
	w := New(m.opts)
	if ok, err := f.earned(ctx, w, m.until); err != nil || !ok {
		return out, err
	}
	err = f.post(ctx, "bonuses", packEarn(w.Bonuses(m.spent, now)), &out.Bonuses, &out.Refused)
	if err == nil {
		err = f.post(ctx, "redemptions", packRedeem(w.Spends(m.spent, now)), &out.Spent, &out.Refused)
	}
	if err == nil && m.spent.IsZero() {
		err = f.enjoy(ctx, w, now)
	}
	if err != nil {
		return out, err
	}
	m.spent, out.Duration = now, time.Since(from)
	return out, f.writeMark(ctx, m)
}

const (
	// earnFor bounds the wait for points that purchases earn, earnEvery is how often it is
	// looked whether they have come.
	earnFor   = 10 * time.Minute
	earnEvery = time.Second
)

// earned waits until the purchase that Journey was told of last has earned: Loyalty follows
// in that order. False: there is no club.
func (f *filling) earned(ctx context.Context, w *World, until time.Time) (bool, error) {
	who, at := w.lastEarning(until)
	if who == nil {
		return false, nil
	}
	tick := time.NewTicker(earnEvery)
	defer tick.Stop()
	for end := time.Now().Add(earnFor); time.Now().Before(end); {
		done, err := f.hasEarned(ctx, who, at)
		switch {
		case done:
			return true, nil
		case fault.Is(err, commonv1.Reason_REASON_PROGRAMME_UNKNOWN) || fault.Code(err).String() == "Unimplemented":
			return false, nil
		case err != nil:
			return false, fmt.Errorf("look for points: %w", err)
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
	}
	return false, fmt.Errorf("purchases have not earned their points after %s", earnFor)
}

// hasEarned tells whether a member earned at a moment.
func (f *filling) hasEarned(ctx context.Context, who *commonv1.CustomerRef, at time.Time) (bool, error) {
	got, err := f.Loyalty.GetAccount(ctx, &loyaltyv1.GetAccountRequest{Brand: f.brand, ProgrammeId: ProgrammeID, Customer: who})
	if err != nil || got.GetAccount().GetCustomerId() == 0 {
		return false, err
	}
	entries, err := f.Loyalty.ListEntries(ctx, &loyaltyv1.ListEntriesRequest{
		Brand: f.brand, ProgrammeId: ProgrammeID, CustomerId: got.GetAccount().GetCustomerId(), PageSize: maxRows,
	})
	for _, m := range entries.GetEntries() {
		if m.GetKind() == loyaltyv1.MovementKind_MOVEMENT_KIND_EARN && m.GetOccurredAt().AsTime().Equal(at) {
			return true, nil
		}
	}
	return false, err
}

// lastEarning is who earned by the last purchase that is told up to a moment, and when it
// was; nil: nobody did.
func (w *World) lastEarning(until time.Time) (who *commonv1.CustomerRef, at time.Time) {
	for day := dayOf(until, w.zone).AddDate(0, 0, daysBefore); who == nil && !day.Before(w.first); day = day.AddDate(0, 0, -1) {
		for key, e := range w.on(day) {
			if e.customer == 0 || e.outcome != fulfilled || e.at.After(until) || e.at.Before(w.clubFrom()) {
				continue
			}
			if pointsOf(w.receipt(key, e)) > 0 {
				who, at = w.known(e), e.at
			}
		}
	}
	return who, at
}

func packEarn(all iter.Seq[*loyaltyv1.EarnRequest]) iter.Seq[*loyaltyv1.PostItem] {
	return packed(all, func(in *loyaltyv1.EarnRequest) *loyaltyv1.PostItem {
		return &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Earn{Earn: in}}
	})
}

func packRedeem(all iter.Seq[*loyaltyv1.RedeemRequest]) iter.Seq[*loyaltyv1.PostItem] {
	return packed(all, func(in *loyaltyv1.RedeemRequest) *loyaltyv1.PostItem {
		return &loyaltyv1.PostItem{Item: &loyaltyv1.PostItem_Redeem{Redeem: in}}
	})
}

func packed[T any](all iter.Seq[T], pack func(T) *loyaltyv1.PostItem) iter.Seq[*loyaltyv1.PostItem] {
	return func(yield func(*loyaltyv1.PostItem) bool) {
		for in := range all {
			if !yield(pack(in)) {
				return
			}
		}
	}
}

// post sends what moves points. Who has too few, as after goods were brought back, is
// counted; all else that is refused is our mistake.
func (f *filling) post(ctx context.Context, what string, all iter.Seq[*loyaltyv1.PostItem], done, refused *int64) error {
	s := stream[loyaltyv1.BatchPostRequest, loyaltyv1.BatchPostResponse]{
		what: what, open: f.Loyalty.BatchPost,
		took: func(_ int, resp *loyaltyv1.BatchPostResponse) error {
			for _, r := range resp.GetResults() {
				switch r.GetReason() {
				case "":
					*done++
				case commonv1.Reason_REASON_POINTS_INSUFFICIENT.String():
					*refused++
				default:
					return fmt.Errorf("%s: %s %s", r.GetReason(), r.GetField(), r.GetMessage())
				}
			}
			return nil
		},
	}
	return pour(ctx, s, all, func(_ int64, in *loyaltyv1.PostItem) *loyaltyv1.PostItem { return in },
		func(rows []*loyaltyv1.PostItem) *loyaltyv1.BatchPostRequest {
			return &loyaltyv1.BatchPostRequest{Brand: f.brand, Items: rows}
		})
}

// atOnce is how many members do something at the same time.
const atOnce = 16

// enjoy lets members look at offers, use coupons and take rewards.
func (f *filling) enjoy(ctx context.Context, w *World, now time.Time) error {
	for _, r := range w.Rewards() {
		if _, err := f.Loyalty.UpsertReward(ctx, &loyaltyv1.UpsertRewardRequest{Brand: f.brand, Reward: r}); err != nil {
			return fmt.Errorf("make reward %s: %w", r.GetId(), err)
		}
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for _, c := range w.campaigns() {
		for i, who := range w.receivers(c) {
			all.Go(func() error { return f.answerOffer(ctx, w, c, i, who, now) })
		}
	}
	for _, who := range w.takers() {
		all.Go(func() error { return f.takeReward(ctx, w, who) })
	}
	return all.Wait()
}

// answerOffer is what the i-th who got an offer does with it.
func (f *filling) answerOffer(ctx context.Context, w *World, c campaign, i int, who int64, now time.Time) error {
	chance := w.chance(ofSpend, mix(uint64(who))^c.trait)
	at := c.sent.Add(time.Duration(1+chance.IntN(100)) * time.Hour)
	if chance.Float64() >= c.seen || at.After(now) {
		return nil
	}
	_, err := f.Loyalty.ViewOffer(ctx, &loyaltyv1.ViewOfferRequest{
		Brand: f.brand, OfferId: c.offer.GetId(), Customer: w.refOf(who), ViewedAt: timestamppb.New(at),
	})
	if err != nil {
		return fmt.Errorf("look at offer %s: %w", c.offer.GetId(), err)
	}
	at = at.Add(time.Duration(1+chance.IntN(200)) * time.Hour)
	if chance.Float64() >= c.used || i >= len(c.offer.GetCodes()) || at.After(now) {
		return nil
	}
	_, err = f.Loyalty.RedeemOffer(ctx, &loyaltyv1.RedeemOfferRequest{
		Brand: f.brand, RequestId: fmt.Sprintf("demo.coupon.%d", i), Code: c.offer.GetCodes()[i], Customer: w.refOf(who), RedeemedAt: timestamppb.New(at),
	})
	if err != nil {
		return fmt.Errorf("use coupon %s: %w", c.offer.GetCodes()[i], err)
	}
	return nil
}

// takers are those who look at the rewards: they are often in the shops.
func (w *World) takers() (out []int64) {
	for n := int64(1); n <= int64(w.people) && len(out) < 90; n++ {
		if !w.isTwo(n) && w.trait(n, ofSpender) < spenders {
			out = append(out, n)
		}
	}
	return out
}

// takeReward is what one of them does: most take something at once, some set it aside,
// and few change their mind. Who has too few points, or not the tier, goes without.
func (f *filling) takeReward(ctx context.Context, w *World, who int64) error {
	all := w.Rewards()
	r := all[int(who)%len(all)]
	in := &loyaltyv1.TakeRewardRequest{
		Brand: f.brand, RequestId: fmt.Sprintf("demo.reward.%d", who), RewardId: r.GetId(), Customer: w.refOf(who), AtOnce: who%6 != 0, Seconds: 2 * 24 * 3600,
	}
	if len(r.GetChoices()) > 0 {
		in.ChoiceId = r.GetChoices()[int(who)%len(r.GetChoices())]
	}
	got, err := f.Loyalty.TakeReward(ctx, in)
	if fault.Is(err, commonv1.Reason_REASON_POINTS_INSUFFICIENT) || fault.Is(err, commonv1.Reason_REASON_REWARD_FORBIDDEN) {
		return nil
	}
	if err == nil && who%11 == 0 {
		_, err = f.Loyalty.CancelReward(ctx, &loyaltyv1.CancelRewardRequest{
			Brand: f.brand, RequestId: fmt.Sprintf("demo.reward.back.%d", who), TakenId: got.GetTaken().GetId(), Reason: "Передумал",
		})
	}
	if err != nil {
		return fmt.Errorf("take reward %s: %w", r.GetId(), err)
	}
	return nil
}
