package hot

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/rapport-cx/rapport/internal/hot/hottest"
)

func TestCountersAreExportedUntilClose(t *testing.T) {
	reader := metric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	defer otel.SetMeterProvider(before)

	server := hottest.Start(t)
	c := open(t, server.URL(), Options{})
	store(t, c, nps, Anchor{Seq: 1}, "one")
	c.Get(t.Context(), nps)
	c.Get(t.Context(), Key{})
	server.Rubbish()
	c.Get(t.Context(), nps)
	want := map[string]int64{
		"rapport.hot.reads hit": 1, "rapport.hot.reads miss": 1, "rapport.hot.reads error": 0,
		"rapport.hot.rejected ":      1,
		"rapport.hot.writes dropped": 0,
	}
	got := collect(t, reader)
	delete(got, "rapport.hot.writes written") // the removal of rubbish may be among them or not yet
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); len(got) != 0 {
		t.Errorf("after Close: %v", got)
	}
}

// collect gives this package's counters by name and outcome.
func collect(t *testing.T, reader metric.Reader) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	values := map[string]int64{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok {
				continue
			}
			for _, point := range sum.DataPoints {
				outcome, _ := point.Attributes.Value("outcome")
				values[m.Name+" "+outcome.AsString()] = point.Value
			}
		}
	}
	return values
}
