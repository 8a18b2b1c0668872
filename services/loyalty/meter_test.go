package loyalty_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// What is earned, spent, refused, timed out and expired is told to who watches, once; a
// request that is repeated is not counted again.
func TestMeterTellsWhatMoved(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.Config{}, "test", "test", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(tel.Meter)
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	c := &clock{now: start}
	r := newReplica(t, sqldbtest.SQLite(t), c.Now, loyalty.Neighbours{})
	programme(t, r, club, &loyaltyv1.Lifetime{ExpireMonths: 1})
	for range 2 {
		earned(t, r, "e", 1, 100, "o")
		if _, err := redeem(t, r, "r", 1, 30, "p"); err != nil {
			t.Fatal(err)
		}
		if _, err := redeem(t, r, "no", 1, 500, "p"); err == nil {
			t.Error("spent more than there is")
		}
	}
	if _, err := hold(t, r, "h", 1, 20, 60); err != nil {
		t.Fatal(err)
	}
	c.Add(time.Hour)
	expire(t, r)
	if err := r.server.Look(t.Context(), brand); err != nil {
		t.Fatal(err)
	}
	paged(t, tel, map[string]string{
		"rapport_loyalty_points_earned_total": "100", "rapport_loyalty_points_spent_total": "30", "rapport_loyalty_points_outstanding": "70",
		"rapport_loyalty_refused_total": "1", "rapport_loyalty_holds_timed_out_total": "1", "rapport_loyalty_unmatched_returns": "0",
	})
	c.Add(40 * day)
	expire(t, r)
	if err := r.server.Look(t.Context(), brand); err != nil {
		t.Fatal(err)
	}
	paged(t, tel, map[string]string{
		"rapport_loyalty_points_expired_total": "70", "rapport_loyalty_points_outstanding": "0", "rapport_loyalty_expiry_lag_seconds_count": "2",
	})
}

// paged finds numbers on the page of metrics.
func paged(t *testing.T, tel *telemetry.Telemetry, want map[string]string) {
	t.Helper()
	page := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for name, value := range want {
		found := ""
		for line := range strings.SplitSeq(page.Body.String(), "\n") {
			if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == ' ' || rest[0] == '{') {
				found = line
			}
		}
		if !strings.HasSuffix(found, " "+value) {
			t.Errorf("%s is %q, want %s", name, found, value)
		}
	}
}
