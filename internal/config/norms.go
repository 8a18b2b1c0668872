package config

import (
	"slices"
	"strings"
	"time"
)

// Norms are what a brand's orders are judged by.
type Norms struct {
	Norm `yaml:",inline"`
	// Channels have norms of their own, by name without prefix, such as EXPRESS.
	Channels map[string]Norm `yaml:"channels"`
}

// Norm is one channel's.
type Norm struct {
	// Late is how the promise is held against the arrival: LateTimestamp or LateDay.
	// Not given, a channel has the brand's, the brand LateTimestamp.
	Late string `yaml:"late"`
	// Grace is how much later than promised is still in time. A channel with a norm
	// of its own has its own grace: none if not given.
	Grace time.Duration `yaml:"grace"`
}

// How a promise is held against the arrival.
const (
	// LateTimestamp: to the instant.
	LateTimestamp = "timestamp"
	// LateDay: by the brand's calendar day.
	LateDay = "day"
)

// mostGrace is more than any promise bears.
const mostGrace = 30 * 24 * time.Hour

var channels = []string{"STORE", "IN_STORE_ORDER", "PICKUP", "EXPRESS", "COURIER", "NEXT_DAY", "PICKUP_POINT", "WEB", "APP", "MARKETPLACE", "CALL_CENTER"}

// For is the norm of a channel, by name without prefix; the brand's if it has
// none of its own.
func (n *Norms) For(channel string) Norm {
	if own, ok := n.Channels[channel]; ok {
		return own
	}
	return n.Norm
}

func (n *Norms) check() error {
	if n.Late == "" {
		n.Late = LateTimestamp
	}
	if err := n.Norm.check(); err != nil {
		return err
	}
	for name, own := range n.Channels {
		if !slices.Contains(channels, name) {
			return wrong([]any{"channels", name}, "channel %q: use one of %s", name, strings.Join(channels, ", "))
		}
		if own.Late == "" {
			own.Late = n.Late
		}
		if err := own.check(); err != nil {
			return within(err, "channels", name)
		}
		n.Channels[name] = own
	}
	return nil
}

func (n *Norm) check() error {
	if n.Late != LateTimestamp && n.Late != LateDay {
		return wrong([]any{"late"}, "late %q: use %s or %s", n.Late, LateTimestamp, LateDay)
	}
	if n.Grace < 0 || n.Grace > mostGrace {
		return wrong([]any{"grace"}, "grace %s: use 0s to %s", n.Grace, mostGrace)
	}
	return nil
}
