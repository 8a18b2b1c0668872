package fold

import (
	"context"
	"fmt"
	"math/rand/v2"
)

func (e *Engine[F]) keepAuditing() {
	e.regularly(e.cfg.AuditEvery, func() {
		for name := range *e.brands.Load() {
			err := e.Audit(e.running, name, func(d Drift) {
				e.cfg.Logger.ErrorContext(e.running, "a fold has drifted; run rapport rebuild", "brand", d.Brand,
					"measure", d.Measure, "day", d.Day, "where", d.Where, "seq", d.Seq, "reason", d.Reason)
			})
			if err != nil && e.running.Err() == nil {
				e.cfg.Logger.WarnContext(e.running, "audit", "brand", name, "error", err)
			}
		}
	})
}

// Audit is Verify for one of the days in memory, picked at random: a server that
// lives for days looks at all it answers from, a little at a time.
func (e *Engine[F]) Audit(ctx context.Context, name string, report func(Drift)) error {
	b := e.brand(name)
	n, ok := b.anyLoaded()
	if !ok {
		return nil
	}
	measures, err := e.store.measures(ctx, name, n)
	if err != nil {
		return fmt.Errorf("list slabs of %s, day %d: %w", name, n, err)
	}
	keys := make([]Key, len(measures))
	for i, m := range measures {
		keys[i] = Key{Brand: name, Measure: m, Day: n}
	}
	_, err = e.verifyDay(ctx, b, n, keys, report)
	return err
}

// anyLoaded picks a day that has slabs in memory, each as likely as the others.
func (b *brand[F]) anyLoaded() (picked int32, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	seen := 0
	for n, d := range b.days {
		if !d.loaded() {
			continue
		}
		if seen++; rand.IntN(seen) == 0 {
			picked = n
		}
	}
	return picked, seen > 0
}
