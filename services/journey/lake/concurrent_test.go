package lake

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// While events come, days are sealed and joined and replaced files vanish at once,
// every question sees all that was recorded before it was asked, and nothing twice.
func TestReadersMeetSealers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, end := context.WithCancel(t.Context())
		var recorded, begun atomic.Int64
		var all sync.WaitGroup
		all.Go(func() {
			defer end()
			for i := range 20 {
				begun.Add(10)
				for d := range calendar.Day(10) {
					w.record(fact(happening(int64(1+i%7), "visit", start-1-7*d, i), record.Event, 0))
				}
				recorded.Add(10)
			}
		})
		for i := range 2 {
			all.Go(func() {
				l := w.lake(0)
				l.cfg.Grace = -time.Hour
				for ctx.Err() == nil {
					if _, err := l.Seal(t.Context(), brand, i == 0); err != nil {
						t.Error(err)
					}
					if _, err := l.Sweep(t.Context(), brand); err != nil {
						t.Error(err)
					}
				}
			})
		}
		warm := w.lake(1 << 20)
		for i := range 3 {
			all.Go(func() {
				for ctx.Err() == nil {
					l := warm
					if i == 0 {
						l = w.lake(0)
					}
					before := recorded.Load()
					trails, err := l.Load(t.Context(), brand, journeyv1.Unit(1+i%2), Ever)
					if err != nil {
						t.Error(err)
						return
					}
					n := int64(0)
					for _, p := range trails.Parts {
						n += int64(len(p.At))
					}
					if n < before || n > begun.Load() {
						t.Errorf("%d events of %d to %d", n, before, begun.Load())
						return
					}
				}
			})
		}
		all.Wait()
		l := w.lake(0)
		w.seal(l, true)
		w.sound(l)
		w.check(l, "in the end", person, Ever)
	})
}
