package outbox

import (
	"context"
	"fmt"
	"net/http"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/qrcode"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// prepareLink asks for the link. One that was made just now is at hand, also for those who
// may make links and not read them.
func (p *Pages) prepareLink(ctx context.Context, s *scene) error {
	if s.link == nil || s.link.GetId() != s.ID {
		got, err := p.survey.GetSurveyLink(ctx, &surveyv1.GetSurveyLinkRequest{Brand: s.Brand, Id: s.ID})
		if err != nil {
			return err
		}
		s.link = got.GetLink()
	}
	s.name = fmt.Sprintf(s.Lang.LinkOf, s.ID)
	s.kind = s.Lang.linkStates[s.link.GetState()]
	return nil
}

func (p *Pages) linkSections(s *scene) []shell.Section {
	out := []shell.Section{
		{ID: "code", Place: shell.Left, Title: s.Lang.CodeTitle, Load: func(context.Context) (any, error) { return s.code() }},
		{ID: "link", Place: shell.Right, Title: s.Lang.LinkTitle, Load: func(ctx context.Context) (any, error) { return p.linkFacts(ctx, s), nil }},
	}
	if s.link.GetState() == surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE {
		out = append(out, shell.Section{ID: "revoke", Place: shell.Right, Title: s.Lang.RevokeTitle, Load: func(context.Context) (any, error) { return s.revoking(), nil }})
	}
	return out
}

// codeData is the link as telephones read it.
type codeData struct {
	URL, Hint string
	Side      int
	Path      string
	SVG, PNG  string
	Usable    bool
}

func (s *scene) code() (any, error) {
	d := &codeData{URL: s.at + s.link.GetPath(), Usable: s.link.GetState() == surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE}
	code, err := qrcode.New(d.URL)
	if err != nil {
		return nil, err
	}
	d.Side, d.Path, d.Hint = code.Side(), code.Path(), fmt.Sprintf(s.Lang.CodeOf, d.URL)
	file := func(name string) string {
		at := s.Address
		at.Page, at.ID = linksPath+"/"+s.ID, name
		return at.String()
	}
	d.SVG, d.PNG = file("code.svg"), file("code.png")
	return d, nil
}

// linkData is what a link asks about.
type linkData struct {
	shell.Dated
	linkRow
	Everybody bool
	All       string
}

func (p *Pages) linkFacts(ctx context.Context, s *scene) any {
	return &linkData{Dated: p.seen(s), linkRow: p.linkRow(ctx, s, s.link), Everybody: s.link.GetOpen(), All: s.To(linksPath, newID, nil).String()}
}

// revokingData is the form that takes a link back.
type revokingData struct{ Action, Failed, Wrong string }

func (s *scene) revoking() any {
	return &revokingData{Action: s.Path() + "?" + s.Values().Encode(), Failed: s.form.failed, Wrong: s.form.wrong["sure"]}
}

// revoke takes a link back.
func (p *Pages) revoke(ctx context.Context, s *scene) (*outcome, error) {
	if s.form.value("sure") == "" {
		s.form.mark("sure", s.Lang.wrong("", "sure"))
		return nil, errWrong
	}
	if _, err := p.survey.RevokeSurveyLink(ctx, &surveyv1.RevokeSurveyLinkRequest{Brand: s.Brand, Id: s.ID}); err != nil {
		return nil, err
	}
	return &outcome{to: s.String()}, nil
}

// serveCode gives a link's code as a file, to be printed.
func (p *Pages) serveCode(w http.ResponseWriter, r *http.Request) {
	kind := map[string]string{"code.svg": "image/svg+xml", "code.png": "image/png"}[r.PathValue("file")]
	_, s, done, ok := p.stage(leafAt(linksPath)).Set(w, r, r.URL.Query())
	if !ok {
		return
	}
	defer done()
	picture, err := s.picture(r.PathValue("file"))
	if err != nil {
		p.refuse(w, s, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="survey-link-`+s.link.GetId()+"-"+r.PathValue("file")+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "no-store")
	w.Write(picture) //nolint:errcheck // the reader left
}

// picture is the link's code as a file.
func (s *scene) picture(file string) ([]byte, error) {
	code, err := qrcode.New(s.at + s.link.GetPath())
	switch {
	case err != nil:
		return nil, err
	case file == "code.svg":
		return code.SVG(), nil
	case file == "code.png":
		return code.PNG()
	}
	return nil, fault.NotFound(nil, "a code is code.svg or code.png")
}
