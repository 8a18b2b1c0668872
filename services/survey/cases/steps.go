package cases

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	open     = surveyv1.CaseState_CASE_STATE_OPEN
	claimed  = surveyv1.CaseState_CASE_STATE_CLAIMED
	resolved = surveyv1.CaseState_CASE_STATE_RESOLVED
)

// Kinds of steps. Numbers are stored: never reuse one.
const (
	stepOpened    int32 = 1
	stepResponse  int32 = 2 // another response joined
	stepAmended   int32 = 3
	stepRetracted int32 = 4
	stepClaimed   int32 = 5
	stepNote      int32 = 6
	stepResolved  int32 = 7
	stepReopened  int32 = 8
)

// step is one entry of a case's history.
type step struct {
	at      int64
	kind    int32
	author  string
	text    string
	state   surveyv1.CaseState
	request string
}

// file is a case with what callers do not see of it.
type file struct {
	*surveyv1.Case
	id       int64
	key      []byte // whose it is; see personKey
	response int64  // the one that opened it
	live     int32  // responses not retracted
	written  int64  // notes stored
	// clock and business are the time from opening to the last resolution.
	clock, business time.Duration
	// steps were taken and are not stored yet; none: nothing changed.
	steps []step
}

func (f *file) take(at time.Time, kind int32, author, text, request string) {
	f.steps = append(f.steps, step{at.UnixMicro(), kind, author, text, f.State, request})
}

// claim gives the case to somebody. Taking it from somebody else needs proof,
// the current revision, that the caller knows whose it is.
func (f *file) claim(at time.Time, assignee string, revision int64) error {
	seen := revision == f.Revision
	switch {
	case f.State == claimed && f.Assignee == assignee:
		return nil
	case f.State == resolved:
		return f.refuse("case %d is resolved", f.id)
	case f.State == claimed && !seen:
		return f.refuse("case %d is claimed by %s", f.id, f.Assignee)
	case revision != 0 && !seen:
		return f.stale(revision)
	}
	text := "claimed"
	if f.Assignee != "" {
		text = "claimed, taken over from " + f.Assignee
	}
	f.State, f.Assignee = claimed, assignee
	f.take(at, stepClaimed, assignee, text, "")
	return nil
}

// resolve ends the case; last is the step that resolved it before, if one did.
// Saying the same thing twice is saying it once.
func (f *file) resolve(at time.Time, hours *calendar.Hours, author, rootCause, note string, revision int64, last step) error {
	text := resolution(rootCause, note)
	if f.State == resolved {
		if f.RootCause == rootCause && last.author == author && last.text == text {
			return nil
		}
		return f.refuse("case %d is resolved with root cause %q", f.id, f.RootCause)
	}
	if revision != 0 && revision != f.Revision {
		return f.stale(revision)
	}
	opened := f.OpenedAt.AsTime()
	// Another machine's clock may have opened it in our future.
	f.clock, f.business = max(0, at.Sub(opened)), hours.Between(opened, at)
	f.State, f.RootCause, f.ResolvedAt = resolved, rootCause, timestamppb.New(at)
	f.take(at, stepResolved, author, text, "")
	return nil
}

// resolution is the text of the step: the root cause of a case may be replaced
// when it is resolved again, its history keeps each.
func resolution(rootCause, note string) string {
	if note == "" {
		return "resolved: " + rootCause
	}
	return "resolved: " + rootCause + "\n" + note
}

// reopen takes a resolved case up again; last is the latest step that changed
// its state. The due time stays: what the customer was promised has not changed.
func (f *file) reopen(at time.Time, author, note string, last step) error {
	if f.State != resolved {
		if last.kind == stepReopened && last.author == author && last.text == note {
			return nil
		}
		return f.refuse("case %d is not resolved", f.id)
	}
	f.State, f.Assignee = open, ""
	f.Reopened++
	f.take(at, stepReopened, author, note, "")
	return nil
}

// refuse says that the case's state forbids the step, and what the state is.
func (f *file) refuse(format string, args ...any) error {
	e := fault.Precondition(commonv1.Reason_REASON_CASE_STATE, format, args...).
		With("state", strings.TrimPrefix(f.State.String(), "CASE_STATE_")).
		With("revision", strconv.FormatInt(f.Revision, 10))
	if f.Assignee != "" {
		e = e.With("assignee", f.Assignee)
	}
	return e
}

func (f *file) stale(revision int64) error {
	return fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT,
		"case %d is at revision %d, not %d", f.id, f.Revision, revision).
		With("revision", strconv.FormatInt(f.Revision, 10))
}

func unknown(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_CASE_UNKNOWN, "case %q", id)
}
