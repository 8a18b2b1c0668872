package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Handler writes JSON lines that carry the trace and span they were logged in.
type Handler struct {
	json slog.Handler
	out  *Writer
}

// NewHandler writes records of at least the given level to out.
func NewHandler(out *Writer, level slog.Level) *Handler {
	return &Handler{json: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}), out: out}
}

// Enabled tells whether the level is written.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.json.Enabled(ctx, level)
}

// Handle writes one record. An error is on its way out before Handle returns:
// the next thing the process does may be its last.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	err := h.json.Handle(ctx, r)
	if r.Level >= slog.LevelError {
		h.out.Flush()
	}
	return err
}

// WithAttrs is the handler with attributes on every record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{json: h.json.WithAttrs(attrs), out: h.out}
}

// WithGroup is the handler with a group around the attributes.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{json: h.json.WithGroup(name), out: h.out}
}
