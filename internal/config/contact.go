package config

import (
	"slices"
	"strings"
)

// Contact is how often, when and on what leave a brand contacts its customers.
type Contact struct {
	// Quiet is when nobody is contacted, in the customer's zone, as 21:00-09:00;
	// empty: never quiet.
	Quiet string `yaml:"quiet"`
	// QuietModes are the modes it holds for, those that ring; empty: all. A mode
	// that does not ring (EMAIL) may be left out of it.
	QuietModes []string `yaml:"quiet_modes"`
	// Limits bound contacts in rolling windows of whole days.
	Limits []ContactLimit `yaml:"limits"`
	// Consent are purposes that need an explicit yes.
	Consent []string `yaml:"consent"`
	// Silence is for how many days after a life event of a kind we keep silent;
	// under "default" for kinds not named: 30 unless given.
	Silence map[string]int `yaml:"silence"`

	// Night is Quiet, parsed.
	Night ClockSpan `yaml:"-"`
}

// ContactLimit is one bound.
type ContactLimit struct {
	// Purpose it is for; empty: all together.
	Purpose string `yaml:"purpose"`
	// Days are whole days where the customer lives, that of the contact included:
	// 1 is "once a day", not once in 24 hours.
	Days int `yaml:"days"`
	// Most contacts within them.
	Most int `yaml:"most"`
}

const (
	// defaultSilence is kept after a life event that the brand has no days for: who
	// forgets to name a kind must not be the one who writes to the bereaved.
	defaultSilence = 30
	// mostSilence and mostLimitDays bound how far back contacts and events matter.
	mostSilence   = 366
	mostLimitDays = 366
	// mostName bounds the name of a purpose or kind, as the contract does.
	mostName = 64
)

var contactModes = []string{"EMAIL", "PUSH", "SMS", "MESSENGER", "QR", "WIDGET", "CALL", "IN_PERSON", "EXTERNAL_REVIEW", "IMPORT"}

// Quiets tells whether the night holds for a mode, by name without prefix.
func (c *Contact) Quiets(mode string) bool {
	return len(c.QuietModes) == 0 || slices.Contains(c.QuietModes, mode)
}

// SilenceAfter is how many days a life event of a kind silences.
func (c *Contact) SilenceAfter(kind string) int {
	if days, ok := c.Silence[kind]; ok {
		return days
	}
	if days, ok := c.Silence["default"]; ok {
		return days
	}
	return defaultSilence
}

func (c *Contact) check() error {
	if c.Quiet != "" {
		night, err := parseClockSpan(c.Quiet)
		if err != nil {
			return wrong([]any{"quiet"}, "quiet: %v", err)
		}
		if night.To-night.From == 24*60 {
			return wrong([]any{"quiet"}, "quiet %q: leaves no time for any contact", c.Quiet)
		}
		c.Night = night
	}
	for i, mode := range c.QuietModes {
		if !slices.Contains(contactModes, mode) {
			return wrong([]any{"quiet_modes", i}, "quiet mode %q: use one of %s", mode, strings.Join(contactModes, ", "))
		}
	}
	for i, purpose := range c.Consent {
		if purpose == "" || len(purpose) > mostName || slices.Contains(c.Consent[:i], purpose) {
			return wrong([]any{"consent", i}, "consent %q: name each purpose once, in at most %d bytes", purpose, mostName)
		}
	}
	for kind, days := range c.Silence {
		if days < 0 || days > mostSilence {
			return wrong([]any{"silence", kind}, "silence after %s: %d days: use 0 to %d", kind, days, mostSilence)
		}
	}
	return c.checkLimits()
}

func (c *Contact) checkLimits() error {
	for i, l := range c.Limits {
		switch {
		case l.Days < 1 || l.Days > mostLimitDays:
			return wrong([]any{"limits", i, "days"}, "limit %d: days %d: use 1 to %d", i+1, l.Days, mostLimitDays)
		case l.Most < 1:
			return wrong([]any{"limits", i, "most"}, "limit %d: most %d: use 1 or more", i+1, l.Most)
		case len(l.Purpose) > mostName:
			return wrong([]any{"limits", i, "purpose"}, "limit %d: purpose is longer than %d bytes", i+1, mostName)
		}
		for _, other := range c.Limits[:i] {
			if other.Purpose == l.Purpose && other.Days == l.Days {
				return wrong([]any{"limits", i}, "limit %d: there is one of the same purpose and days already", i+1)
			}
		}
	}
	return nil
}
