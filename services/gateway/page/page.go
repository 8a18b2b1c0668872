// Package page is the suite as a person sees it, drawn on the server: an overview
// that says how a brand, a region or a store does, whether that is a change, and
// what people say; and beside it customers, their ways and the maps of these. Its
// address is all there is to a view; it holds no state. With JavaScript it moves
// when an answer arrives, without it is complete.
package page

import (
	"embed"
	"net/http"

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
	names := map[string]string{}
	for _, l := range catalogues {
		names[l.Code] = title(l)
	}
	return shell.Way{Path: path, Group: group, Names: names}
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
	seats  shell.Seats
}

// New makes the pages of services.
func New(cfg Config, services Services) (*Page, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Page{
		cfg: cfg, survey: services.Survey, people: services.Segmentation, events: services.Journey, points: services.Loyalty,
		report: services.Report, drawn: drawn, seats: shell.NewSeats(),
	}, nil
}

// Route says where which page is.
func (p *Page) Route(mux *http.ServeMux) {
	mux.Handle("GET /{$}", p)
	mux.HandleFunc("GET /live", p.Live)
	mux.HandleFunc("GET /csv/{$}", p.serveOverviewTable)
	for i := range leaves {
		l := &leaves[i]
		mux.HandleFunc("GET "+l.path, p.serveLeaf(l))
		if l.deep != nil {
			mux.HandleFunc("GET "+l.path+"/{id}", p.serveLeaf(l))
		}
		mux.HandleFunc("GET "+l.path+".csv", p.serveTable(l))
		mux.HandleFunc("GET /csv"+l.path, p.serveTable(l))
		if l.deepTable != nil {
			mux.HandleFunc("GET /csv"+l.path+"/{id}", p.serveTable(l))
		}
	}
	mux.HandleFunc("POST "+customersPath, p.find)
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

// ServeHTTP shows a view.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, err := readView(r)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	if p.survey == nil { // the other pages are what there is
		v.Page = journeysPath
		http.Redirect(w, r, v.String(), http.StatusSeeOther)
		return
	}
	ctx, cancel, err := p.cfg.Calls(r, surveyv1.SurveyService_GetMetric_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	defer cancel()
	s, err := p.stage(ctx, v)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	out := p.compose(ctx, s)
	if v.Query != "" {
		found, only := p.search(ctx, s)
		if only != "" {
			http.Redirect(w, r, only, http.StatusSeeOther)
			return
		}
		out.Found, out.FoundFor = found, v.Query
	}
	out.Sections = p.draw(ctx, s, sections) // with what people wrote: no cache keeps it
	p.write(w, http.StatusOK, out)
}

// serveOverviewTable gives the overview's numbers as a spreadsheet reads them.
func (p *Page) serveOverviewTable(w http.ResponseWriter, r *http.Request) {
	v, err := readView(r)
	if err == nil && p.survey == nil {
		err = absentSurvey
	}
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	ctx, cancel, err := p.cfg.Calls(r, surveyv1.SurveyService_GetMetric_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	defer cancel()
	s, err := p.stage(ctx, v)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	rows, err := p.overviewTable(ctx, s)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	shell.WriteTable(w, "overview", rows)
}

// refuse shows why there is no such page, and the way back.
func (p *Page) refuse(w http.ResponseWriter, v view, err error) {
	status := p.cfg.Status(err)
	v = view{Lang: v.Lang, asked: v.asked, Days: usualDays}
	p.write(w, status, &shown{scene: &scene{view: v}, Frame: shell.Frame{Home: v.ToBrand(""), Problem: v.Lang.FaultText(err)}, T: v.Lang})
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
