package outbox

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// scene is an address with all that was left open decided.
type scene struct {
	shell.Address
	Lang  *words
	leaf  *leaf
	brand *config.Brand
	// who looks, as subscriptions name their owner.
	who string
	// at is where customers find the survey page.
	at string
	// name is what the page shows; empty: the page's own title.
	name, kind string
	path       []shell.Choice
	form       form
	// Of each page what its sections share.
	sub  subscribed
	link *surveyv1.SurveyLink
}

// unsigned is what services call whoever comes to an open process.
const unsigned = "local"

// shown is everything the template of a page reads.
type shown struct {
	shell.Frame
	T    *words
	Kind string
}

// stage is how a page comes to be.
func (p *Pages) stage(l *leaf) *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: l.method, Prepare: p.prepare, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) { return p.read(r, q, l) },
	}
}

// prepare decides the brand, then asks for what the sections share.
func (p *Pages) prepare(ctx context.Context, s *scene) (err error) {
	if s.brand, err = p.cfg.Choose(ctx, s.Brand, nil); err != nil {
		return err
	}
	s.Brand = s.brand.ID
	return s.leaf.prepare(p, ctx, s)
}

// read is the scene of an address, as far as the address says it.
func (p *Pages) read(r *http.Request, q url.Values, l *leaf) (*scene, error) {
	s := &scene{leaf: l, who: unsigned, at: p.cfg.SurveyURL}
	if who := access.FromContext(r.Context()); who != nil {
		s.who = who.Name
	}
	if s.at == "" {
		s.at = lookedAt(r)
	}
	id := r.PathValue("id")
	if l.id == newID {
		id = newID
	}
	var err error
	s.Address, err = shell.ReadAddress(q, l.path, id, l.own)
	s.Lang = shell.Spoken(catalogues, s.Code, r)
	return s, err
}

// lookedAt is the address at which a page is looked at: what a proxy says of it can
// only deceive the proxy's own readers.
func lookedAt(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// show shows a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, s *scene) {
	p.showAs(ctx, w, http.StatusOK, s)
}

func (p *Pages) showAs(ctx context.Context, w http.ResponseWriter, status int, s *scene) {
	out := p.compose(ctx, s)
	out.Sections = p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, s))
	p.drawn.Write(w, status, "outbox", &out.Frame, out)
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene) *shown {
	to := func(path string) string { return s.To(path, "", nil).String() }
	out := &shown{T: s.Lang, Kind: s.kind, Frame: shell.Frame{
		Name: cmp.Or(s.name, s.leaf.title(s.Lang)), Home: to(""), BrandName: s.brand.Name, Path: s.path,
		Tabs: p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, s.Page, to), Permalink: s.In(s.Lang.Code).String(),
	}}
	if s.leaf.id != "" {
		out.Path = append([]shell.Choice{{Name: s.listTitle(), Link: to(s.leaf.path)}}, out.Path...)
	}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string {
		return shell.Address{Brand: id, Code: s.Code, Page: s.leaf.path}.String()
	})
	out.Langs = shell.Languages(catalogues, s.Lang, func(code string) string { return s.In(code).String() })
	if s.leaf.table != nil {
		out.CSV = "/csv" + out.Permalink
	}
	return out
}

// listTitle is what the page of all is called.
func (s *scene) listTitle() string {
	if s.leaf.path == linksPath {
		return s.Lang.Links
	}
	return s.Lang.Subscriptions
}

// refuse shows why there is no such page, and the way back.
func (p *Pages) refuse(w http.ResponseWriter, s *scene, err error) {
	out := &shown{T: s.Lang, Frame: shell.Frame{Home: shell.Address{Code: s.Code}.String(), Problem: s.Lang.FaultText(err)}}
	p.drawn.Write(w, p.cfg.Status(err), "problem", &out.Frame, out)
}

// table is the numbers of a page.
func (p *Pages) table(ctx context.Context, s *scene) (string, [][]string, error) {
	rows, err := s.leaf.table(p, ctx, s)
	return shell.TableName(s.Page, s.ID), rows, err
}

// seen says when something was read that is as it is at this moment.
func (p *Pages) seen(s *scene) shell.Dated {
	return shell.Dated{AsOf: fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(p.cfg.Clock().In(s.brand.Location)))}
}

const kindPrefix = "SUBJECT_KIND_"

// subjectText is how a form names a subject: STORE:12.
func subjectText(ref *commonv1.SubjectRef) string {
	if ref == nil {
		return ""
	}
	return strings.TrimPrefix(ref.GetKind().String(), kindPrefix) + ":" + ref.GetId()
}

// readSubject reads STORE:12; false: it is none.
func readSubject(text string) (*commonv1.SubjectRef, bool) {
	kind, id, _ := strings.Cut(strings.TrimSpace(text), ":")
	k := commonv1.SubjectKind(commonv1.SubjectKind_value[kindPrefix+strings.ToUpper(kind)])
	return &commonv1.SubjectRef{Kind: k, Id: id}, k != 0 && id != ""
}

// title is a subject's name; its id where it cannot be read.
func (p *Pages) title(ctx context.Context, s *scene, ref *commonv1.SubjectRef) string {
	if p.survey == nil {
		return ref.GetId()
	}
	found, err := p.survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: s.Brand, Ref: ref})
	if err != nil {
		return ref.GetId()
	}
	return cmp.Or(found.GetSubject().GetName(), ref.GetId())
}

// listed are the subjects that are offered to be chosen: of each kind at most so many.
const listed = 500

// places are what can be chosen; who may not see the directory writes what they know.
func (p *Pages) places(ctx context.Context, s *scene, kinds ...commonv1.SubjectKind) (out []shell.Option) {
	if p.survey == nil {
		return nil
	}
	for _, k := range kinds {
		list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: k, PageSize: listed})
		if err != nil {
			return out
		}
		for _, one := range list.GetSubjects() {
			out = append(out, shell.Option{Value: subjectText(one.GetRef()), Name: cmp.Or(one.GetName(), one.GetRef().GetId())})
		}
	}
	return out
}

// unknownThing is what an address names that nobody could mean.
func unknownThing(name, text string) error { return fault.Invalid().Field(name, "%s", text).Err() }
