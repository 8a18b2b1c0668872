// Package hot keeps derived values in Redis, where replicas share them and
// find them again after a restart: slabs by (brand, measure, day), and results
// by the fingerprint of everything they were made from.
//
// Redis is believed in nothing. A value counts only if its keyed checksum
// holds over the key it was read from, the place in the log it says it stands
// for, and its content; whether the log has that place is for the reader to
// check (Anchor). So Redis down, slow, flushed or lying costs time and changes
// no answer: every method here answers "not there" instead of an error.
//
// Reads that come while one is under way share the next round trip. Writes are
// told and forgotten: the last of a key wins, at most one a second goes out,
// and what Redis is too slow to take is dropped.
package hot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/rapport-cx/rapport/internal/commit"
)

// Options of a cache; the zero value takes every default but Service.
type Options struct {
	Service      string        // stands in every key
	ReadTimeout  time.Duration // of one round trip of reads; 20 ms
	WriteTimeout time.Duration // of one round trip of writes; 500 ms
	WriteEvery   time.Duration // a slab is written at most once in it; 1 s
	RetryAfter   time.Duration // pause before a Redis that failed is tried again; 1 s
	SlabTTL      time.Duration // 7 days
	ResultTTL    time.Duration // 10 minutes
	MaxPending   int           // bytes that may wait to be written; 64 MiB
	Log          *slog.Logger  // told when Redis goes and comes back; slog.Default()
}

func (o Options) withDefaults() Options {
	set(&o.ReadTimeout, 20*time.Millisecond)
	set(&o.WriteTimeout, 500*time.Millisecond)
	set(&o.WriteEvery, time.Second)
	set(&o.RetryAfter, time.Second)
	set(&o.SlabTTL, 7*24*time.Hour)
	set(&o.ResultTTL, 10*time.Minute)
	set(&o.MaxPending, 64<<20)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func set[N int | time.Duration](value *N, byDefault N) {
	if *value <= 0 {
		*value = byDefault
	}
}

// Cache is one Redis, single, Sentinel or Cluster. A nil *Cache is a valid one
// that holds nothing.
type Cache struct {
	opts    Options
	client  redis.UniversalClient
	cluster bool
	seal    *sealer
	breaker *breaker
	count   *meter

	// Slabs and results have queues of their own: a small result does not
	// stand behind megabytes of slabs.
	slabs, results *commit.Queue[string, string]

	pending *pending
	flush   chan chan struct{}
	stop    chan struct{}
	stopped sync.WaitGroup
	close   sync.Once
}

// Open prepares a cache; it does not wait for Redis, which may be down. The
// secret is shared by all replicas and by nobody else who can write to Redis.
// An empty address means no Redis and gives nil.
func Open(address string, secret []byte, opts Options) (*Cache, error) {
	if address == "" {
		return nil, nil
	}
	if len(secret) < 16 {
		return nil, errors.New("redis: the secret of the checksums needs 16 bytes or more")
	}
	opts = opts.withDefaults()
	universal, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	tune(universal, opts)
	redis.SetLogger(silence{})
	c := &Cache{
		opts:    opts,
		client:  redis.NewUniversalClient(universal),
		cluster: universal.IsClusterMode,
		seal:    newSealer(secret),
		pending: newPending(opts.MaxPending, opts.WriteEvery),
		flush:   make(chan chan struct{}),
		stop:    make(chan struct{}),
	}
	c.breaker = newBreaker(opts.RetryAfter)
	c.count = newMeter(opts.Service, c.breaker)
	c.slabs = commit.New(c.queue("hot.slabs", 32), c.read)
	c.results = commit.New(c.queue("hot.results", 256), c.read)
	c.stopped.Go(c.writeLoop)
	c.stopped.Go(c.healLoop)
	return c, nil
}

// silence keeps go-redis from telling standard error about every connection it
// cannot make: the breaker says once that Redis is gone.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func (c *Cache) queue(name string, batch int) commit.Options {
	return commit.Options{Name: name, MaxBatch: batch, Timeout: c.opts.ReadTimeout}
}

// Close writes what waits, as far as ctx and Redis allow, and lets go.
func (c *Cache) Close(ctx context.Context) error {
	if c == nil {
		return nil
	}
	err := c.Flush(ctx)
	c.close.Do(func() {
		close(c.stop)
		c.stopped.Wait()
		c.count.stop()
		err = errors.Join(err, c.client.Close())
	})
	return err
}
