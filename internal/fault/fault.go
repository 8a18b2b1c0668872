// Package fault is the one vocabulary of refusals. A handler, a rule or a store
// returns a typed fault; only this package turns it into a gRPC status, so that
// clients can test a stable reason instead of a text.
//
// Whether to retry is part of the kind: Unavailable, Aborted and
// ResourceExhausted may be tried again as they are (after RetryAfter, where it
// is given); every other kind will be refused again until the request or the
// state changes.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// Domain is the ErrorInfo domain of every reason.
const Domain = "rapport"

// Field is one part of a request that cannot be accepted, by its path as in
// answers[2].score.
type Field struct {
	Path   string
	Text   string
	Reason string
}

// Error is one refusal. The text is for the caller: it must hold nothing
// internal. The cause is for the log alone.
type Error struct {
	Code       codes.Code
	Reason     string
	Text       string
	Fields     []Field
	Meta       map[string]string
	RetryAfter time.Duration
	cause      error
}

// Error is the text and, for the log, what caused it.
func (e *Error) Error() string {
	text := e.Text
	for i, f := range e.Fields {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		text += sep + f.Path + " " + f.Text
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// With adds one piece of metadata that a client may act on.
func (e *Error) With(key, value string) *Error {
	if e.Meta == nil {
		e.Meta = make(map[string]string, 2)
	}
	e.Meta[key] = value
	return e
}

// Because keeps the cause for the log; the caller never reads it.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// NotFound says that what the request names does not exist.
func NotFound(reason any, format string, args ...any) *Error {
	return made(codes.NotFound, reason, format, args...)
}

// AlreadyExists says that what the request creates is there already.
func AlreadyExists(reason any, format string, args ...any) *Error {
	return made(codes.AlreadyExists, reason, format, args...)
}

// Precondition says that the state forbids it: change the state first, a retry
// alone does not help.
func Precondition(reason any, format string, args ...any) *Error {
	return made(codes.FailedPrecondition, reason, format, args...)
}

// Aborted says that somebody else changed the same thing: read again and retry.
func Aborted(reason any, format string, args ...any) *Error {
	return made(codes.Aborted, reason, format, args...)
}

// OutOfRange says that the request points past what there is, as a cursor of a
// log that was restored from a backup does.
func OutOfRange(reason any, format string, args ...any) *Error {
	return made(codes.OutOfRange, reason, format, args...)
}

// Denied says that the caller is known and may not.
func Denied(reason any, format string, args ...any) *Error {
	return made(codes.PermissionDenied, reason, format, args...)
}

// Unauthenticated says that the caller is not known.
func Unauthenticated(reason any, format string, args ...any) *Error {
	return made(codes.Unauthenticated, reason, format, args...)
}

// Unavailable says that it cannot be done now and was not done: retry.
func Unavailable(reason any, format string, args ...any) *Error {
	return made(codes.Unavailable, reason, format, args...)
}

// Unimplemented says that this is not built.
func Unimplemented(reason any, format string, args ...any) *Error {
	return made(codes.Unimplemented, reason, format, args...)
}

// DataLoss says that stored state is broken. Like Internal its text stays
// inside; the caller reads "internal error".
func DataLoss(format string, args ...any) *Error {
	return made(codes.DataLoss, "", format, args...)
}

// Exhausted says that a bound was reached and nothing was done: retry after the
// given time.
func Exhausted(reason any, retryAfter time.Duration, format string, args ...any) *Error {
	e := made(codes.ResourceExhausted, reason, format, args...)
	e.RetryAfter = retryAfter
	return e
}

// Conflict says that the idempotency key was used before with another body, and
// which field differs. Retrying under the same key never helps.
func Conflict(reason any, field, format string, args ...any) *Error {
	e := made(codes.AlreadyExists, reason, format, args...)
	e.Fields = []Field{{Path: field, Text: "differs from the first request under this key"}}
	return e.With("field", field)
}

// Code is the kind of err as a caller would read it; OK for nil.
func Code(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	var r *Reply
	if errors.As(err, &r) {
		return r.status.Code()
	}
	return convert(err).Code()
}

// Reason is the reason of err, made here or read from a status; "" if none.
func Reason(err error) string {
	if e := From(err); e != nil {
		return e.Reason
	}
	return ""
}

// Is reports whether err carries the reason.
func Is(err error, reason any) bool {
	return err != nil && Reason(err) == name(reason)
}

// Retryable reports whether the same request may succeed later.
func Retryable(err error) bool {
	switch Code(err) {
	case codes.Unavailable, codes.Aborted, codes.ResourceExhausted:
		return true
	}
	return false
}

// Refused reports whether err is about what was asked, which no repeat mends, and is told
// to whoever asks. What the caller may not do is not among it.
func Refused(err error) bool {
	switch Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition:
		return true
	}
	return false
}

func made(code codes.Code, reason any, format string, args ...any) *Error {
	// Not Errorf: a cause belongs to Because, which keeps it from the caller.
	return &Error{Code: code, Reason: name(reason), Text: fmt.Sprintf(format, args...)}
}

// name accepts a string or a proto enum. The enum's values are prefixed with
// REASON_ as buf's lint wants them; on the wire they go without.
func name(reason any) string {
	var s string
	switch r := reason.(type) {
	case nil:
		return ""
	case string:
		s = r
	case fmt.Stringer:
		s = r.String()
	default:
		panic(fmt.Sprintf("fault: a reason is a string or an enum, not %T", reason))
	}
	s = strings.TrimPrefix(s, "REASON_")
	if s == "UNSPECIFIED" {
		return ""
	}
	return s
}

// typed finds the fault in a chain of wrapped errors.
func typed(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
