package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func TestLogCarriesTheTrace(t *testing.T) {
	var out bytes.Buffer
	tel, err := New(context.Background(), Config{}, "survey", "v0", &out)
	if err != nil {
		t.Fatal(err)
	}
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	tel.Log.With("service", "survey").InfoContext(trace.ContextWithSpanContext(context.Background(), span), "hello")
	tel.Log.Debug("not written")
	if err := tel.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if line["trace_id"] != span.TraceID().String() || line["span_id"] != span.SpanID().String() || line["service"] != "survey" {
		t.Errorf("got %v", line)
	}
}

func TestAnErrorIsOutAtOnce(t *testing.T) {
	out := &sink{}
	tel, err := New(context.Background(), Config{}, "survey", "v0", out)
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Close(context.Background())
	tel.Log.Error("going down")
	if !strings.Contains(out.String(), "going down") {
		t.Error("the line is not out")
	}
}

func TestMetricsAreServed(t *testing.T) {
	tel, err := New(context.Background(), Config{}, "survey", "v0", &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Close(context.Background())
	counter, err := tel.Meter.Meter("loyalty").Int64Counter("rapport.loyalty.points_earned")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(context.Background(), 7)
	page := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{"rapport_loyalty_points_earned_total 7", "go_goroutines"} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestTracesOnlyWhereConfigured(t *testing.T) {
	for where, ok := range map[string]bool{"": true, "localhost:4317": true, "http://localhost:4317": true, "ftp://x": false, "a b": false} {
		tel, err := New(context.Background(), Config{OTLP: where}, "survey", "v0", &bytes.Buffer{})
		if (err == nil) != ok {
			t.Errorf("%q: %v", where, err)
			continue
		}
		if !ok {
			continue
		}
		if (tel.Tracer != nil) != (where != "") {
			t.Errorf("%q: tracer %v", where, tel.Tracer)
		}
		if err := tel.Close(context.Background()); err != nil {
			t.Errorf("%q: %v", where, err)
		}
	}
}
