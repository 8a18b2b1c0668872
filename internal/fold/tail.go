package fold

import (
	"context"
	"time"
)

// grace is how long a head may be known before the follower reads its facts
// itself. Nearly always it is this replica's own commit, whose writer is about
// to hand them over; reading them as well would only hold that writer up.
const grace = 10 * time.Millisecond

// retryAfter is the pause after the log could not be read.
const retryAfter = time.Second

// follow applies what others commit, as long as the engine runs.
func (e *Engine[F]) follow(b *brand[F]) {
	e.work.Go(func() {
		ctx := e.running
		for ctx.Err() == nil {
			changed := e.log.Changed(b.name)
			if err := e.catchUp(ctx, b); err != nil && ctx.Err() == nil {
				e.cfg.Logger.WarnContext(ctx, "follow log", "brand", b.name, "error", err)
				pause(ctx, retryAfter)
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	})
}

// catchUp applies the facts up to the head that is known, if nobody else does.
func (e *Engine[F]) catchUp(ctx context.Context, b *brand[F]) error {
	// In this order, since a writer lets the head be known before it applies.
	applied, head := e.Applied(b.name), e.log.Known(b.name)
	if head.Seq == 0 || head.Cursor() == applied.Cursor() {
		return nil
	}
	if head.Seq > applied.Seq {
		pause(ctx, grace)
		if b.seq.Load() >= head.Seq {
			return nil
		}
	}
	return e.Sync(ctx, b.name)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
