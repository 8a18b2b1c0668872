package app

import (
	"math"
	"os"
	"runtime/debug"
)

// Memory lets the collector wait while the heap is small: a server of many
// short-lived requests spends a tenth of its time on collecting otherwise. budget
// is what the caches of the process may hold; near twice of it the collector
// works as usual. GOGC and GOMEMLIMIT, where given, stand.
func Memory(budget int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(2*budget + besides)
	}
}

// besides is what a process needs beside its caches.
const besides = 512 << 20
