package hot

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// TryClaim says whether the caller should fold the slab: true for one replica
// within ttl, so that two do not fold the same cold slab at once. It is a
// courtesy: without Redis everybody may, and a holder that dies blocks nobody
// for longer than ttl.
func (c *Cache) TryClaim(ctx context.Context, key Key, ttl time.Duration) bool {
	if c == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.ReadTimeout)
	defer cancel()
	mine := true
	_ = c.breaker.do(func() error {
		err := c.client.SetArgs(ctx, c.slabKey(key)+":claim", "1", redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
		if errors.Is(err, redis.Nil) {
			mine, err = false, nil
		}
		return err
	})
	return mine
}
