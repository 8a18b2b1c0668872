package lake

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// Run seals the brand's days that have become quiet, compacts its months and sweeps,
// until ctx ends. Replicas take turns.
func (l *Lake) Run(ctx context.Context, brand string) error {
	k := l.newKeeper(brand)
	tick := time.NewTicker(l.cfg.Quiet)
	defer tick.Stop()
	for {
		if err := k.step(ctx); err != nil && ctx.Err() == nil {
			l.warn.Warn("seal the lake", "brand", brand, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// keeper seals in the background: it remembers since when days are as they are.
type keeper struct {
	lake   *Lake
	brand  string
	holder string
	days   map[calendar.Day]since
	months map[calendar.Day]since
	swept  time.Time
}

// since is the last fact of some days and when it was first seen to be the last.
type since struct {
	seq int64
	at  time.Time
}

func (l *Lake) newKeeper(brand string) *keeper {
	return &keeper{lake: l, brand: brand, holder: strconv.FormatUint(rand.Uint64(), 36),
		days: map[calendar.Day]since{}, months: map[calendar.Day]since{}}
}

// step seals what is ready.
func (k *keeper) step(ctx context.Context) error {
	l := k.lake
	now := l.clock()
	if ok, err := l.store.claim(ctx, k.brand, k.holder, now, 3*l.cfg.Quiet); err != nil || !ok {
		return err
	}
	_, err := l.seal(ctx, sealing{
		brand: k.brand, compact: true,
		day: func(d calendar.Day, seq int64) bool { return quiet(k.days, d, seq, now, l.cfg.Quiet) },
		month: func(m calendar.Days, seq int64, fresh bool) bool {
			long := l.cfg.QuietMonth
			if fresh {
				long = l.cfg.Quiet
			}
			return quiet(k.months, m.From, seq, now, long)
		},
	})
	if err != nil || now.Sub(k.swept) < l.cfg.Grace {
		return err
	}
	k.swept = now
	_, err = l.Sweep(ctx, k.brand)
	return err
}

// quiet tells if the last fact of days has been the last for so long.
func quiet(known map[calendar.Day]since, day calendar.Day, seq int64, now time.Time, long time.Duration) bool {
	was, ok := known[day]
	if !ok || was.seq != seq {
		known[day] = since{seq, now}
		return false
	}
	return now.Sub(was.at) >= long
}
