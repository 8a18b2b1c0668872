package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
)

// enum stands for a generated proto enum.
type enum int

func (enum) String() string { return "REASON_SUBJECT_UNKNOWN" }

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		code codes.Code
		text string
	}{
		{"typed", NotFound("X", "survey %q", "a"), codes.NotFound, `survey "a"`},
		{"typed, wrapped", fmt.Errorf("read: %w", Denied("X", "no")), codes.PermissionDenied, "no"},
		{"cause stays inside", Unavailable("X", "try later").Because(errors.New("dial 10.0.0.1")), codes.Unavailable, "try later"},
		{"plain", errors.New("password=hunter2"), codes.Internal, "internal error"},
		{"data loss", DataLoss("row 7 is torn"), codes.Internal, "internal error"},
		{"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "the deadline passed"},
		{"canceled", context.Canceled, codes.Canceled, "the caller left"},
		{"neighbour's refusal", status.Error(codes.NotFound, "gone"), codes.NotFound, "gone"},
		{"neighbour's transport", fmt.Errorf("ask: %w", status.Error(codes.Unavailable, "dial tcp 10.0.0.1:9")), codes.Unavailable, "a service is not reachable"},
		{"neighbour's insides", status.Error(codes.Unknown, "boom"), codes.Internal, "internal error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ok := status.FromError(Outgoing(c.err))
			if !ok || s.Code() != c.code || s.Message() != c.text {
				t.Errorf("got %v %q, want %v %q", s.Code(), s.Message(), c.code, c.text)
			}
			if !errors.Is(Outgoing(c.err), c.err) {
				t.Error("the log cannot reach the cause")
			}
		})
	}
	if Outgoing(nil) != nil || Status(nil) != nil || From(nil) != nil {
		t.Error("nil must stay nil")
	}
}

func TestClientReadsWhatTheServerSaid(t *testing.T) {
	sent := Exhausted(enum(0), 250*time.Millisecond, "queue is full").With("limit", "1024")
	sent.Fields = []Field{{Path: "answers[2].score", Text: "must be an integer from 0 to 10"}}
	got := FromStatus(Status(sent))
	if diff := cmp.Diff(sent, got, cmp.AllowUnexported(Error{})); diff != "" {
		t.Error(diff)
	}
	over := status.FromProto(Status(sent)).Err()
	if !Is(over, enum(0)) || !Is(over, "SUBJECT_UNKNOWN") || Is(over, "OTHER") || !Retryable(over) {
		t.Errorf("reason %q", Reason(over))
	}
	if c := From(errors.New("x")); c.Code != codes.Internal {
		t.Errorf("code %v", c.Code)
	}
}

func TestInvalidCollects(t *testing.T) {
	if err := Invalid().Err(); err != nil {
		t.Fatalf("nothing is wrong, got %v", err)
	}
	f := Invalid()
	for i := range maxFields + 5 {
		f.Field(fmt.Sprintf("a[%d]", i), "bad")
	}
	e := From(f.Err())
	if len(e.Fields) != maxFields || f.Len() != maxFields+5 || e.Reason != ReasonInvalid || e.Code != codes.InvalidArgument {
		t.Errorf("got %+v", e)
	}
}

func TestConflictNamesTheField(t *testing.T) {
	got := FromStatus(Status(Conflict("REQUEST_REUSED", "answers[0].score", "request %q", "r1")))
	if got.Code != codes.AlreadyExists || got.Meta["field"] != "answers[0].score" || got.Fields[0].Path != "answers[0].score" {
		t.Errorf("got %+v", got)
	}
}

func TestTextThatIsNoUTF8(t *testing.T) {
	s := Status(Invalid().Field("comment", "has \xff").Err())
	if s.GetCode() != int32(codes.InvalidArgument) || len(FromStatus(s).Fields) != 1 {
		t.Errorf("got %v", s)
	}
	if _, err := proto.Marshal(s); err != nil {
		t.Errorf("the status cannot be sent: %v", err)
	}
}

func TestValidationBecomesFields(t *testing.T) {
	broken := &protovalidate.ValidationError{Violations: []*protovalidate.Violation{{
		Proto: validate.Violation_builder{
			Message: new("must be at most 10"),
			Field: validate.FieldPath_builder{Elements: []*validate.FieldPathElement{
				validate.FieldPathElement_builder{FieldName: new("answers"), Index: new(uint64(2))}.Build(),
				validate.FieldPathElement_builder{FieldName: new("score")}.Build(),
			}}.Build(),
		}.Build(),
	}}}
	e := From(fmt.Errorf("validate: %w", broken))
	want := []Field{{Path: "answers[2].score", Text: "must be at most 10"}}
	if diff := cmp.Diff(want, e.Fields); diff != "" || e.Code != codes.InvalidArgument {
		t.Error(e.Code, diff)
	}
}

func TestLogTextIsWhole(t *testing.T) {
	err := Invalid().Field("a", "is bad").Field("b", "too").Err()
	if got := err.Error(); !strings.Contains(got, "a is bad; b too") {
		t.Error(got)
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		err   error
		code  codes.Code
		retry bool
	}{
		{AlreadyExists("R", "x"), codes.AlreadyExists, false},
		{Precondition("R", "x"), codes.FailedPrecondition, false},
		{Aborted("R", "x"), codes.Aborted, true},
		{OutOfRange("R", "x"), codes.OutOfRange, false},
		{Unauthenticated("R", "x"), codes.Unauthenticated, false},
		{Unimplemented("R", "x"), codes.Unimplemented, false},
		{Unavailable("R", "x"), codes.Unavailable, true},
		{Invalid().Reason("R").Field("a", "x").Err(), codes.InvalidArgument, false},
	} {
		out := Outgoing(fmt.Errorf("doing: %w", c.err))
		if Code(c.err) != c.code || Code(out) != c.code || !Is(out, "R") || Retryable(out) != c.retry {
			t.Errorf("%v: code %v and %v, reason %q", c.err, Code(c.err), Code(out), Reason(out))
		}
		if again := Outgoing(out); again != out {
			t.Errorf("%v: mapped twice", c.err)
		}
	}
	if Code(nil) != codes.OK || Reason(nil) != "" || Is(nil, "") || Retryable(nil) {
		t.Error("nil is no fault")
	}
}

func TestRequestIDTravels(t *testing.T) {
	out := WithRequestID(Outgoing(errors.New("boom")), "id1")
	over := status.FromProto(status.Convert(out).Proto()).Err()
	if RequestID(fmt.Errorf("ask: %w", over)) != "id1" || RequestID(errors.New("x")) != "" {
		t.Errorf("got %q", RequestID(over))
	}
	if Code(Outgoing(over)) != codes.Internal {
		t.Error("a neighbour's inside is inside")
	}
}
