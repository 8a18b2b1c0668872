package lake

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
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
	// idle is where the log's end was, and which day, when nothing was left to seal.
	idle place
}

type place struct {
	at    feed.Cursor
	today calendar.Day
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
	head, err := l.log.Head(ctx, k.brand)
	if err != nil {
		return err
	}
	here := place{head.Cursor(), l.today(k.brand)}
	if k.idle == here && now.Sub(k.swept) < l.cfg.Grace {
		return nil
	}
	if ok, err := l.store.claim(ctx, k.brand, k.holder, now, 3*l.cfg.Quiet); err != nil || !ok {
		return err
	}
	waiting := false
	ready := func(known map[calendar.Day]since, day calendar.Day, seq int64, long time.Duration) bool {
		ok := quiet(known, day, seq, now, long)
		waiting = waiting || !ok
		return ok
	}
	done, err := l.seal(ctx, sealing{
		brand: k.brand, compact: true,
		day: func(d calendar.Day, seq int64) bool { return ready(k.days, d, seq, l.cfg.Quiet) },
		month: func(m calendar.Days, seq int64, fresh bool) bool {
			if fresh {
				return ready(k.months, m.From, seq, l.cfg.Quiet)
			}
			return ready(k.months, m.From, seq, l.cfg.QuietMonth)
		},
	})
	if errors.Is(err, errMoved) {
		return nil // somebody seals at this moment: next time
	}
	if err != nil {
		return err
	}
	if k.idle = here; waiting || done != (Sealed{}) {
		k.idle = place{today: -1}
	}
	if now.Sub(k.swept) < l.cfg.Grace {
		return nil
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
