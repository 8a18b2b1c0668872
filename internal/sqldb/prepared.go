package sqldb

import (
	"context"
	"database/sql"
	"sync"
)

// maxPrepared bounds the statements kept prepared on a connection, so that
// texts built for one occasion cannot grow memory without end.
const maxPrepared = 256

// prepared keeps the texts of a pool prepared. A nil *prepared keeps nothing:
// pgx caches statements by itself, SQLite's driver parses each time.
type prepared struct {
	pool *sql.DB
	mu   sync.RWMutex
	by   map[string]*sql.Stmt
	// asked are the texts that are being prepared in the background, busy those who
	// do: a connection must not be opened after close has returned.
	asked map[string]bool
	busy  sync.WaitGroup
}

// get returns query prepared, or nil if it must run as it is: the cache is
// full, or the text is wrong and running it will say so.
func (p *prepared) get(ctx context.Context, query string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	st, full := p.by[query], len(p.by) >= maxPrepared
	p.mu.RUnlock()
	if st != nil || full {
		return st
	}
	fresh, err := p.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if st := p.by[query]; st != nil || p.by == nil {
		fresh.Close()
		return st
	}
	p.by[query] = fresh
	return fresh
}

// known returns query prepared if it is already. If it is not it will be soon: a
// caller that holds a connection must not wait for another one, or as many such
// callers as there are connections would wait for each other for ever.
func (p *prepared) known(query string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	st, wait := p.by[query], len(p.by) >= maxPrepared || p.asked[query]
	p.mu.RUnlock()
	if st != nil || wait {
		return st
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[string]bool{}
	}
	if p.by != nil && !p.asked[query] {
		p.asked[query] = true
		p.busy.Go(func() { p.prepare(query) })
	}
	return nil
}

// prepare is get in the background.
func (p *prepared) prepare(query string) {
	p.get(context.Background(), query)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.asked, query)
}

func (p *prepared) close() {
	p.mu.Lock()
	all := p.by
	p.by = nil // from now on nothing is asked for
	p.mu.Unlock()
	p.busy.Wait()
	for _, st := range all {
		st.Close()
	}
}
