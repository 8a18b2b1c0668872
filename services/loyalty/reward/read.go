package reward

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// maxListed is how many takings one answer has.
const maxListed = 1000

// Count reads what rules ask of the tables. What is over by now counts no more, though
// nobody may have written it down yet.
func Count(ctx context.Context, q sqldb.Querier, brand string, book *Book, r, gift *loyaltyv1.Reward, numbers []int64, now int64) (*Counted, error) {
	c := &Counted{}
	all, err := live(ctx, q, brand, now)
	if err != nil {
		return nil, err
	}
	if c.Taken, err = all(r.GetId()); err != nil {
		return nil, err
	}
	if gift != nil {
		if c.Choice, err = all(gift.GetId()); err != nil {
			return nil, err
		}
	}
	of := []string{r.GetId()}
	birthday := r.GetKind() == loyaltyv1.Reward_KIND_BIRTHDAY
	if birthday {
		of = book.birthdays(r.GetProgrammeId())
	}
	if r.GetPerPerson() == 0 && !birthday {
		return c, nil
	}
	rows, err := times(ctx, q, brand, numbers, of)
	for _, row := range rows {
		if row.State == held && row.EndsAt <= now {
			continue
		}
		if row.Reward == r.GetId() {
			c.Times++
		}
		if birthday {
			c.Birthdays = append(c.Birthdays, time.UnixMicro(row.TakenAt))
		}
	}
	return c, err
}

// live counts pieces gone, less those of takings that are over.
func live(ctx context.Context, q sqldb.Querier, brand string, now int64) (func(reward string) (int64, error), error) {
	stale, err := over(ctx, q, brand, now)
	return func(reward string) (int64, error) {
		n, err := Taken(ctx, q, brand, reward)
		return n - stale[reward], err
	}, err
}

// List has the catalogue with what is gone of it.
func List(ctx context.Context, q sqldb.Querier, brand string, defined []*loyaltyv1.Reward, now int64) ([]*loyaltyv1.Reward, error) {
	gone, err := stocks(ctx, q, brand)
	if err != nil {
		return nil, err
	}
	stale, err := over(ctx, q, brand, now)
	for id, n := range stale {
		gone[id] -= n
	}
	out := make([]*loyaltyv1.Reward, len(defined))
	for i, r := range defined {
		out[i] = proto.CloneOf(r)
		out[i].Taken = gone[r.GetId()]
	}
	return out, err
}

// ListTaken are the newest takings of a person's numbers, newest first, as they are now.
func ListTaken(ctx context.Context, q sqldb.Querier, brand string, numbers []int64, now int64) ([]*loyaltyv1.TakenReward, error) {
	rows, err := takings(ctx, q, brand, numbers, maxListed)
	out := make([]*loyaltyv1.TakenReward, len(rows))
	for i := range rows {
		if rows[i].State == held && rows[i].EndsAt <= now {
			rows[i].State = cancelled
		}
		out[i] = rows[i].proto()
	}
	return out, err
}

// Due tells whether any taking is over that nobody wrote down.
func Due(ctx context.Context, q sqldb.Querier, brand string, now int64) (bool, error) {
	rows, err := ended(ctx, q, brand, now, 1)
	return len(rows) > 0, err
}
