package fault

import (
	"fmt"

	"google.golang.org/grpc/codes"
)

// ReasonInvalid is the reason of a request whose fields cannot be accepted.
const ReasonInvalid = "FIELD_INVALID"

// Fields collects everything that is wrong with one request, so that the caller
// can mend it in one go.
type Fields struct {
	reason string
	fields []Field
	more   int
}

// maxFields bounds a report: an import row or a request of thousands of wrong
// parts must not make an error larger than the headers a client accepts.
const maxFields = 20

// Invalid starts an empty collection. Its Err is nil until a field is added.
func Invalid() *Fields { return &Fields{reason: ReasonInvalid} }

// Reason replaces the reason of the whole refusal.
func (f *Fields) Reason(reason any) *Fields {
	f.reason = name(reason)
	return f
}

// Field adds one field that cannot be accepted, and why.
func (f *Fields) Field(path, format string, args ...any) *Fields {
	if len(f.fields) == maxFields {
		f.more++
		return f
	}
	f.fields = append(f.fields, Field{Path: path, Text: fmt.Sprintf(format, args...)})
	return f
}

// Len is the number of wrong fields found so far.
func (f *Fields) Len() int { return len(f.fields) + f.more }

// Err is the refusal, or nil if nothing is wrong.
func (f *Fields) Err() error {
	if len(f.fields) == 0 {
		return nil
	}
	text := "invalid request"
	if f.more > 0 {
		text = fmt.Sprintf("invalid request (%d more fields)", f.more)
	}
	return &Error{Code: codes.InvalidArgument, Reason: f.reason, Text: text, Fields: f.fields}
}
