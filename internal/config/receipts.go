package config

import (
	"regexp"
	"slices"
	"time"
)

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
	// Hours may pass over midnight; the weekday is that of the purchase, so one at
	// 01:00 on Saturday is Saturday's.
	Hours    string   `yaml:"hours"`
	Weekdays []string `yaml:"weekdays"`
	// Categories, one of which must be among the lines.
	Categories []string `yaml:"categories"`

	// Clock is Hours, parsed; empty: at any time. OnDay is Weekdays by time.Weekday;
	// all seven if none is named.
	Clock ClockSpan `yaml:"-"`
	OnDay [7]bool   `yaml:"-"`
}

var occasionShape = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)

// At tells whether the rule looks at purchases of a weekday and a minute of the
// day, 0 to 1439, both of the brand's wall clock.
func (r *ReceiptRule) At(day time.Weekday, minute int) bool {
	return r.OnDay[day] && (r.Clock.Empty() || r.Clock.Has(minute))
}

func (r *ReceiptRule) check() error {
	if !occasionShape.MatchString(r.Occasion) || len(r.Occasion) > mostName {
		return wrong([]any{"occasion"}, "occasion %q: use lower case words with dots such as family.dinner", r.Occasion)
	}
	for _, b := range []struct {
		name     string
		min, max int
	}{{"items", r.MinItems, r.MaxItems}, {"party", r.MinParty, r.MaxParty}} {
		if b.min < 0 || b.max < 0 || b.max > 0 && b.max < b.min {
			return wrong([]any{"max_" + b.name}, "%s: %s from %d to %d", r.Occasion, b.name, b.min, b.max)
		}
	}
	if slices.Contains(r.Categories, "") {
		return wrong([]any{"categories"}, "%s: an empty category", r.Occasion)
	}
	var err error
	if r.Hours != "" {
		if r.Clock, err = parseClockSpan(r.Hours); err != nil {
			return wrong([]any{"hours"}, "%s: hours: %v", r.Occasion, err)
		}
	}
	if r.OnDay, err = parseWeekdays([]any{"weekdays"}, r.Weekdays); err != nil {
		return err
	}
	if r.MinItems+r.MaxItems+r.MinParty+r.MaxParty+len(r.Weekdays)+len(r.Categories) == 0 && r.Hours == "" {
		return wrong(nil, "%s: says nothing of the purchase: give items, party, hours, weekdays or categories", r.Occasion)
	}
	return nil
}
