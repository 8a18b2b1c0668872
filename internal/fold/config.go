package fold

import (
	"log/slog"
	"time"
)

// Config of an engine. The zero value runs with the defaults named here.
type Config struct {
	// Service names the metrics of the engine, where a process has several.
	Service string
	// Memory is the budget of loaded slabs in bytes; 1 GiB. Views pin what they
	// read, so one very wide view may exceed it for as long as it runs.
	Memory int64
	// Results is the budget of the near cache of results in bytes; 64 MiB.
	Results int64
	// WriteEvery is how often changed slabs are written back; 1 s.
	WriteEvery time.Duration
	// SweepEvery is how often a few days that fell behind are refolded in the
	// background; 5 s. Negative: never.
	SweepEvery time.Duration
	// AuditEvery is how often a day in memory is folded from zero and compared; 1
	// minute. Negative: never.
	AuditEvery time.Duration
	// Loads bounds the reads of the log that run at the same time; 4.
	Loads int
	// Page is how many facts are read from the log at once; 1000.
	Page int
	// NoMemory drops slabs after each view, NoNear keeps no results in memory,
	// NoShared none in Redis. For measuring each level alone.
	NoMemory, NoNear, NoShared bool
	// Clock and Logger; time.Now and slog.Default.
	Clock  func() time.Time
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	or := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	or(&c.Memory, 1<<30)
	or(&c.Results, 64<<20)
	or((*int64)(&c.WriteEvery), int64(time.Second))
	or((*int64)(&c.SweepEvery), int64(5*time.Second))
	or((*int64)(&c.AuditEvery), int64(time.Minute))
	if c.Loads == 0 {
		c.Loads = 4
	}
	if c.Page == 0 {
		c.Page = 1000
	}
	if c.NoMemory {
		c.Memory = 0
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}
