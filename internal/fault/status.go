package fault

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// internalText is all a caller ever reads of what went wrong inside.
const internalText = "internal error"

// Reply is what leaves the server: the status the caller reads and, unwrapped,
// the cause for the log.
type Reply struct {
	status *status.Status
	cause  error
}

// Error is the full text, for the log.
func (r *Reply) Error() string { return r.cause.Error() }

// Unwrap gives the cause.
func (r *Reply) Unwrap() error { return r.cause }

// GRPCStatus is what grpc sends.
func (r *Reply) GRPCStatus() *status.Status { return r.status }

// Outgoing maps err to the status that may leave the server, once: an error that
// is a reply already stays what it is. Nil stays nil.
func Outgoing(err error) error {
	if err == nil {
		return nil
	}
	var r *Reply
	if errors.As(err, &r) {
		return r
	}
	return &Reply{status: convert(err), cause: err}
}

// WithRequestID gives the caller of an outgoing error the id under which the log
// tells what happened.
func WithRequestID(err error, id string) error {
	var r *Reply
	if !errors.As(err, &r) {
		return err
	}
	s, failed := r.status.WithDetails(&errdetails.RequestInfo{RequestId: id})
	if failed != nil {
		return err
	}
	return &Reply{status: s, cause: r.cause}
}

// Status is err as an item of a batch tells it; nil for nil. The cause of an
// internal error is not in it: whoever calls logs it.
func Status(err error) *spb.Status {
	if err == nil {
		return nil
	}
	return convert(err).Proto()
}

// convert is the only mapping from errors to gRPC.
func convert(err error) *status.Status {
	if e, ok := typed(err); ok {
		return e.status()
	}
	if e, ok := fromValidation(err); ok {
		return e.status()
	}
	// A status comes before the context errors: a neighbour's deadline is told by
	// its status, ours by the context.
	var remote interface{ GRPCStatus() *status.Status }
	if errors.As(err, &remote) {
		return passed(remote.GRPCStatus())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return status.New(codes.DeadlineExceeded, "the deadline passed")
	case errors.Is(err, context.Canceled):
		return status.New(codes.Canceled, "the caller left")
	}
	return status.New(codes.Internal, internalText)
}

// passed decides what of a neighbour's answer may go on to our caller.
func passed(s *status.Status) *status.Status {
	switch s.Code() {
	case codes.OK, codes.Unknown, codes.Internal, codes.DataLoss:
		return status.New(codes.Internal, internalText)
	case codes.Unavailable:
		// Without our reason it is the transport that speaks, of addresses.
		if info(s) == nil {
			return status.New(codes.Unavailable, "a service is not reachable")
		}
	}
	return s
}

func (e *Error) status() *status.Status {
	switch e.Code {
	case codes.OK, codes.Unknown, codes.Internal, codes.DataLoss:
		return status.New(codes.Internal, internalText)
	}
	// Texts quote what the caller sent, which need not be UTF-8; proto strings
	// must be, or nothing of the status would arrive.
	s := status.New(e.Code, strings.ToValidUTF8(e.Text, "\uFFFD"))
	details := make([]protoadapt.MessageV1, 0, 3)
	if e.Reason != "" {
		details = append(details, &errdetails.ErrorInfo{Reason: e.Reason, Domain: Domain, Metadata: e.Meta})
	}
	if len(e.Fields) > 0 {
		details = append(details, badRequest(e.Fields))
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	// Details fail only for a message that cannot be marshalled, such as metadata
	// that is no UTF-8: the plain status then still tells the kind.
	if full, err := s.WithDetails(details...); err == nil {
		return full
	}
	return s
}

func badRequest(fields []Field) *errdetails.BadRequest {
	b := &errdetails.BadRequest{FieldViolations: make([]*errdetails.BadRequest_FieldViolation, len(fields))}
	for i, f := range fields {
		b.FieldViolations[i] = &errdetails.BadRequest_FieldViolation{
			Field:       strings.ToValidUTF8(f.Path, "\uFFFD"),
			Description: strings.ToValidUTF8(f.Text, "\uFFFD"),
			Reason:      f.Reason,
		}
	}
	return b
}
