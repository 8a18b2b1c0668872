package value

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// stretch are blocks beside each other that are read at once.
type stretch struct{ from, until int }

// count brings a question up to date, and with it those that were asked lately: what is
// read for one serves all.
func (k *Kept) count(ctx context.Context, one *counted) error {
	for _, c := range k.asked {
		c.fit(len(k.moved))
	}
	all := one.behind(k.moved)
	if len(all) == 0 {
		return nil
	}
	now := k.from.Clock()
	var questions []Question
	for q, c := range k.asked {
		if c == one || now.Sub(c.used) < wanted {
			questions = append(questions, q)
		}
	}
	var mu sync.Mutex
	g, going := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, s := range all {
		g.Go(func() error {
			sums, err := k.sums(going, s, questions)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for i, q := range questions {
				k.asked[q].put(s.from, sums[i], k.round)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("count purchases: %w", err)
	}
	return ctx.Err()
}

// fit makes room for so many blocks.
func (c *counted) fit(blocks int) {
	if more := blocks - len(c.parts); more > 0 {
		c.parts, c.rounds = append(c.parts, make([]Sum, more)...), append(c.rounds, make([]int64, more)...)
	}
}

// behind are the blocks that moved since they were counted.
func (c *counted) behind(moved []int64) (all []stretch) {
	for i, round := range moved {
		if c.rounds[i] >= round {
			continue
		}
		if n := len(all); n > 0 && all[n-1].until == i && i-all[n-1].from < span/block {
			all[n-1].until++
		} else {
			all = append(all, stretch{i, i + 1})
		}
	}
	return all
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

// sums counts the blocks of a stretch for each question.
func (k *Kept) sums(ctx context.Context, s stretch, questions []Question) ([][]Sum, error) {
	w := &Walk{Brand: k.from.Brand, DB: k.from.DB, People: k.people, Last: k.last}
	first, last := int64(s.from)*block+1, min(k.last, int64(s.until)*block)
	run := w.run(nil, first, last)
	if len(run) > 0 {
		if err := w.know(ctx, run, first, last); err != nil {
			return nil, err
		}
	}
	out := make([][]Sum, len(questions))
	for i := range out {
		out[i] = make([]Sum, s.until-s.from)
	}
	var days []calendar.Day
	for i := range run {
		at := int((run[i].ID-1)/block) - s.from
		days = bought(days[:0], run[i].History)
		for j, q := range questions {
			sum := &out[j][at]
			sum.Group.Add(Of(run[i].History, q.Days))
			sum.Period.Add(days, q.Days, q.Active)
		}
	}
	return out, nil
}

// bought are the days with a purchase.
func bought(days []calendar.Day, h *purchase.History) []calendar.Day {
	if h == nil {
		return days
	}
	for i, all := 0, h.All(); i < len(all); i++ {
		if all[i].Purchases > 0 {
			days = append(days, all[i].Day)
		}
	}
	return days
}
