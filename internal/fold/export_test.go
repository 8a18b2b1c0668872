package fold

// Waiting is how many callers wait for a computation of a brand.
func (e *Engine[F]) Waiting(brand string) int {
	fs := &(*e.brands.Load())[brand].flights
	fs.mu.Lock()
	defer fs.mu.Unlock()
	n := 0
	for _, f := range fs.at {
		n += f.waiting
	}
	return n
}
