package fault

import (
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// From reads a fault out of err, whether it was made in this process or came
// over the wire. Nil for nil; any other error becomes one of kind Internal.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := typed(err); ok {
		return e
	}
	e := read(convert(err))
	var remote interface{ GRPCStatus() *status.Status }
	if errors.As(err, &remote) {
		e = read(remote.GRPCStatus())
	}
	e.cause = err
	return e
}

// RequestID is the id under which another service's log tells of err; "" if it
// gave none.
func RequestID(err error) string {
	var remote interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &remote) {
		return ""
	}
	for _, d := range remote.GRPCStatus().Details() {
		if i, ok := d.(*errdetails.RequestInfo); ok {
			return i.GetRequestId()
		}
	}
	return ""
}

// FromStatus reads a fault out of one item of a batch; nil for nil or OK.
func FromStatus(s *spb.Status) *Error {
	if s.GetCode() == int32(codes.OK) {
		return nil
	}
	return read(status.FromProto(s))
}

func read(s *status.Status) *Error {
	e := &Error{Code: s.Code(), Text: s.Message()}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			e.Reason, e.Meta = d.GetReason(), d.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.Fields = append(e.Fields, Field{Path: v.GetField(), Text: v.GetDescription(), Reason: v.GetReason()})
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return e
}

// info finds our own reason in a status; nil if it is not one of ours.
func info(s *status.Status) *errdetails.ErrorInfo {
	for _, d := range s.Details() {
		if i, ok := d.(*errdetails.ErrorInfo); ok && i.GetDomain() == Domain {
			return i
		}
	}
	return nil
}
