package hot

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// setUnlessOlder stores ARGV[1] unless a value of the same format and family
// with a larger seq is there. Seqs are compared as numbers: Lua compares text
// by the server's locale. Rubbish of any type is overwritten.
const setUnlessOlder = `
local old = redis.pcall('GETRANGE', KEYS[1], 0, 9)
if type(old) == 'string' and #old == 10 and string.sub(old, 1, 2) == string.sub(ARGV[1], 1, 2)
  and struct.unpack('>i8', old, 3) > struct.unpack('>i8', ARGV[1], 3) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`

// Put stores a slab soon. Content belongs to the cache from then on and must
// not be changed. Of several Puts of a key within a second the last counts,
// and none replaces one of a larger seq.
func (c *Cache) Put(_ context.Context, key Key, anchor Anchor, content []byte) {
	if c == nil {
		return
	}
	c.enqueue(write{family: slab, name: c.slabKey(key), anchor: anchor, content: content})
}

// PutResult stores a result soon; it goes away by itself.
func (c *Cache) PutResult(_ context.Context, brand string, fingerprint Fingerprint, content []byte) {
	if c == nil {
		return
	}
	c.enqueue(write{family: result, name: c.resultKey(brand, fingerprint), content: content})
}

// Disown deletes a slab soon, and lets the next Put of it in whatever its seq.
// It is for a reader whose log does not have the anchor it was given: after a
// restore from backup a value of a lost future would stand in the way.
func (c *Cache) Disown(key Key) {
	if c == nil {
		return
	}
	c.remove(c.slabKey(key))
}

func (c *Cache) remove(name string) {
	c.enqueue(write{family: result, name: name, remove: true, replace: true})
}

func (c *Cache) enqueue(w write) {
	if !c.breaker.closed() || !c.pending.put(w) {
		c.count.dropped.Add(1)
	}
}

// Flush writes everything that waits, due or not, and returns when it is
// written or given up.
func (c *Cache) Flush(ctx context.Context) error {
	if c == nil {
		return nil
	}
	done := make(chan struct{})
	select {
	case c.flush <- done:
	case <-c.stop:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeLoop is the one writer. It sleeps while nothing waits, writes at once
// what comes after a pause, and looks again a hundred times in WriteEvery at
// most: what comes thick goes out in bulk.
func (c *Cache) writeLoop() {
	later := time.NewTimer(time.Hour)
	defer later.Stop()
	var last time.Time
	for {
		var flushed chan struct{}
		select {
		case <-c.stop:
			return
		case flushed = <-c.flush:
		case <-c.pending.wake:
			if rest := c.opts.WriteEvery/100 - time.Since(last); rest > 0 {
				later.Reset(rest)
				continue
			}
		case <-later.C:
		}
		last = time.Now()
		due, more := c.pending.take(last, flushed != nil)
		c.writeAll(due)
		if more {
			later.Reset(c.opts.WriteEvery / 10)
		}
		if flushed != nil {
			close(flushed)
		}
	}
}

// writeAll writes in pipelines of moderate size; a reader's round trip waits
// behind one of them at most.
func (c *Cache) writeAll(due []write) {
	const most, mostBytes = 128, 1 << 20
	for len(due) > 0 {
		n, size := 0, 0
		for n < len(due) && n < most && (n == 0 || size+len(due[n].content) <= mostBytes) {
			size += len(due[n].content)
			n++
		}
		c.writeSome(due[:n])
		due = due[n:]
	}
}

func (c *Cache) writeSome(due []write) {
	if !c.breaker.closed() {
		c.count.dropped.Add(int64(len(due)))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.WriteTimeout)
	defer cancel()
	pipe := c.client.Pipeline()
	for _, w := range due {
		c.send(ctx, pipe, w)
	}
	answers, _ := pipe.Exec(ctx)
	for _, answer := range answers {
		// Not the breaker's business: a Redis out of memory refuses writes and
		// still reads well, and one that is gone is noticed by the readers.
		if answer.Err() != nil {
			c.count.dropped.Add(1)
		} else {
			c.count.written.Add(1)
		}
	}
}

func (c *Cache) send(ctx context.Context, pipe redis.Pipeliner, w write) {
	if w.remove {
		pipe.Del(ctx, w.name)
		return
	}
	value := c.seal.close(w.family, w.name, w.anchor, w.content)
	switch {
	case w.family == result:
		pipe.Set(ctx, w.name, value, c.opts.ResultTTL)
	case w.replace:
		pipe.Set(ctx, w.name, value, c.opts.SlabTTL)
	default:
		pipe.Eval(ctx, setUnlessOlder, []string{w.name}, value, c.opts.SlabTTL.Milliseconds())
	}
}
