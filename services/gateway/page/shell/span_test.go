package shell_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

func TestSpan(t *testing.T) {
	today := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	known := []string{"7", "30", "all"}
	for _, c := range []struct{ query, wrong, first, last, before, fixed string }{
		{"", "", "2026-02-01", "2026-03-02", "2026-01-02", "/p?from=2026-02-01&to=2026-03-02"},
		{"days=7", "", "2026-02-24", "2026-03-02", "2026-02-17", "/p?from=2026-02-24&to=2026-03-02"},
		{"days=all", "", "", "", "", "/p?days=all"},
		{"from=2026-02-28", "", "2026-02-28", "2026-02-28", "2026-02-27", "/p?from=2026-02-28"},
		{"from=2026-02-01&to=2026-02-28", "", "2026-02-01", "2026-02-28", "2026-01-04", "/p?from=2026-02-01&to=2026-02-28"},
		{"days=8", "days", "", "", "", ""},
		{"days=-7", "days", "", "", "", ""},
		{"from=2026-02-30", "from", "", "", "", ""},
		{"from=2026-02-02&to=2026-02-01", "to", "", "", "", ""},
	} {
		q, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		wrong := fault.Invalid()
		s := shell.ReadSpan(q, known, "30", wrong)
		if c.wrong != "" {
			if e := fault.From(wrong.Err()); len(e.Fields) == 0 || e.Fields[0].Path != c.wrong {
				t.Errorf("%q: %v is wrong, not %s", c.query, e.Fields, c.wrong)
			}
			continue
		}
		if wrong.Err() != nil {
			t.Errorf("%q: %v", c.query, wrong.Err())
		}
		first, last := s.FormDays(today)
		if first != c.first || last != c.last {
			t.Errorf("%q: %s to %s, not %s to %s", c.query, first, last, c.first, c.last)
		}
		if before, _ := s.Before(today); !s.All && before.Format(time.DateOnly) != c.before {
			t.Errorf("%q: before from %v, not %s", c.query, before, c.before)
		}
		if at := s.Fixed(shell.Address{Page: "/p", Own: q}, today).String(); at != c.fixed {
			t.Errorf("%q: %s, not %s", c.query, at, c.fixed)
		}
	}
}
