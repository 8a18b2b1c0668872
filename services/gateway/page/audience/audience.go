// Package audience is whom the brand deals with, as a marketer sees it: segments and
// what becomes of them, the panel that shows any group beside everybody else, the
// grid of recency and frequency, who went from where to where, and what moves a
// score. A view is its address: a link shows it again, and a form without JavaScript
// does what a click does.
package audience

import (
	"cmp"
	"context"
	"embed"
	"net/http"
	"net/url"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

//go:embed templates
var files embed.FS

// Pages draws views.
type Pages struct {
	cfg    shell.Config
	survey surveyv1.SurveyServiceClient
	people segmentationv1.SegmentationServiceClient
	events journeyv1.JourneyServiceClient
	drawn  *shell.Drawings
}

// New makes the pages of services.
func New(cfg shell.Config, services shell.Services) (*Pages, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Pages{cfg: cfg, survey: services.Survey, people: services.Segmentation, events: services.Journey, drawn: drawn}, nil
}

const (
	segmentsPath  = "/segments"
	newPath       = "/segments/new"
	panelPath     = "/panel"
	rfmPath       = "/rfm"
	migrationPath = "/migration"
	driversPath   = "/drivers"
)

// leaf is one page.
type leaf struct {
	path  string
	title func(*words) string
	// own are the names of the parts of the address that this page has.
	own []string
	// check refuses addresses that say nothing; nil: all do.
	check func(url.Values) error
	// sections are its parts; of a page below, those of one thing.
	sections func(*Pages, *scene) []shell.Section
	// table is the page's numbers for a spreadsheet; nil: it has none.
	table func(*Pages, context.Context, *scene) ([][]string, error)
	// live pages are kept true while they are open.
	live bool
	// needs tells whether the services that there are can answer for it.
	needs func(shell.Services) bool
}

func people(s shell.Services) bool  { return s.Segmentation != nil }
func answers(s shell.Services) bool { return s.Survey != nil }

// leaves are the pages in the order of the navigation.
var leaves = []*leaf{
	{
		path: segmentsPath, title: func(l *words) string { return l.Segments }, own: []string{"after", "archived"},
		sections: (*Pages).listSections, table: (*Pages).segmentsTable, live: true, needs: people,
	},
	{
		path: panelPath, title: func(l *words) string { return l.Panel }, own: panelOwn, check: checkFilters,
		sections: (*Pages).panelSections, table: (*Pages).panelTable, needs: people,
	},
	{
		path: rfmPath, title: func(*words) string { return "RFM" }, own: []string{"run", "by"},
		sections: (*Pages).rfmSections, table: (*Pages).rfmTable, needs: people,
	},
	{
		path: migrationPath, title: func(l *words) string { return l.Migration }, own: []string{"from", "to", "over", "segment", "days"},
		sections: (*Pages).migrationSections, table: (*Pages).migrationTable, needs: people,
	},
	{
		path: driversPath, title: func(l *words) string { return l.Drivers }, own: []string{"metric", "segment", "since"},
		sections: (*Pages).driverSections, table: (*Pages).driversTable, needs: answers,
	},
}

// segmentLeaf is the page of one segment, newLeaf the one that makes them.
var (
	segmentLeaf = &leaf{path: segmentsPath, title: func(l *words) string { return l.Segments }, own: []string{"after", "since"}, sections: (*Pages).segmentSections, table: (*Pages).segmentTable, live: true}
	newLeaf     = &leaf{path: newPath, title: func(l *words) string { return l.NewSegment }, own: newOwn, sections: (*Pages).newSections}
)

// Nav are the ways to the pages of services.
func Nav(services shell.Services) (out []shell.Way) {
	for _, l := range leaves {
		if !l.needs(services) {
			continue
		}
		group := shell.People
		if l.path == driversPath {
			group = shell.Experience
		}
		out = append(out, shell.Way{Path: l.path, Group: group, Names: shell.Names(catalogues, l.title)})
	}
	return out
}

// Route says where which page is. A page of another origin cannot make a reader's
// browser change anything here.
func (p *Pages) Route(mux *http.ServeMux) {
	route := func(at string, l *leaf) {
		stage := p.stage(l)
		mux.HandleFunc("GET "+at, stage.Page(p.show))
		if l.table != nil {
			mux.HandleFunc("GET /csv"+at, stage.Table(p.table))
		}
		if l.live {
			mux.HandleFunc("GET /live"+at, stage.Live(shell.Watch[*scene]{Draw: p.draw}))
		}
	}
	for _, l := range leaves {
		route(l.path, l)
	}
	route(segmentsPath+"/{id}", segmentLeaf)
	route(newPath, newLeaf)
	mux.Handle("POST "+newPath, http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.create)))
}

// shown is everything the template of a page reads.
type shown struct {
	shell.Frame
	T     *words
	About string
}

// stage is how a page comes to be.
func (p *Pages) stage(l *leaf) *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: segmentationv1.SegmentationService_QueryPanel_FullMethodName, Prepare: p.prepare, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) { return p.read(r, q, l) },
	}
}

// show shows a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, s *scene) {
	p.showAs(ctx, w, http.StatusOK, s)
}

func (p *Pages) showAs(ctx context.Context, w http.ResponseWriter, status int, s *scene) {
	out := p.compose(ctx, s)
	out.Sections = p.draw(ctx, s)
	p.drawn.Write(w, status, "audience", &out.Frame, out)
}

// draw draws the parts of a page.
func (p *Pages) draw(ctx context.Context, s *scene) []shell.Drawing {
	return p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, s))
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene) *shown {
	l, to := s.leaf, func(path string) string { return s.to(path, "", nil) }
	out := &shown{T: s.Lang, Frame: shell.Frame{
		Name: cmp.Or(s.title, l.title(s.Lang)), Home: to(""), BrandName: s.brand.Name, Kept: true,
		Tabs: p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, l.path, to), Permalink: s.permanent(),
	}}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string {
		return shell.Address{Brand: id, Code: s.Code, Page: l.path}.String()
	})
	out.Langs = shell.Languages(catalogues, s.Lang, func(code string) string { return s.In(code).String() })
	if l.table != nil {
		out.CSV = "/csv" + out.Permalink
	}
	if l.live {
		out.LiveAt = "/live" + out.Permalink
	}
	if l == segmentLeaf || l == newLeaf {
		out.Path = []shell.Choice{{Name: s.Lang.Segments, Link: to(segmentsPath)}}
	}
	return out
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
