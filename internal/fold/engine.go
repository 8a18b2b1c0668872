package fold

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Engine folds the logs of all brands of one service.
type Engine[F any] struct {
	cfg   Config
	log   *feed.Log
	store store
	cache *hot.Cache
	rules Rules[F]
	meter meter
	near  *near[F]
	// reads bounds the reads of the log that run at the same time.
	reads chan struct{}

	// brands is copied on write: every call looks it up.
	brands  atomic.Pointer[map[string]*brand[F]]
	opening sync.Mutex

	resident atomic.Int64
	tick     atomic.Int64
	evicting sync.Mutex

	// running is the context of the background work, nil before Start.
	running context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// New returns an engine; a nil cache means no Redis. Nothing runs in the background before Start.
func New[F any](cfg Config, log *feed.Log, db *sqldb.DB, cache *hot.Cache, rules Rules[F]) *Engine[F] {
	cfg = cfg.withDefaults()
	e := &Engine[F]{
		cfg: cfg, log: log, store: store{db}, cache: cache, rules: rules,
		reads: make(chan struct{}, cfg.Loads),
	}
	e.near = newNear[F](cfg.Results)
	e.brands.Store(&map[string]*brand[F]{})
	e.meter = newMeter(cfg.Service, &e.resident, &e.near.size)
	return e
}

// Migrate makes the engine's table.
func (e *Engine[F]) Migrate(ctx context.Context) error { return e.store.migrate(ctx) }

// Start follows the logs of the brands in use and writes slabs back, until
// Close. Heads are noticed by the log's own Tail, which must be running too.
func (e *Engine[F]) Start(ctx context.Context) {
	e.opening.Lock()
	defer e.opening.Unlock()
	e.running, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	for _, b := range *e.brands.Load() {
		e.follow(b)
	}
	e.work.Go(e.keepWriting)
	if e.cfg.SweepEvery > 0 {
		e.work.Go(e.keepSweeping)
	}
	if e.cfg.AuditEvery > 0 {
		e.work.Go(e.keepAuditing)
	}
}

// Close stops the background work and writes back what changed.
func (e *Engine[F]) Close(ctx context.Context) error {
	if e.stop != nil {
		e.stop()
		e.work.Wait()
	}
	e.meter.close()
	return e.Flush(ctx)
}

// brand returns the state of a brand, not necessarily opened.
func (e *Engine[F]) brand(name string) *brand[F] {
	if b := (*e.brands.Load())[name]; b != nil {
		return b
	}
	e.opening.Lock()
	defer e.opening.Unlock()
	old := *e.brands.Load()
	if b := old[name]; b != nil {
		return b
	}
	grown := make(map[string]*brand[F], len(old)+1)
	for n, b := range old {
		grown[n] = b
	}
	b := newBrand[F](name)
	grown[name] = b
	e.brands.Store(&grown)
	if e.running != nil {
		e.follow(b)
	}
	return b
}

// ready returns the brand with its definitions read and its place in the log known.
func (e *Engine[F]) ready(ctx context.Context, name string) (*brand[F], error) {
	b := e.brand(name)
	if b.opened.Load() {
		return b, nil
	}
	if err := b.turn.take(ctx); err != nil {
		return nil, err
	}
	defer b.turn.give()
	return b, e.open(ctx, b)
}

// open starts the brand at the head of its log: no fact before it is applied,
// but for definitions. The caller has the turn.
func (e *Engine[F]) open(ctx context.Context, b *brand[F]) error {
	if b.opened.Load() {
		return nil
	}
	head, err := e.log.Head(ctx, b.name)
	if err != nil {
		return fmt.Errorf("read log head of %s: %w", b.name, err)
	}
	err = e.log.ReadKind(ctx, b.name, e.rules.Definitions, 0, func(f *feed.Fact) error {
		if f.Seq > head.Seq {
			return errEnough
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		return e.define(b, f)
	})
	if err != nil && !errors.Is(err, errEnough) {
		if b.defined != (feed.Cursor{}) {
			e.forget(b)
		}
		return fmt.Errorf("read definitions of %s: %w", b.name, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.applied = head
	b.announce()
	b.opened.Store(true)
	return nil
}

// errEnough ends a read of the log early.
var errEnough = errors.New("read enough")

// forget drops everything in memory of the brand, because it was folded from
// another log than the one there now, or could not be read whole.
func (e *Engine[F]) forget(b *brand[F]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened.Store(false)
	b.epoch.Add(1)
	for _, d := range b.days {
		for _, s := range d.slots {
			e.resident.Add(-s.size.Swap(0))
		}
	}
	b.days, b.dirty, b.stale = map[int32]*day[F]{}, nil, map[int32]struct{}{}
	b.applied, b.defined = feed.Head{}, feed.Cursor{}
	b.known.clear()
	if e.rules.Forget != nil {
		e.rules.Forget(b.name)
	}
	b.announce()
}

// Applied is the last fact whose effect views of the brand include.
func (e *Engine[F]) Applied(name string) feed.Head {
	b := e.brand(name)
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.applied
}

// Wait returns once views of the brand include facts after seq; for streams
// that tell of changes.
func (e *Engine[F]) Wait(ctx context.Context, name string, after int64) (feed.Head, error) {
	b, err := e.ready(ctx, name)
	if err != nil {
		return feed.Head{}, err
	}
	for {
		b.mu.Lock()
		at := b.applied
		if at.Seq > after {
			b.mu.Unlock()
			return at, nil
		}
		if b.wake == nil {
			b.wake = make(chan struct{})
		}
		wake := b.wake
		b.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return at, ctx.Err()
		}
	}
}

// Touched is the last applied fact that touched any of the days, for keys of
// caches kept elsewhere.
func (e *Engine[F]) Touched(ctx context.Context, name string, days []Span) (feed.Cursor, error) {
	for range attempts {
		b, err := e.ready(ctx, name)
		if err != nil {
			return feed.Cursor{}, err
		}
		v, _, err := e.versionOf(ctx, b, Question{Days: days})
		if !errors.Is(err, errAgain) {
			return v.touched, err
		}
	}
	return feed.Cursor{}, errAgain
}

// ResidentBytes is the memory held by loaded slabs.
func (e *Engine[F]) ResidentBytes() int64 { return e.resident.Load() }

// ResultBytes is the memory held by the near cache of results.
func (e *Engine[F]) ResultBytes() int64 { return e.near.size.Load() }
