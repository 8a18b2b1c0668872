package subscription

import (
	"context"
	"sync"
)

// Deliver plans what is due and makes one attempt at all that may be tried. It tells how
// many attempts it made.
func (s *Server) Deliver(ctx context.Context) (n int, err error) {
	for _, b := range s.cfg.Brands.All() {
		if err := s.plan(ctx, b.ID); err != nil {
			return n, err
		}
		for {
			mine, err := s.store.claim(ctx, b.ID, s.cfg.Clock(), 50)
			if err != nil || len(mine) == 0 {
				if err != nil {
					return n, err
				}
				break
			}
			var works sync.WaitGroup
			for _, d := range mine {
				works.Go(func() { s.deliver(ctx, d) })
			}
			works.Wait()
			n += len(mine)
		}
	}
	return n, nil
}

// Begin records attempts at what is due and makes none, as a process does that ends then.
func (s *Server) Begin(ctx context.Context, brand string) (ids []string, err error) {
	if err := s.plan(ctx, brand); err != nil {
		return nil, err
	}
	mine, err := s.store.claim(ctx, brand, s.cfg.Clock(), 1000)
	for _, d := range mine {
		ids = append(ids, d.GetId())
	}
	return ids, err
}

// Lease is for how long an attempt is left to who began it.
const Lease = lease
