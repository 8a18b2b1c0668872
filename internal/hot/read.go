package hot

import (
	"context"
	"errors"
	"unsafe"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/rapport-cx/rapport/internal/commit"
)

// Entry is what was found for a key. Its content is shared: read it only.
type Entry struct {
	Anchor  Anchor
	Content []byte
	Found   bool
}

// Get reads one slab. Nothing is found also when Redis does not answer in
// time; a call takes at most about two ReadTimeouts, one for the round trip
// under way and one for its own.
func (c *Cache) Get(ctx context.Context, key Key) Entry {
	if c == nil || !c.breaker.closed() {
		return Entry{}
	}
	ctx, end := c.span(ctx, "GET", 1)
	defer end()
	name := c.slabKey(key)
	value, err := c.slabs.Do(ctx, name)
	return c.judge(slab, name, value, err)
}

// GetMany reads many slabs, each as Get does, and answers in the order of keys.
func (c *Cache) GetMany(ctx context.Context, keys []Key) []Entry {
	entries := make([]Entry, len(keys))
	if c == nil || len(keys) == 0 || !c.breaker.closed() {
		return entries
	}
	ctx, end := c.span(ctx, "MGET", len(keys))
	defer end()
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = c.slabKey(key)
	}
	for i, r := range c.slabs.DoAll(ctx, names) {
		entries[i] = c.judge(slab, names[i], r.Value, r.Err)
	}
	return entries
}

// GetResult reads a result that was made of exactly what fingerprint covers.
func (c *Cache) GetResult(ctx context.Context, brand string, fingerprint Fingerprint) ([]byte, bool) {
	if c == nil || !c.breaker.closed() {
		return nil, false
	}
	ctx, end := c.span(ctx, "GET", 1)
	defer end()
	name := c.resultKey(brand, fingerprint)
	value, err := c.results.Do(ctx, name)
	entry := c.judge(result, name, value, err)
	return entry.Content, entry.Found
}

// judge believes what was read, or does not and sees that it goes away: a
// value that lies about its seq would keep true ones from being written.
func (c *Cache) judge(f family, name, value string, err error) Entry {
	switch {
	case err != nil:
		c.count.failed.Add(1)
		return Entry{}
	case value == "":
		c.count.misses.Add(1)
		return Entry{}
	}
	anchor, content, ok := c.seal.open(f, name, bytesOf(value))
	if !ok {
		c.count.rejected.Add(1)
		c.remove(name)
		return Entry{}
	}
	c.count.hits.Add(1)
	return Entry{Anchor: anchor, Content: content, Found: true}
}

// bytesOf spares a copy of what may be hundreds of kilobytes. The string is
// go-redis's answer, which nobody else holds.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// read is one round trip for all who share it. A key that several want is
// asked for once.
func (c *Cache) read(ctx context.Context, names []string) []commit.Result[string] {
	results := make([]commit.Result[string], len(names))
	wanted, place := distinct(names)
	var values []string
	err := c.breaker.do(func() (err error) {
		values, err = c.fetch(ctx, wanted)
		return err
	})
	for i := range results {
		switch {
		case err != nil:
			results[i].Err = err
		case place == nil:
			results[i].Value = values[i]
		default:
			results[i].Value = values[place[i]]
		}
	}
	return results
}

// distinct leaves out repeated names and says where each stands then; nil
// when none repeats.
func distinct(names []string) (wanted []string, place []int) {
	if len(names) == 1 {
		return names, nil
	}
	at := make(map[string]int, len(names))
	place = make([]int, len(names))
	for i, name := range names {
		j, seen := at[name]
		if !seen {
			j = len(wanted)
			at[name] = j
			wanted = append(wanted, name)
		}
		place[i] = j
	}
	if len(wanted) == len(names) {
		return names, nil
	}
	return wanted, place
}

// fetch reads names in one round trip (per node, in a Cluster); "" is absent.
func (c *Cache) fetch(ctx context.Context, names []string) ([]string, error) {
	values := make([]string, len(names))
	if !c.cluster {
		found, err := c.client.MGet(ctx, names...).Result()
		for i := range found {
			values[i], _ = found[i].(string)
		}
		return values, err
	}
	pipe := c.client.Pipeline()
	for _, name := range names {
		pipe.Get(ctx, name)
	}
	answers, _ := pipe.Exec(ctx)
	var failure error
	for i, answer := range answers {
		value, err := answer.(*redis.StringCmd).Result()
		values[i] = value
		// A key of a type that is not ours is no failure of Redis.
		if err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "WRONGTYPE") {
			failure = err
		}
	}
	return values, failure
}

// span traces a read when its caller is traced, and costs nothing otherwise.
func (c *Cache) span(ctx context.Context, command string, keys int) (context.Context, func()) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func() {}
	}
	ctx, span := c.count.tracer.Start(ctx, "redis "+command, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.system.name", "redis"), attribute.Int("db.operation.batch.size", keys)))
	return ctx, func() { span.End() }
}
