package commit

import (
	"context"
	"sync"
)

// Turns let changes of one brand wait for each other here rather than at the head of its
// log, where each would hold a connection that other brands, and the reads of the one that
// is at work, need.
type Turns struct{ of sync.Map }

// Take waits for the brand's turn, which ends with done.
func (t *Turns) Take(ctx context.Context, brand string) (done func(), err error) {
	held, _ := t.of.LoadOrStore(brand, make(chan struct{}, 1))
	turn := held.(chan struct{})
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
