package telemetry

import (
	"context"
	"fmt"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// newTracer exports in the background: a collector that is down costs spans,
// never calls.
func newTracer(ctx context.Context, cfg Config, who *resource.Resource) (*sdktrace.TracerProvider, error) {
	where, err := endpoint(cfg.OTLP)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpointURL(where))
	if err != nil {
		return nil, err
	}
	return sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(who),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.TraceRatio))),
	), nil
}

// endpoint reads the address of a collector; without a scheme it is taken for
// one on a private network, without TLS.
func endpoint(text string) (string, error) {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return text, nil
	}
	if u, err = url.Parse("http://" + text); err == nil && u.Host != "" && u.Path == "" {
		return "http://" + text, nil
	}
	return "", fmt.Errorf("%q is not the address of a collector, such as http://localhost:4317", text)
}

func identity(service, version string) *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.version", version))
}
