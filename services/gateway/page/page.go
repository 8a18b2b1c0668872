// Package page is the suite as a person sees it, drawn on the server: an overview
// that says how a brand, a region or a store does, whether that is a change, and
// what people say; and beside it customers, their ways and the maps of these. Its
// address is all there is to a view; it holds no state. With JavaScript it moves
// when an answer arrives, without it is complete.
package page

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// Config is what the page is told when it is made.
type Config = shell.Config

// Services are what pages ask.
type Services = shell.Services

//go:embed templates
var files embed.FS

// Nav are the ways to the pages of services.
func Nav(services Services) (out []shell.Way) {
	if services.Survey != nil {
		out = append(out, way("", shell.Experience, func(l *words) string { return l.Overview }))
	}
	for i := range leaves {
		if leaves[i].path == customersPath && services.Segmentation == nil || leaves[i].path != customersPath && services.Journey == nil {
			continue
		}
		group := shell.Paths
		if leaves[i].path == customersPath {
			group = shell.People
		}
		out = append(out, way(leaves[i].path, group, leaves[i].title))
	}
	return out
}

func way(path string, group shell.Group, title func(*words) string) shell.Way {
	return shell.Way{Path: path, Group: group, Names: shell.Names(catalogues, title)}
}

// Page draws views.
type Page struct {
	cfg    Config
	survey surveyv1.SurveyServiceClient
	people segmentationv1.SegmentationServiceClient
	events journeyv1.JourneyServiceClient
	points loyaltyv1.LoyaltyServiceClient
	drawn  *shell.Drawings
	report reportv1.ReportServiceClient
}

// New makes the pages of services.
func New(cfg Config, services Services) (*Page, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Page{
		cfg: cfg, survey: services.Survey, people: services.Segmentation, events: services.Journey, points: services.Loyalty,
		report: services.Report, drawn: drawn,
	}, nil
}

// Route says where which page is.
func (p *Page) Route(mux *http.ServeMux) {
	overview := p.stage()
	mux.HandleFunc("GET /{$}", p.serve)
	mux.HandleFunc("GET /csv/{$}", overview.Table(p.table))
	mux.HandleFunc("GET /live", overview.Live(shell.Watch[*scene]{Told: p.told, Draw: p.drawAll}))
	for i := range leaves {
		l := &leaves[i]
		stage := p.stageOf(l)
		if l.path == customersPath {
			mux.HandleFunc("GET "+l.path, p.serveCustomers(stage))
			mux.HandleFunc("POST "+l.path, p.serveCustomers(stage))
		} else {
			mux.HandleFunc("GET "+l.path, stage.Page(p.showLeaf))
		}
		mux.HandleFunc("GET /csv"+l.path, stage.Table(p.leafTable))
		if l.deep != nil {
			mux.HandleFunc("GET "+l.path+"/{id}", stage.Page(p.showLeaf))
			mux.HandleFunc("GET /csv"+l.path+"/{id}", stage.Table(p.leafTable))
		}
		if l.live {
			live := stage.Live(shell.Watch[*scene]{Draw: p.drawLeaf})
			mux.HandleFunc("GET /live"+l.path, live)
			mux.HandleFunc("GET /live"+l.path+"/{id}", live)
		}
	}
}

type choice = shell.Choice

// shown is everything the template of a page reads.
type shown struct {
	*scene
	shell.Frame
	T        *words
	Metrics  []choice
	Periods  []choice
	KindName string
	Card     string // scorecard of the subject; empty: there is none
	Found    []choice
	FoundFor string
	Dated    bool   // a window of time can be chosen
	Stale    string // why these are not the days asked for
}

// stage is how the overview comes to be.
func (p *Page) stage() *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: surveyv1.SurveyService_GetMetric_FullMethodName, Prepare: p.prepare, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) {
			v, err := readView(r, q)
			return &scene{view: v}, err
		},
	}
}

// serve shows the overview.
func (p *Page) serve(w http.ResponseWriter, r *http.Request) {
	if v, err := readView(r, r.URL.Query()); p.survey == nil && err == nil { // the other pages are what there is
		v.Page = journeysPath
		http.Redirect(w, r, v.String(), http.StatusSeeOther)
		return
	}
	ctx, s, done, ok := p.stage().Set(w, r, r.URL.Query())
	if !ok {
		return
	}
	defer done()
	out := p.compose(ctx, s)
	if s.Query != "" {
		found, only := p.search(ctx, s)
		if only != "" {
			http.Redirect(w, r, only, http.StatusSeeOther)
			return
		}
		out.Found, out.FoundFor = found, s.Query
	}
	out.Sections = p.drawAll(ctx, s) // with what people wrote: no cache keeps it
	p.write(w, http.StatusOK, out)
}

// drawAll draws the parts of the overview.
func (p *Page) drawAll(ctx context.Context, s *scene) []shell.Drawing {
	return p.draw(ctx, s, sections)
}

// table is the overview's numbers.
func (p *Page) table(ctx context.Context, s *scene) (string, [][]string, error) {
	rows, err := p.overviewTable(ctx, s)
	return "overview", rows, err
}

// refuse shows why there is no such page, and the way back.
func (p *Page) refuse(w http.ResponseWriter, s *scene, err error) {
	v := view{Lang: s.Lang, Code: s.Code, Days: usualDays}
	p.write(w, p.cfg.Status(err), &shown{scene: &scene{view: v}, Frame: shell.Frame{Home: v.ToBrand(""), Problem: v.Lang.FaultText(err)}, T: v.Lang})
}

func (p *Page) write(w http.ResponseWriter, status int, out *shown) {
	name := "page"
	switch {
	case out.Problem != "":
		name = "problem"
	case out.Page != "":
		name = "leaf"
	}
	p.drawn.Write(w, status, name, &out.Frame, out)
}
