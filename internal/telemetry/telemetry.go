// Package telemetry starts what tells about a running process: traces by OTLP
// where a collector is configured, metrics for Prometheus always, and logs as
// JSON lines that carry the ids of the trace they belong to.
//
// A metric is declared beside the code it counts, on the meter that Install made
// global; this package declares none.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"
)

// Config is what a process tells, and to whom.
type Config struct {
	// OTLP is where traces go. Empty: no traces are made, which costs nothing.
	OTLP string `flag:"otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"collector of traces, such as http://localhost:4317; none if empty"`
	// TraceRatio is the share of calls that are traced when the caller did not
	// decide.
	TraceRatio float64 `flag:"trace-ratio" default:"1" help:"share of calls to trace, 0 to 1"`
	// LogLevel is the least level that is written.
	LogLevel slog.Level `flag:"log-level" default:"INFO" help:"least level to log: DEBUG, INFO, WARN or ERROR"`
}

// Telemetry is one process's tracer, meter and log.
type Telemetry struct {
	// Tracer makes spans; nil if no collector is configured.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	Log    *slog.Logger
	// Propagator reads and writes the W3C headers of a trace.
	Propagator propagation.TextMapPropagator
	// Metrics serves /metrics.
	Metrics http.Handler
	// Lines takes whole lines of the log, for who writes too many to have each of
	// them put together by slog.
	Lines *Writer

	close []func(context.Context) error
}

// New starts telemetry that logs to out. Service and version name the process
// in traces.
func New(ctx context.Context, cfg Config, service, version string, out io.Writer) (*Telemetry, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("start metrics: %w", err)
	}
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(identity(service, version)))
	t := &Telemetry{
		Meter:      meter,
		Propagator: propagation.TraceContext{},
		Metrics:    promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Lines:      NewWriter(out),
		close:      []func(context.Context) error{meter.Shutdown},
	}
	t.Log = slog.New(NewHandler(t.Lines, cfg.LogLevel))
	if cfg.OTLP != "" {
		tracer, err := newTracer(ctx, cfg, identity(service, version))
		if err != nil {
			return nil, fmt.Errorf("start traces: %w", err)
		}
		t.Tracer = tracer
		t.close = append(t.close, tracer.Shutdown)
	}
	return t, nil
}

// Install makes this telemetry the process's own, for code that declares its
// metrics on the global meter and for libraries.
func (t *Telemetry) Install() {
	otel.SetMeterProvider(t.Meter)
	otel.SetTextMapPropagator(t.Propagator)
	if t.Tracer != nil {
		otel.SetTracerProvider(t.Tracer)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { t.Log.Warn("telemetry", "cause", err.Error()) }))
	slog.SetDefault(t.Log)
}

// Close sends what is left of traces and writes what is left of the log, which
// comes last so that it can still tell what went wrong before.
func (t *Telemetry) Close(ctx context.Context) error {
	var errs []error
	for _, stop := range t.close {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(append(errs, t.Lines.Close())...)
}
