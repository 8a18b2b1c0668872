package reward

import (
	"context"
	"encoding/base64"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Desk decides takings within one transaction, one after the other.
type Desk struct {
	Brand  string
	Tx     *sqldb.Tx
	Ledger *ledger.Session
	Book   *Book
}

const (
	held      = loyaltyv1.TakenReward_STATE_HELD
	taken     = loyaltyv1.TakenReward_STATE_TAKEN
	cancelled = loyaltyv1.TakenReward_STATE_CANCELLED
	refunded  = loyaltyv1.TakenReward_STATE_REFUNDED
)

// usualHold is for how many seconds a reward is held where nobody says.
const usualHold = 900

// Take takes a reward for a number, or holds it. m is nil if the key was used before and
// nobody could be asked.
func (d *Desk) Take(ctx context.Context, key []byte, who int64, r *loyaltyv1.EntryRecord, m *Member) (ledger.Outcome, error) {
	if out, found, err := d.Ledger.Again(key, r); found || err != nil {
		return out, err
	}
	in := r.GetTakeReward()
	def, err := d.Book.Get(in.GetRewardId())
	if err != nil {
		return ledger.Outcome{}, err
	}
	gift, err := d.choice(def, in.GetChoiceId())
	if err != nil {
		return ledger.Outcome{}, err
	}
	if err := d.Release(ctx); err != nil {
		return ledger.Outcome{}, err
	}
	c, err := Count(ctx, d.Tx, d.Brand, d.Book, def, gift, d.Ledger.People().Members(who), d.Ledger.Now())
	if err != nil {
		return ledger.Outcome{}, err
	}
	if no := Examine(def, gift, m, c, time.UnixMicro(d.Ledger.Now())); len(no) > 0 {
		return d.Ledger.Refuse(key, who, r, Forbidden(no[0]))
	}
	row := &Row{
		Reward: def.GetId(), Choice: gift.GetId(), Programme: def.GetProgrammeId(), Customer: who, State: held, Points: def.GetCost(),
		Origin: origin(key), TakenAt: d.Ledger.Now(),
	}
	if in.GetAtOnce() {
		row.State = taken
	}
	if no, err := d.pay(row, r); no != nil {
		return d.Ledger.Refuse(key, who, r, no)
	} else if err != nil {
		return ledger.Outcome{}, err
	}
	return d.give(ctx, key, row, r)
}

// Orders is how the orders begin that the ledger's entries of takings are found by.
const Orders = ledger.Reserved

// origin is what the ledger's entries of a taking are found by.
func origin(key []byte) string { return Orders + base64.RawURLEncoding.EncodeToString(key) }

// choice is the gift that was chosen; nil: there is nothing to choose.
func (d *Desk) choice(def *loyaltyv1.Reward, id string) (*loyaltyv1.Reward, error) {
	if err := CheckChoice(def, id); err != nil || id == "" {
		return nil, err
	}
	return d.Book.Get(id)
}

// CheckChoice refuses what is no choice of a reward.
func CheckChoice(def *loyaltyv1.Reward, id string) error {
	for _, one := range def.GetChoices() {
		if one == id {
			return nil
		}
	}
	if id == "" && len(def.GetChoices()) == 0 {
		return nil
	}
	return fault.Invalid().Field("choice_id", "must be one of the reward's choices, or empty if it has none").Err()
}

// pay holds the points of a taking, or spends them at once. A refusal of the ledger's is
// kept under the taking's key.
func (d *Desk) pay(row *Row, r *loyaltyv1.EntryRecord) (no *loyaltyv1.Refusal, err error) {
	in := r.GetTakeReward()
	seconds := in.GetSeconds()
	if seconds == 0 {
		seconds = usualHold
	}
	if row.State == held {
		row.EndsAt = row.TakenAt + int64(seconds)*int64(time.Second/time.Microsecond)
	}
	if row.Points == 0 {
		r.Balance, err = d.Ledger.Balance(row.Programme, row.Customer)
		return nil, err
	}
	order := &loyaltyv1.Origin{OrderId: row.Origin}
	t := &ledger.Task{Programme: row.Programme, Who: row.Customer, Record: &loyaltyv1.EntryRecord{
		Request: &loyaltyv1.EntryRecord_Hold{Hold: &loyaltyv1.HoldRequest{
			RequestId: in.GetRequestId(), ProgrammeId: row.Programme, Points: row.Points, Origin: order, Seconds: seconds,
		}},
	}}
	if row.State == taken {
		t.Record.Request = &loyaltyv1.EntryRecord_Redeem{Redeem: &loyaltyv1.RedeemRequest{
			RequestId: in.GetRequestId(), ProgrammeId: row.Programme, Points: row.Points, Origin: order,
		}}
	}
	out, err := d.Ledger.Do(t)
	if err == nil {
		row.Entry, r.Balance = out.Seq, out.Record.GetBalance()
		row.EndsAt = out.Record.GetEndsAt()
	}
	return out.Record.GetRefusal(), err
}

// give sets a piece aside and writes the taking down.
func (d *Desk) give(ctx context.Context, key []byte, row *Row, r *loyaltyv1.EntryRecord) (ledger.Outcome, error) {
	row.ID = d.Ledger.Next()
	r.Taken, r.Entry = row.proto(), row.Entry
	if err := insert(ctx, d.Tx, d.Brand, row); err != nil {
		return ledger.Outcome{}, err
	}
	if err := d.pieces(ctx, row, 1); err != nil {
		return ledger.Outcome{}, err
	}
	return d.Ledger.Put(feed.Fact{Kind: record.Taking, Key: key, Who: row.Customer}, r)
}

// pieces moves those of a taking.
func (d *Desk) pieces(ctx context.Context, row *Row, by int64) error {
	if err := move(ctx, d.Tx, d.Brand, row.Reward, by); err != nil || row.Choice == "" {
		return err
	}
	return move(ctx, d.Tx, d.Brand, row.Choice, by)
}

// become writes down what a taking becomes. Its piece goes back where it is not taken.
func (d *Desk) become(ctx context.Context, key []byte, row *Row, to loyaltyv1.TakenReward_State, r *loyaltyv1.EntryRecord) (ledger.Outcome, error) {
	row.State = to
	if err := setState(ctx, d.Tx, d.Brand, row.ID, to); err != nil {
		return ledger.Outcome{}, err
	}
	if to != taken {
		if err := d.pieces(ctx, row, -1); err != nil {
			return ledger.Outcome{}, err
		}
	}
	r.Taken = row.proto()
	return d.Ledger.Put(feed.Fact{Kind: record.Taking, Key: key, Who: row.Customer, Of: row.ID}, r)
}

func (r *Row) proto() *loyaltyv1.TakenReward {
	out := &loyaltyv1.TakenReward{
		Id: record.ID(r.ID), RewardId: r.Reward, ChoiceId: r.Choice, CustomerId: r.Customer, State: r.State, Points: r.Points,
		TakenAt: timestamppb.New(time.UnixMicro(r.TakenAt)),
	}
	if r.EndsAt != 0 {
		out.EndsAt = timestamppb.New(time.UnixMicro(r.EndsAt))
	}
	return out
}

// Forbidden is the refusal by the first rule that forbids.
func Forbidden(o *loyaltyv1.RewardObstacle) *loyaltyv1.Refusal {
	return &loyaltyv1.Refusal{
		Reason: commonv1.Reason_REASON_REWARD_FORBIDDEN.String(), Message: o.GetMessage(), Metadata: map[string]string{"rule": o.GetRule().String()},
	}
}
