package config

import "time"

// Norms are what a brand's orders are judged by.
type Norms struct {
	Norm `yaml:",inline"`
	// Channels have norms of their own, by name without prefix, such as EXPRESS.
	Channels map[string]Norm `yaml:"channels"`
}

// Norm is one channel's.
type Norm struct {
	// Late is how the promise is held against the arrival: "timestamp" (the default)
	// to the instant, "day" by the brand's calendar day.
	Late string `yaml:"late"`
	// Grace is how much later than promised is still in time.
	Grace time.Duration `yaml:"grace"`
}

// ReceiptRule finds the occasion of a purchase: all that is given must hold.
type ReceiptRule struct {
	// Occasion is the tag, such as family.dinner.
	Occasion string `yaml:"occasion"`
	// Items, pieces in the receipt, and Party, people, each from and to, both included;
	// 0: not looked at.
	MinItems int `yaml:"min_items"`
	MaxItems int `yaml:"max_items"`
	MinParty int `yaml:"min_party"`
	MaxParty int `yaml:"max_party"`
	// Hours of the day in the brand's zone, as 18:00-23:00, and weekdays (mon … sun).
	Hours    string   `yaml:"hours"`
	Weekdays []string `yaml:"weekdays"`
	// Categories, one of which must be among the lines.
	Categories []string `yaml:"categories"`
}
