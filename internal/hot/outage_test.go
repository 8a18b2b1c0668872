package hot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
)

// impatient lets a test see the breaker open and close.
var impatient = Options{
	ReadTimeout: 50 * time.Millisecond, WriteTimeout: 50 * time.Millisecond,
	WriteEvery: 20 * time.Millisecond, RetryAfter: 20 * time.Millisecond,
	Log: slog.New(slog.DiscardHandler),
}

// trouble makes a Redis fail and heals it.
type trouble struct{ begin, end func(*hottest.Server) }

var troubles = map[string]trouble{
	"shutdown": {(*hottest.Server).Shutdown, (*hottest.Server).Restart},
	"frozen":   {(*hottest.Server).Pause, (*hottest.Server).Resume},
}

func TestBreakerOpensAndHeals(t *testing.T) {
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			server := hottest.Start(t)
			c := open(t, server.URL(), impatient)
			eventually(t, "a first hit", func() bool { return put(t, c) })
			trouble.begin(server)
			eventually(t, "open", func() bool {
				if c.Get(t.Context(), nps).Found {
					t.Error("found without Redis")
				}
				return !c.breaker.closed()
			})
			failed := c.Stats().Failed
			for range 1000 {
				c.Get(t.Context(), nps)
				c.Put(t.Context(), nps, Anchor{}, nil)
			}
			if c.Stats().Failed != failed || c.Stats().Dropped < 1000 {
				t.Errorf("an open breaker still asks: %+v", c.Stats())
			}
			trouble.end(server)
			// It heals without any caller trying.
			eventually(t, "closed", c.breaker.closed)
			eventually(t, "a hit again", func() bool { return put(t, c) })
		})
	}
}

func put(t *testing.T, c *Cache) bool {
	store(t, c, nps, Anchor{Seq: 1}, "one")
	return c.Get(t.Context(), nps).Found
}

// TestTrafficThroughTroubles reads and writes while Redis is flushed, filled
// with rubbish, frozen and shut down: whatever is found is true.
func TestTrafficThroughTroubles(t *testing.T) {
	server := hottest.Start(t)
	replicas := []*Cache{open(t, server.URL(), impatient), open(t, server.URL(), impatient)}
	ctx, cancel := context.WithCancel(t.Context())
	var hits atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() { traffic(t, ctx, replicas[g%2], g, &hits) })
	}
	again := func(what string) {
		before := hits.Load()
		eventually(t, "hits "+what, func() bool { return hits.Load() > before+100 })
	}
	again("at first")
	server.Flush()
	again("after a flush")
	server.Rubbish()
	again("after rubbish")
	for name, trouble := range troubles {
		trouble.begin(server)
		eventually(t, "breakers open", func() bool { return !replicas[0].breaker.closed() && !replicas[1].breaker.closed() })
		trouble.end(server)
		again("after " + name)
	}
	cancel()
	wg.Wait()
	t.Logf("%+v", replicas[0].Stats())
}

// traffic stands for a replica's callers: the content tells its own key and seq.
func traffic(t *testing.T, ctx context.Context, c *Cache, g int, hits *atomic.Int64) {
	for seq := int64(1); ctx.Err() == nil; seq++ {
		key := Key{Brand: "acme", Measure: "nps", Day: int32((seq + int64(g)) % 10)}
		c.Put(ctx, key, Anchor{Seq: seq}, fmt.Appendf(nil, "%v %d", key, seq))
		c.PutResult(ctx, "acme", Fingerprint{byte(seq)}, []byte{byte(seq)})
		for day := range int32(10) {
			key.Day = day
			got := c.Get(ctx, key)
			if !got.Found {
				continue
			}
			hits.Add(1)
			if string(got.Content) != fmt.Sprintf("%v %d", key, got.Anchor.Seq) {
				t.Errorf("key %v: %+v", key, got)
			}
		}
		if got, ok := c.GetResult(ctx, "acme", Fingerprint{byte(seq)}); ok && (len(got) != 1 || got[0] != byte(seq)) {
			t.Errorf("result %d: %v", seq, got)
		}
	}
}

func TestWhoLeavesDoesNotWait(t *testing.T) {
	server := hottest.Start(t)
	c := open(t, server.URL(), Options{ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second})
	store(t, c, nps, Anchor{Seq: 1}, "one")
	server.Pause()
	t.Cleanup(server.Resume)
	go c.Get(context.Background(), nps) // leads the round trip that hangs
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c.Get(ctx, nps).Found {
		t.Error("found without Redis")
	}
}

func TestCloseGivesUpOnAFrozenRedis(t *testing.T) {
	server := hottest.Start(t)
	c := open(t, server.URL(), impatient)
	server.Pause()
	c.Put(t.Context(), nps, Anchor{Seq: 1}, []byte("one"))
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("Close = %v", err)
	}
	if s := c.Stats(); s.Written != 0 || s.Dropped != 1 {
		t.Errorf("stats %+v", s)
	}
	if c.Get(t.Context(), nps).Found || c.Close(t.Context()) != nil {
		t.Error("after Close")
	}
}
