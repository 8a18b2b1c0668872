package board

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// outcomes are how a call can end.
var outcomes = []string{"reached", "no_answer", "later", "wrong_number", "refused"}

// maxForm bounds what a form brings: notes are of at most 4,000 bytes.
const maxForm = 64 << 10

// work does what a form of a case's page asks for, and shows the case as it is then.
func (p *Pages) work(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	broken := r.ParseForm()
	var file *leaf
	for _, l := range leaves {
		if l.path == casesPath && l.deep {
			file = l
		}
	}
	if p.survey == nil {
		s, _ := p.read(r, r.Form, file)
		p.refuse(w, s, absentSurvey)
		return
	}
	ctx, s, done, ok := p.stage(file).Set(w, r, r.Form)
	if !ok {
		return
	}
	defer done()
	if broken != nil {
		p.refuse(w, s, unknownThing("form", "cannot be read"))
		return
	}
	s.file.sent = map[string]string{}
	for _, name := range []string{"do", "who", "text", "outcome", "root_cause", "note", "request", "revision"} {
		s.file.sent[name] = strings.TrimSpace(r.PostForm.Get(name))
	}
	if err := p.act(ctx, w, r, s); err != nil {
		p.fail(ctx, w, s, err)
		return
	}
	http.Redirect(w, r, s.Address.String()+"#notes", http.StatusSeeOther)
}

// act finds out who it is and does the step.
func (p *Pages) act(ctx context.Context, w http.ResponseWriter, r *http.Request, s *scene) error {
	if !s.queue.signed {
		if given := clean(s.file.sent["who"]); given != "" {
			if s.queue.who != given {
				p.remember(w, r, given)
			}
			s.queue.who = given
		}
	}
	if s.queue.who == "" {
		return fault.Invalid().Field("who", "%s", s.Lang.WhoAreYou).Err()
	}
	revision, err := strconv.ParseInt("0"+s.file.sent["revision"], 10, 64)
	if err != nil {
		return fault.Invalid().Field("revision", "is a number").Err()
	}
	return p.step(ctx, s, revision)
}

// step is one step in a case's life, by whoever is at the page.
func (p *Pages) step(ctx context.Context, s *scene, revision int64) (err error) {
	sent, who := s.file.sent, s.queue.who
	switch sent["do"] {
	case "claim":
		_, err = p.survey.ClaimCase(ctx, &surveyv1.ClaimCaseRequest{Brand: s.Brand, Id: s.ID, Assignee: who, Revision: revision})
	case "note":
		_, err = p.survey.AddCaseNote(ctx, &surveyv1.AddCaseNoteRequest{Brand: s.Brand, Id: s.ID, Author: who, Text: sent["text"], RequestId: short(sent["request"])})
	case "call":
		text := s.Lang.outcomes[sent["outcome"]]
		if text == "" {
			return fault.Invalid().Field("outcome", "is one of the list").Err()
		}
		text = s.Lang.Called + ": " + text
		if sent["text"] != "" {
			text += "\n" + sent["text"]
		}
		_, err = p.survey.AddCaseNote(ctx, &surveyv1.AddCaseNoteRequest{Brand: s.Brand, Id: s.ID, Author: who, Text: text, RequestId: short(sent["request"])})
	case "resolve":
		_, err = p.survey.ResolveCase(ctx, &surveyv1.ResolveCaseRequest{Brand: s.Brand, Id: s.ID, Author: who, RootCause: sent["root_cause"], Note: sent["note"], Revision: revision})
	case "reopen":
		_, err = p.survey.ReopenCase(ctx, &surveyv1.ReopenCaseRequest{Brand: s.Brand, Id: s.ID, Author: who, Note: sent["note"]})
	default:
		err = fault.Invalid().Field("do", "is one of claim, note, call, resolve and reopen").Err()
	}
	return err
}

// short is a key as long as the contract lets it be.
func short(key string) string { return key[:min(len(key), 64)] }

// fail shows the case as it is now, why the step was not taken, and what was written.
func (p *Pages) fail(ctx context.Context, w http.ResponseWriter, s *scene, err error) {
	s.file.failed = s.Lang.FaultText(err)
	if fields := fault.From(err).Fields; len(fields) > 0 {
		s.file.failed = s.Lang.unfilled[fields[0].Path]
		if s.file.failed == "" {
			s.file.failed = fields[0].Path + ": " + fields[0].Text
		}
	}
	if fault.Is(err, commonv1.Reason_REASON_CASE_STATE) || fault.Code(err).String() == "Aborted" {
		s.file.failed, s.file.taken = s.Lang.Conflict, true
	}
	status := p.cfg.Status(err)
	if err := p.prepareCase(ctx, s); err != nil {
		p.refuse(w, s, err)
		return
	}
	p.showAs(ctx, w, status, s)
}
