package ledger

import "math/big"

// money is what a reversal lets count no more of the money that entries were earned by,
// for each that it took something back of: all but keep, the oldest keep theirs; where
// keep is 0, all but what the points that stay are worth.
func money(done []*Done, undone []Undone, keep int64) map[int64]int64 {
	back := map[int64]int64{}
	for _, u := range undone {
		back[u.Seq] = u.Earned
	}
	out := map[int64]int64{}
	given := keep > 0
	for _, d := range done {
		stands := d.Money - d.MoneyUndone
		stay := min(keep, stands)
		switch {
		case back[d.Seq] == 0:
			stay = stands
		case !given && d.Earned > 0:
			stay = min(stands, part(d.Money, d.earned()-back[d.Seq], d.Earned))
		}
		keep = max(0, keep-stay)
		out[d.Seq] = stands - stay
	}
	return out
}

// part is so much of all of an amount, rounded down.
func part(amount, of, all int64) int64 {
	n := new(big.Int).Mul(big.NewInt(amount), big.NewInt(of))
	return n.Quo(n, big.NewInt(all)).Int64()
}
