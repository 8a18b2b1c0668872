package contact

import (
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/config"
)

// Whoever asks as often as it may leaves room for who asks seldom, where each purpose has
// a budget of its own below that of all together: as the brands that come with the suite
// have. Without, the first takes everything.
func TestTrapFrequentAskerStarvesNobody(t *testing.T) {
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	demo, err := brands.Get("demo")
	if err != nil {
		t.Fatal(err)
	}
	shared := config.Contact{Limits: []config.ContactLimit{{Days: 7, Most: 3}}}
	if got := asked(t, demo.Contact); got["survey"] != 26 || got["marketing"] < 80 {
		t.Errorf("by the demo's rules: %v", got)
	}
	if got := asked(t, shared); got["survey"] != 0 || got["marketing"] < 150 {
		t.Errorf("by one budget for all: %v", got)
	}
}

// asked counts who was let ask a customer in a year: an advertiser who tries every hour,
// and a survey that tries every second Thursday at noon, behind it.
func asked(t *testing.T, rules config.Contact) map[string]int {
	t.Helper()
	p, out := &Person{Zone: zone(t, "Europe/Moscow")}, map[string]int{}
	rules.Consent = nil
	try := func(purpose string, at time.Time) {
		if j := Judge(&rules, p, Ask{Purpose: purpose, Mode: email, At: at}); j.Allowed() {
			p.Made = append(p.Made, Made{Purpose: purpose, At: at})
			out[purpose]++
		}
	}
	start := wall(t, p.Zone, "2026-01-01 00:00")
	for hour := range 364 * 24 {
		at := start.Add(time.Duration(hour) * time.Hour)
		try("marketing", at)
		if hour%(14*24) == 12 {
			try("survey", at)
		}
	}
	return out
}
