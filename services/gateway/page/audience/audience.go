// Package audience is whom the brand deals with, as a marketer sees it: segments and
// what becomes of them, the panel that shows any group beside everybody else, the
// grid of recency and frequency, who went from where to where, and what moves a
// score. A view is its address: a link shows it again, and a form without JavaScript
// does what a click does.
package audience

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
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
	// needs tells whether the services that there are can answer for it.
	needs func(shell.Services) bool
}

func people(s shell.Services) bool  { return s.Segmentation != nil }
func answers(s shell.Services) bool { return s.Survey != nil }

// leaves are the pages in the order of the navigation.
var leaves = []*leaf{
	{
		path: segmentsPath, title: func(l *words) string { return l.Segments }, own: []string{"after", "archived"},
		sections: (*Pages).listSections, table: (*Pages).segmentsTable, needs: people,
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
	segmentLeaf = &leaf{path: segmentsPath, title: func(l *words) string { return l.Segments }, own: []string{"after", "since"}, sections: (*Pages).segmentSections, table: (*Pages).segmentTable}
	newLeaf     = &leaf{path: newPath, title: func(l *words) string { return l.NewSegment }, own: newOwn, sections: (*Pages).newSections}
)

// Nav are the ways to the pages of services.
func Nav(services shell.Services) (out []shell.Way) {
	for _, l := range leaves {
		if !l.needs(services) {
			continue
		}
		names := map[string]string{}
		for _, w := range catalogues {
			names[w.Code] = l.title(w)
		}
		group := shell.People
		if l.path == driversPath {
			group = shell.Experience
		}
		out = append(out, shell.Way{Path: l.path, Group: group, Names: names})
	}
	return out
}

// Route says where which page is. A page of another origin cannot make a reader's
// browser change anything here.
func (p *Pages) Route(mux *http.ServeMux) {
	for _, l := range leaves {
		mux.HandleFunc("GET "+l.path, p.serve(l))
		mux.HandleFunc("GET "+l.path+".csv", p.serveTable(l))
		mux.HandleFunc("GET /csv"+l.path, p.serveTable(l))
	}
	mux.HandleFunc("GET /csv"+segmentsPath+"/{id}", p.serveTable(segmentLeaf))
	mux.HandleFunc("GET "+segmentsPath+"/{id}", p.serve(segmentLeaf))
	mux.HandleFunc("GET "+newPath, p.serve(newLeaf))
	mux.Handle("POST "+newPath, http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.create)))
}

// scene is a view with all that was left open decided.
type scene struct {
	view
	brand *config.Brand
	// made is what a form that was sent could not do; nil: nothing was sent.
	made error
}

// shown is everything the template of a page reads.
type shown struct {
	shell.Frame
	T     *words
	About string
}

// serve shows a page.
func (p *Pages) serve(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, l)
		if s == nil {
			return
		}
		defer done()
		p.show(ctx, w, http.StatusOK, s, l)
	}
}

// stage reads an address; without a scene it has answered why there is no page.
func (p *Pages) stage(w http.ResponseWriter, r *http.Request, l *leaf) (context.Context, context.CancelFunc, *scene) {
	v, err := readView(r, l)
	if err != nil {
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	ctx, done, err := p.cfg.Calls(r, segmentationv1.SegmentationService_QueryPanel_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	s := &scene{view: v}
	if s.brand, err = p.cfg.Choose(ctx, s.Brand, p.peopled); err != nil {
		done()
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	s.Brand = s.brand.ID
	return ctx, done, s
}

// peopled tells whether a brand has customers.
func (p *Pages) peopled(ctx context.Context, brand string) bool {
	if p.people == nil {
		return false
	}
	some, err := p.people.ListCustomers(ctx, &segmentationv1.ListCustomersRequest{Brand: brand, PageSize: 1})
	return err == nil && len(some.GetCustomers()) > 0
}

// show draws a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, status int, s *scene, l *leaf) {
	out := p.compose(ctx, s, l)
	if s.ID != "" {
		title, err := p.titleOf(ctx, s)
		if fault.Code(err).String() == "NotFound" {
			p.refuse(w, s.view, err)
			return
		}
		out.Name = title
	}
	out.Sections = p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.view, l.sections(p, s))
	p.drawn.Write(w, status, "audience", &out.Frame, out)
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene, l *leaf) *shown {
	to := func(path string) string {
		return s.link(func(v *view) { *v = view{Brand: v.Brand, Lang: v.Lang, asked: v.asked, Page: path} })
	}
	out := &shown{T: s.Lang, Frame: shell.Frame{Name: l.title(s.Lang), Home: to(""), BrandName: s.brand.Name}}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string {
		return s.link(func(v *view) { *v = view{Brand: id, Lang: v.Lang, asked: v.asked, Page: l.path} })
	})
	for _, c := range catalogues {
		link := s.link(func(v *view) { v.Lang, v.asked = c, true })
		out.Langs = append(out.Langs, shell.Choice{Name: c.Name, Note: c.Code, Link: link, Current: c == s.Lang})
	}
	out.Tabs = p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, l.path, to)
	out.Kept = true
	out.Permalink = s.link(func(v *view) { v.asked = true })
	if l.table != nil {
		out.CSV = "/csv" + out.Permalink
	}
	if l == segmentLeaf || l == newLeaf {
		out.Path = []shell.Choice{{Name: s.Lang.Segments, Link: to(segmentsPath)}}
	}
	return out
}

// titleOf is a segment's name; one that cannot be read has its id.
func (p *Pages) titleOf(ctx context.Context, s *scene) (string, error) {
	if p.people == nil {
		return s.ID, nil
	}
	got, err := p.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: s.Brand, SegmentId: s.ID})
	if err != nil {
		return s.ID, err
	}
	return s.segmentName(got.GetSegment()), nil
}

// refuse shows why there is no such page, and the way back.
func (p *Pages) refuse(w http.ResponseWriter, v view, err error) {
	home := view{Lang: v.Lang, asked: v.asked}.link(func(*view) {})
	out := &shown{T: v.Lang, Frame: shell.Frame{Home: home, Problem: v.Lang.FaultText(err)}}
	p.drawn.Write(w, p.cfg.Status(err), "problem", &out.Frame, out)
}

// serveTable gives a page's numbers as a spreadsheet reads them.
func (p *Pages) serveTable(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, l)
		if s == nil {
			return
		}
		defer done()
		rows, err := l.table(p, ctx, s)
		if err != nil {
			p.refuse(w, s.view, err)
			return
		}
		shell.WriteTable(w, strings.TrimPrefix(strings.TrimSuffix(l.path+"-"+s.ID, "-"), "/"), rows)
	}
}
