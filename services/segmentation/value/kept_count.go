package value

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// stretch are blocks beside each other that are counted at once; read says that what
// they bought must be read.
type stretch struct {
	from, until int
	read        bool
}

// count brings questions up to date: what is read for one serves all.
func (k *Kept) count(ctx context.Context, questions []Question) (asked []*counted, err error) {
	asked = make([]*counted, len(questions))
	for i, q := range questions {
		asked[i] = k.question(q)
		asked[i].fit(len(k.moved))
	}
	var mu sync.Mutex
	g, going := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, s := range k.behind(asked) {
		g.Go(func() error {
			if going.Err() != nil {
				return nil
			}
			sheets := k.sheets[s.from:s.until]
			if s.read {
				var err error
				if sheets, err = k.write(going, s); err != nil {
					return err
				}
			}
			sums := make([][]Sum, len(questions))
			for i, q := range questions {
				for _, one := range sheets {
					sums[i] = append(sums[i], one.sum(q))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i, c := range asked {
				c.put(s.from, sums[i], k.round)
			}
			if s.read {
				k.keep(s.from, sheets)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("count purchases: %w", err)
	}
	return asked, ctx.Err()
}

// behind are the blocks that moved since any of the questions was counted.
func (k *Kept) behind(asked []*counted) (all []stretch) {
	for i, round := range k.moved {
		fresh := true
		for _, c := range asked {
			fresh = fresh && c.rounds[i] >= round
		}
		if fresh {
			continue
		}
		read := k.sheets[i] == nil || k.sheets[i].round < round
		if n := len(all); n > 0 && all[n-1].until == i && all[n-1].read == read && i-all[n-1].from < span/block {
			all[n-1].until++
		} else {
			all = append(all, stretch{i, i + 1, read})
		}
	}
	return all
}

// fit makes room for so many blocks.
func (c *counted) fit(blocks int) {
	if more := blocks - len(c.parts); more > 0 {
		c.parts, c.rounds = append(c.parts, make([]Sum, more)...), append(c.rounds, make([]int64, more)...)
	}
}

// put replaces what blocks came to.
func (c *counted) put(from int, sums []Sum, round int64) {
	for i := range sums {
		at := from + i
		c.whole.minus(&c.parts[at])
		c.whole.plus(&sums[i])
		c.parts[at], c.rounds[at] = sums[i], round
	}
}

// write reads what the persons of a stretch bought.
func (k *Kept) write(ctx context.Context, s stretch) ([]*sheet, error) {
	w := &Walk{Brand: k.from.Brand, DB: k.from.DB, People: k.people, Last: k.last}
	first, last := int64(s.from)*block+1, min(k.last, int64(s.until)*block)
	run := w.run(nil, first, last)
	if len(run) > 0 {
		if err := w.know(ctx, run, first, last); err != nil {
			return nil, err
		}
	}
	out := make([]*sheet, s.until-s.from)
	for i, at := 0, 0; i < len(out); i++ {
		begin := at
		for at < len(run) && int((run[at].ID-1)/block) == s.from+i {
			at++
		}
		out[i] = newSheet(run[begin:at], k.round)
	}
	return out, nil
}

// keep puts sheets in the place of what was read before, as long as there is room.
func (k *Kept) keep(from int, sheets []*sheet) {
	for i, one := range sheets {
		at := &k.sheets[from+i]
		if *at != nil {
			k.bytes -= (*at).size()
			*at = nil
		}
		if size := one.size(); k.bytes+size <= k.room {
			k.bytes += size
			*at = one
		}
	}
}
