package cases

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// GetCase reads one case with its notes.
func (d *Desk) GetCase(ctx context.Context, req *surveyv1.GetCaseRequest) (*surveyv1.GetCaseResponse, error) {
	if _, err := d.brand(req.GetBrand()); err != nil {
		return nil, err
	}
	out := &surveyv1.GetCaseResponse{}
	err := d.db.Read(ctx, func(tx *sqldb.Tx) error {
		f, err := find(ctx, tx, req.GetBrand(), req.GetId())
		if err != nil {
			return err
		}
		out.Case, err = d.whole(ctx, tx, req.GetBrand(), f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ClaimCase gives a case to an assignee; repeated, it changes nothing.
func (d *Desk) ClaimCase(ctx context.Context, req *surveyv1.ClaimCaseRequest) (*surveyv1.ClaimCaseResponse, error) {
	if err := notBlank("assignee", req.GetAssignee()); err != nil {
		return nil, err
	}
	c, err := d.change(ctx, req.GetBrand(), req.GetId(), func(_ *sqldb.Tx, f *file, at time.Time, _ Brand) error {
		return f.claim(at, req.GetAssignee(), req.GetRevision())
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.ClaimCaseResponse{Case: c}, nil
}

// AddCaseNote writes a note, once per request_id of the brand. Cases take notes
// in every state.
func (d *Desk) AddCaseNote(ctx context.Context, req *surveyv1.AddCaseNoteRequest) (*surveyv1.AddCaseNoteResponse, error) {
	if err := notBlank("text", req.GetText()); err != nil {
		return nil, err
	}
	c, err := d.change(ctx, req.GetBrand(), req.GetId(), func(tx *sqldb.Tx, f *file, at time.Time, _ Brand) error {
		if req.GetRequestId() != "" {
			id, author, text, err := noteByRequest(ctx, tx, req.GetBrand(), req.GetRequestId())
			if err != nil {
				return err
			}
			if id != 0 {
				return sameNote(req, f.id == id, author, text)
			}
		}
		f.take(at, stepNote, req.GetAuthor(), req.GetText(), req.GetRequestId())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.AddCaseNoteResponse{Case: c}, nil
}

// sameNote compares a request with the note its key wrote before.
func sameNote(req *surveyv1.AddCaseNoteRequest, sameCase bool, author, text string) error {
	for _, field := range []struct {
		name string
		same bool
	}{{"id", sameCase}, {"author", req.GetAuthor() == author}, {"text", req.GetText() == text}} {
		if !field.same {
			return fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field.name,
				"request %q wrote another note", req.GetRequestId())
		}
	}
	return nil
}

// ResolveCase ends a case; repeated with the same words, it changes nothing.
func (d *Desk) ResolveCase(ctx context.Context, req *surveyv1.ResolveCaseRequest) (*surveyv1.ResolveCaseResponse, error) {
	if err := notBlank("root_cause", req.GetRootCause()); err != nil {
		return nil, err
	}
	c, err := d.change(ctx, req.GetBrand(), req.GetId(), func(tx *sqldb.Tx, f *file, at time.Time, b Brand) error {
		last, err := lastStep(ctx, tx, req.GetBrand(), f.id)
		if err != nil {
			return err
		}
		return f.resolve(at, b.Hours, req.GetAuthor(), req.GetRootCause(), req.GetNote(), req.GetRevision(), last)
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.ResolveCaseResponse{Case: c}, nil
}

// ReopenCase takes a resolved case up again, unless the same person has another
// open one of the cause; repeated with the same words, it changes nothing.
func (d *Desk) ReopenCase(ctx context.Context, req *surveyv1.ReopenCaseRequest) (*surveyv1.ReopenCaseResponse, error) {
	if err := notBlank("note", req.GetNote()); err != nil {
		return nil, err
	}
	c, err := d.change(ctx, req.GetBrand(), req.GetId(), func(tx *sqldb.Tx, f *file, at time.Time, _ Brand) error {
		last, err := lastStep(ctx, tx, req.GetBrand(), f.id)
		if err != nil {
			return err
		}
		other, err := otherOf(ctx, tx, req.GetBrand(), f)
		if err != nil {
			return err
		}
		if f.State == resolved && other != 0 {
			return fault.Precondition(commonv1.Reason_REASON_CASE_STATE,
				"case %d of the same customer and cause is open", other).
				With("state", "RESOLVED").With("case", strconv.FormatInt(other, 10))
		}
		return f.reopen(at, req.GetAuthor(), req.GetNote(), last)
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.ReopenCaseResponse{Case: c}, nil
}

// change runs one step of one case under the brand's lock. A step that takes
// nothing (a repeated call) writes nothing.
func (d *Desk) change(ctx context.Context, brand, id string,
	decide func(tx *sqldb.Tx, f *file, at time.Time, b Brand) error) (*surveyv1.Case, error) {
	b, err := d.brand(brand)
	if err != nil {
		return nil, err
	}
	// Microseconds, as it will be read back.
	at := d.clock().Truncate(time.Microsecond)
	var out *surveyv1.Case
	var changed bool
	err = d.db.Write(ctx, func(tx *sqldb.Tx) error {
		last, err := lock(ctx, tx, brand)
		if err != nil {
			return err
		}
		f, err := find(ctx, tx, brand, id)
		if err != nil {
			return err
		}
		if err := decide(tx, f, at, b); err != nil {
			return err
		}
		if changed = len(f.steps) > 0; changed {
			if err := save(ctx, tx, brand, last, []*file{f}, nil, nil); err != nil {
				return err
			}
		}
		out, err = d.whole(ctx, tx, brand, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if changed {
		d.changes.add(brand)
	}
	return out, nil
}

// find reads a case by the id callers know. Only the digits it was given out
// with name it: "01" is no case.
func find(ctx context.Context, q sqldb.Querier, brand, id string) (*file, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != id {
		return nil, unknown(id)
	}
	f, err := load(ctx, q, brand, n)
	if err == nil && f == nil {
		err = unknown(id)
	}
	return f, err
}

// whole is a case as GetCase shows it.
func (d *Desk) whole(ctx context.Context, q sqldb.Querier, brand string, f *file) (*surveyv1.Case, error) {
	list, err := notes(ctx, q, brand, f)
	if err != nil {
		return nil, fmt.Errorf("case %d: %w", f.id, err)
	}
	f.Notes = list
	f.Overdue = f.isOverdue(d.clock())
	return f.Case, nil
}

func (f *file) isOverdue(now time.Time) bool {
	return f.State != resolved && now.After(f.DueAt.AsTime())
}

// notBlank refuses a text that the contract's own rules let pass: spaces.
func notBlank(field, text string) error {
	if strings.TrimSpace(text) != "" {
		return nil
	}
	return fault.Invalid().Field(field, "must not be blank").Err()
}
