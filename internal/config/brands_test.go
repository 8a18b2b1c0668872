package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapport-cx/rapport/internal/fault"
)

func TestDefaultBrands(t *testing.T) {
	brands, err := LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	zones := map[string]string{}
	for _, b := range brands.All() {
		zones[b.ID] = b.Location.String() + " " + b.Currency
	}
	want := map[string]string{"demo": "Europe/Moscow RUB", "olist": "America/Fortaleza BRL", "sfo": "America/Los_Angeles USD",
		"retail": "Europe/London GBP", "receipt": "Europe/Amsterdam EUR", "grocery": "America/New_York USD"}
	if diff := cmp.Diff(want, zones); diff != "" {
		t.Error(diff)
	}
	if _, err := brands.Get("nobody"); !fault.Is(err, ReasonBrandUnknown) {
		t.Errorf("got %v", err)
	}
	demo, err := brands.Get("demo")
	if err != nil || !demo.Closed(2031, time.May, 9) || demo.Closed(2031, time.May, 10) || demo.Hours[time.Sunday] != nil {
		t.Errorf("got %+v, %v", demo, err)
	}
}

const head = "brands:\n  - id: a\n    zone: Europe/Paris\n    currency: EUR\n    locales: [fr]\n"

func TestBrandsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "no brands"},
		"empty":             {"brands: []", "no brands"},
		"unknown key":       {head + "    zoen: x\n", "line 6: key zoen is not known"},
		"unknown weekday":   {head + "    hours:\n      monday: 09:00-10:00\n", "line 7: key monday"},
		"hours backwards":   {head + "    hours:\n      mon: 10:00-09:00\n", "line 7: hours of mon"},
		"hours overlap":     {head + "    hours:\n      mon: 09:00-12:00, 11:00-13:00\n", "in order"},
		"hours past a day":  {head + "    hours:\n      mon: 09:00-24:30\n", "not a span"},
		"holiday":           {head + "    holidays: [02-30]\n", "line 6: holiday"},
		"wrong kind":        {head + "    norms: 3\n", "line 6"},
		"zone":              {strings.Replace(head, "Europe/Paris", "Europe/Pariss", 1), `zone "Europe/Pariss"`},
		"no zone":           {strings.Replace(head, "Europe/Paris", "", 1), "zone"},
		"machine's zone":    {strings.Replace(head, "Europe/Paris", "Local", 1), "zone"},
		"currency":          {strings.Replace(head, "EUR", "euro", 1), "currency"},
		"id":                {strings.Replace(head, "id: a", "id: A", 1), "id"},
		"twice":             {head + strings.TrimPrefix(head, "brands:\n"), "taken"},
		"two documents":     {head + "---\n" + head, "document"},
		"null in the list":  {"brands: [null]", "empty"},
		"locale":            {strings.Replace(head, "[fr]", "[French]", 1), "locale"},
		"locales forgotten": {strings.Replace(head, "[fr]", "[]", 1), "locales"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseBrands([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "config.") {
				t.Errorf("names a Go type: %v", err)
			}
		})
	}
}

func TestBrandWhole(t *testing.T) {
	brands, err := ParseBrands([]byte(head + "    hours:\n      sat: 09:00-13:00, 14:00-24:00\n    holidays: [2026-01-09, 02-29]\n    norms: {late: day, channels: {EXPRESS: {grace: 10m}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := brands.Get("a")
	want := []Span{{540, 780}, {840, 1440}}
	if diff := cmp.Diff(want, b.Hours[time.Saturday]); diff != "" || b.Name != "a" || b.Norms.Late != "day" || b.Norms.Channels["EXPRESS"].Grace != 10*time.Minute {
		t.Error(diff, b)
	}
	if !b.Closed(2026, time.January, 9) || b.Closed(2027, time.January, 9) || !b.Closed(2028, time.February, 29) {
		t.Error("holidays")
	}
}
