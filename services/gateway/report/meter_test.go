package report_test

import (
	"io"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// What becomes of sections, and which services are left alone, is told outside.
func TestMeasured(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.Config{}, "report", "test", io.Discard)
	must(t, err)
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(tel.Meter)
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	w := newWorld(t, monday, report.Config{Rest: time.Minute})
	w.defined(t)
	page := func() string {
		out := httptest.NewRecorder()
		tel.Metrics.ServeHTTP(out, httptest.NewRequest("GET", "/metrics", nil))
		return out.Body.String()
	}
	holds := func(when, line string) {
		t.Helper()
		if text := page(); !regexp.MustCompile(`(?m)^` + line).MatchString(text) {
			t.Errorf("%s: no line %s", when, line)
		}
	}
	w.ask(t, "omnichannel", 10*time.Second)
	holds("all is well", `rapport_report_sections_total\{[^}]*section="scores",[^}]*source="survey",[^}]*status="ok"\} 1`)
	holds("all is well", `rapport_report_section_duration_seconds_count\{[^}]*section="orders",[^}]*source="journey"\} 1`)
	holds("all is well", `rapport_report_calls_total\{[^}]*service="survey",[^}]*shared="false"\} [1-9]`)
	holds("all is well", `rapport_report_circuit_open\{[^}]*service="journey"\} 0`)
	w.served["journey"].stop()
	for range 5 {
		w.ask(t, "omnichannel", 2*time.Second)
	}
	holds("journey is away", `rapport_report_sections_total\{[^}]*section="orders",[^}]*source="journey",[^}]*status="missing"\} 5`)
	holds("journey is away", `rapport_report_circuit_open\{[^}]*service="journey"\} 1`)
	holds("journey is away", `rapport_report_circuit_open\{[^}]*service="survey"\} 0`)
	holds("journey is away", `rapport_report_circuit_changes_total\{[^}]*service="journey",[^}]*state="open"\} 1`)
	holds("journey is away", `rapport_report_repeats_total\{[^}]*service="journey"\} [1-9]`)
	w.served["journey"].start()
}
