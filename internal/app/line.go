package app

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rapport-cx/rapport/internal/fault"
)

// line tells of a call in the log.
func (s *steps) line(ctx context.Context, c *call, code codes.Code, took time.Duration, err error, id string) {
	at := level(code)
	if c.method.quiet && at < slog.LevelError {
		at = slog.LevelDebug
	}
	if code == codes.Unavailable && s.draining.Err() != nil {
		at = slog.LevelInfo // this replica ends calls itself
	}
	if !s.log.Enabled(ctx, at) {
		return
	}
	if code == codes.OK && !traced(ctx) && plain(c.brand) {
		s.usualLine(c, took, at)
		return
	}
	// The handler itself: a Logger would look up the source line of this very
	// function each time.
	r := slog.NewRecord(c.start.Add(took), at, "call", 0)
	r.AddAttrs(c.method.attr, slog.String("code", code.String()), slog.Int64("micros", took.Microseconds()))
	if c.brand != "" {
		r.AddAttrs(slog.String("brand", c.brand))
	}
	if err != nil {
		if reason := fault.Reason(err); reason != "" {
			r.AddAttrs(slog.String("reason", reason))
		}
		r.AddAttrs(slog.String("cause", err.Error()))
	}
	if id != "" && !traced(ctx) {
		r.AddAttrs(slog.String("trace_id", id))
	}
	// A log that cannot be written has nobody to be told to.
	_ = s.log.Handle(ctx, r)
}

var linePool = sync.Pool{New: func() any { return new([]byte) }}

// usualLine is the line of a call that went well, byte for byte as the handler
// would write it, at a quarter of the price: it is most of what a busy process
// logs. A test compares the two.
func (s *steps) usualLine(c *call, took time.Duration, at slog.Level) {
	buf := linePool.Get().(*[]byte)
	b := append((*buf)[:0], `{"time":"`...)
	b = c.start.Add(took).AppendFormat(b, time.RFC3339Nano)
	b = append(append(append(b, `","level":"`...), at.String()...), c.method.line...)
	b = strconv.AppendInt(b, took.Microseconds(), 10)
	if c.brand != "" {
		b = append(append(append(b, `,"brand":"`...), c.brand...), '"')
	}
	b = append(b, "}\n"...)
	_, _ = s.tel.Lines.Write(b)
	*buf = b
	linePool.Put(buf)
}

// plain reports whether a text is JSON as it stands.
func plain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
	}) < 0
}
