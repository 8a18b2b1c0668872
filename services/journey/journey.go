// Package journey owns what happened to customers: events in shop, app, delivery
// and call centre on one time line, and what became of orders.
//
// An event is judged (event), packed (record) and committed to the brand's log in
// company (internal/commit, internal/feed); the folds (internal/fold) take it in
// before it is acknowledged. What an order came to is told by a consumer of that
// log (order). Definitions are facts of the same log and live in memory.
package journey

import (
	"sync/atomic"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// Config is what Journey needs beside its floor.
type Config struct {
	// Lake is the folder of the sealed events; replicas share it.
	Lake string `flag:"lake" help:"folder of the lake, shared by replicas; empty: DATA/lake"`
	// LakeMemory bounds the columns of the lake that stay decoded.
	LakeMemory config.Bytes `flag:"lake-memory" default:"512MiB" help:"memory for columns of the lake"`
}

// brand is one brand's place in this process.
type brand struct {
	*config.Brand
	zone *calendar.Zone
	// defined is replaced, not emptied, when the log turns out to be another one.
	defined atomic.Pointer[definitions]
	// opened is set once the definitions have been read from the log.
	opened atomic.Bool
	// unresolved wakes whoever resolves identities.
	unresolved chan struct{}
	// extent is the run of days that have facts, as last read.
	extent extent
}

// newBrands lays out the calendar and empty definitions for each brand.
func newBrands(all *config.Brands) map[string]*brand {
	out := map[string]*brand{}
	for _, b := range all.All() {
		one := &brand{Brand: b, zone: calendar.In(b.Location), unresolved: make(chan struct{}, 1)}
		one.defined.Store(newDefinitions())
		out[b.ID] = one
	}
	return out
}
