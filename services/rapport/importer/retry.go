package importer

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// maxTries bounds how often in a row something is tried in vain: the delays
	// sum up to about a minute, in which a server restarts.
	maxTries   = 12
	firstDelay = 50 * time.Millisecond
	lastDelay  = 10 * time.Second
)

// retry does f until it works, is refused for good or was tried often enough.
func (r *run) retry(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || !fault.Retryable(err) || try == maxTries {
			return err
		}
		if err := r.opts.wait(ctx, delay(try, err)); err != nil {
			return err
		}
	}
}

// delay is how long to wait before the next try: longer each time, and at least
// what the server asks for.
func delay(try int, err error) time.Duration {
	d := lastDelay
	if try < 10 {
		d = min(firstDelay<<(try-1), lastDelay)
	}
	return max(d, fault.From(err).RetryAfter)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
