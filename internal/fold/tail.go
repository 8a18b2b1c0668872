package fold

import "time"

// follow applies what others commit, as long as the engine runs.
func (e *Engine[F]) follow(b *brand[F]) {
	e.work.Go(func() {
		for e.running.Err() == nil {
			err := e.log.Tail(e.running, b.name, func(h Head) error { return e.arrive(b, h) })
			if err == nil || e.running.Err() != nil {
				return
			}
			e.cfg.Logger.WarnContext(e.running, "follow log", "brand", b.name, "error", err)
			select {
			case <-time.After(e.cfg.WriteEvery):
			case <-e.running.Done():
			}
		}
	})
}

// arrive catches up with a head that was seen.
func (e *Engine[F]) arrive(b *brand[F], h Head) error {
	if e.Applied(b.name) == h {
		return nil
	}
	return e.Sync(e.running, b.name)
}
