package outbox

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// maxForm bounds what a form brings.
const maxForm = 64 << 10

// form is what was sent, so that nobody writes it twice, and what was wrong with it.
type form struct {
	sent url.Values // nil: nothing was sent
	// wrong says by the name of a field what is wrong with it; failed is about no field.
	wrong  map[string]string
	failed string
	// told is what is told once: the secret of a webhook.
	told string
}

// get is what was sent in a field; in a form that was not sent what usual says.
func (f *form) get(name, usual string) string {
	if f.sent == nil {
		return usual
	}
	return f.value(name)
}

func (f *form) value(name string) string { return strings.TrimSpace(f.sent.Get(name)) }

// mark says that a field is wrong.
func (f *form) mark(name, text string) {
	if f.wrong == nil {
		f.wrong = map[string]string{}
	}
	if f.wrong[name] == "" {
		f.wrong[name] = text
	}
}

// request is the key of what is asked for: the same form sent again is the same request.
func (f *form) request() string {
	if key := f.value("request"); key != "" {
		return key[:min(len(key), 64)]
	}
	return rand.Text()
}

// outcome is what comes of a form that was done: another page, or this one with what is
// told once.
type outcome struct {
	to   string
	leaf *leaf // shown at once, since it tells what no address may hold
}

// errWrong says that fields of the form are marked.
var errWrong = fault.Invalid().Field("form", "is not complete").Err()

// receive does what a form asks for. What could not be done is shown with what was
// written, and why beside the field.
func (p *Pages) receive(l *leaf) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		broken := r.ParseForm()
		ctx, s, done, ok := p.stage(l).Set(w, r, r.URL.Query())
		if !ok {
			return
		}
		defer done()
		if broken != nil {
			p.refuse(w, s, unknownThing("form", "cannot be read"))
			return
		}
		s.form.sent = r.PostForm
		out, err := l.send(p, ctx, s)
		switch {
		case err != nil:
			p.fail(ctx, w, s, err)
		case out.leaf != nil:
			p.again(ctx, w, s, out.leaf)
		default:
			http.Redirect(w, r, out.to, http.StatusSeeOther)
		}
	})
}

// again shows a page as it is by now.
func (p *Pages) again(ctx context.Context, w http.ResponseWriter, s *scene, l *leaf) {
	s.leaf, s.form.sent = l, nil
	if err := l.prepare(p, ctx, s); err != nil {
		p.refuse(w, s, err)
		return
	}
	p.show(ctx, w, s)
}

// fail shows the form again, and why it was not done.
func (p *Pages) fail(ctx context.Context, w http.ResponseWriter, s *scene, err error) {
	status := p.cfg.Status(err)
	s.explain(err)
	if err := s.leaf.prepare(p, ctx, s); err != nil {
		p.refuse(w, s, err)
		return
	}
	p.showAs(ctx, w, status, s)
}

// explain puts what was refused beside the fields that it is about, the rest above them.
func (s *scene) explain(err error) {
	l, e := s.Lang, fault.From(err)
	if name := reasonFields[e.Reason]; name != "" {
		s.form.mark(name, l.wrong(e.Reason, name))
	}
	for _, f := range e.Fields {
		path := strings.TrimPrefix(strings.TrimPrefix(f.Path, "subscription."), "link.")
		for {
			if name := pathFields[path]; name != "" {
				s.form.mark(name, l.wrong("", name))
				break
			}
			cut := strings.LastIndexAny(path, ".[")
			if cut < 0 {
				s.form.failed = l.NotDone + " " + f.Path + ": " + f.Text
				break
			}
			path = path[:cut]
		}
	}
	if err == errWrong { //nolint:errorlint // it is this one
		s.form.failed = ""
	}
	switch text := l.reasons[e.Reason]; {
	case len(s.form.wrong) > 0:
		s.form.failed = l.SeeFields
	case text != "":
		s.form.failed = l.NotDone + " " + text
	case s.form.failed == "":
		s.form.failed = l.NotDone + " " + l.FaultText(err) + "."
	}
}

// pathFields are the fields of forms by where the contract has what they say.
var pathFields = map[string]string{
	"report": "report", "subject": "subject", "sections": "sections", "metric": "metric", "days": "days", "cadence": "every", "cadence.every": "every", "cadence.hour": "at",
	"cadence.minute": "at", "cadence.weekday": "weekday", "cadence.day": "day", "zone": "zone", "locale": "locale", "target": "to", "email": "to", "email.name": "name", "webhook": "to",
	"survey_id": "survey", "subjects": "subject", "customer": "customer", "channel": "channel", "mode": "mode", "order_id": "order", "experienced_at": "experienced", "expires_at": "expires",
}

// reasonFields are the fields that a reason is about.
var reasonFields = map[string]string{
	"SUBJECT_UNKNOWN": "subject", "METRIC_UNKNOWN": "metric", "MAIL_UNCONFIGURED": "to", "SURVEY_UNKNOWN": "survey", "SURVEY_NOT_OPEN": "survey", "CONTACT_FORBIDDEN": "customer",
	"CUSTOMER_ERASED": "customer", "CUSTOMER_UNKNOWN": "customer", "IDENTITY_BLOCKED": "customer", "IDENTITY_ERASED": "customer",
}

// field is one thing to fill in.
type field struct {
	Name, Title, Value, Hint, Wrong string
	// Type is that of an input; a field with Options is chosen from them.
	Type    string
	Options []shell.Option
	// List is where values to choose from are offered; empty: nowhere.
	List string
	// Class says when it is there to be filled in.
	Class    string
	Required bool
	Max      int
}

// field fills one in.
func (s *scene) field(name, kind, value string) field {
	return field{
		Name: name, Type: kind, Title: s.Lang.fields[name], Hint: s.Lang.hints[name], Wrong: s.form.wrong[name], Value: s.form.get(name, value), Max: 200,
	}
}

// choose is a field whose value is chosen.
func (s *scene) choose(name, value string, options ...shell.Option) field {
	out := s.field(name, "", value)
	for i := range options {
		options[i].Chosen = options[i].Value == out.Value
	}
	out.Options = options
	return out
}

func (f field) of(class string) field {
	f.Class = class
	return f
}

func (f field) listed(list string) field {
	f.List = list
	return f
}

func (f field) required() field {
	f.Required = true
	return f
}
