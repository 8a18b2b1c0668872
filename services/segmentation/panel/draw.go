package panel

import (
	"context"
	"math/rand/v2"
)

// Draw draws persons at random until size of them are fit: each next one is any of
// those not drawn yet. The same seed draws the same ones from the same members,
// ascending. fit judges some at once, in the order drawn; nil: all are fit. passed are
// those drawn before the last one who were not.
func Draw(ctx context.Context, members []uint64, size int, seed int64, fit func(ctx context.Context, ids []int64) ([]bool, error)) (drawn []int64, passed int64, err error) {
	const batch = 500
	rnd := rand.New(rand.NewPCG(uint64(seed), uint64(len(members))))
	for at := 0; at < len(members) && len(drawn) < size; {
		some := make([]int64, 0, batch)
		// A little more than is needed, so that a few who are not fit need no second look.
		for want := min(batch, (size-len(drawn))*5/4+1); at < len(members) && len(some) < want; at++ {
			next := at + rnd.IntN(len(members)-at)
			members[at], members[next] = members[next], members[at]
			some = append(some, int64(members[at]))
		}
		var fits []bool
		if fit != nil {
			if fits, err = fit(ctx, some); err != nil {
				return nil, 0, err
			}
		}
		for i, id := range some {
			if len(drawn) == size {
				break
			}
			if fit != nil && !fits[i] {
				passed++
				continue
			}
			drawn = append(drawn, id)
		}
	}
	return drawn, passed, nil
}
