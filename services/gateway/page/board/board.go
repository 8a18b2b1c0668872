// Package board is what a brand is run by: the omnichannel report, the league tables
// of stores, sellers and couriers, the map of who is good at what, the scorecard of
// each, and the queue of customers to call back. A view is its address. Reports are
// ReportService's own answers: the pages only put them into words, and say of what is
// missing that it is.
package board

import (
	"cmp"
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
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
	report reportv1.ReportServiceClient
	drawn  *shell.Drawings
	seats  shell.Seats
}

// New makes the pages of services.
func New(cfg shell.Config, services shell.Services) (*Pages, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Pages{cfg: cfg, survey: services.Survey, report: services.Report, drawn: drawn, seats: shell.NewSeats()}, nil
}

const (
	omnichannelPath = "/omnichannel"
	leaguePath      = "/rankings"
	heatPath        = "/heatmap"
	scorecardPath   = "/scorecards"
	casesPath       = "/cases"
)

// leaf is one page.
type leaf struct {
	path  string
	group shell.Group // of the navigation; empty: no way leads there by itself
	title func(*words) string
	// method is the RPC that is asked for as the reader.
	method string
	// own are the names of the parts of the address that this page has.
	own []string
	// deep pages show one thing, under an address below.
	deep bool
	// prepare asks for what all sections share, and finds the page's name.
	prepare func(*Pages, context.Context, *scene) error
	// sections are its parts.
	sections func(*Pages, *scene) []shell.Section
	// live tells that the page is kept true while it is open.
	live bool
	// private pages are about persons.
	private bool
	// table is the page's numbers for a spreadsheet.
	table func(*Pages, context.Context, *scene) ([][]string, error)
	// needs tells whether the services that there are can answer for it.
	needs func(shell.Services) bool
}

func reports(s shell.Services) bool { return s.Report != nil }
func answers(s shell.Services) bool { return s.Survey != nil }

// leaves are the pages; an array of functions that name each other is set when the
// process begins.
var leaves []*leaf

func init() {
	leaves = []*leaf{
		{
			path: omnichannelPath, group: shell.Experience, title: func(l *words) string { return l.Omnichannel }, needs: reports,
			own: []string{"subject", "days", "from", "to", "metric"}, live: true, method: reportv1.ReportService_GetOmnichannelReport_FullMethodName,
			prepare: (*Pages).prepareOmnichannel, sections: (*Pages).omnichannelSections, table: (*Pages).omnichannelTable,
		},
		{
			path: leaguePath, group: shell.Experience, title: func(l *words) string { return l.League }, needs: answers,
			own: []string{"kind", "metric", "subject", "label", "min", "days", "from", "to", "after"}, live: true, method: surveyv1.SurveyService_RankSubjects_FullMethodName,
			prepare: (*Pages).prepareLeague, sections: (*Pages).leagueSections, table: (*Pages).leagueTable,
		},
		{
			path: heatPath, group: shell.Experience, title: func(l *words) string { return l.Heat }, needs: reports,
			own: []string{"kind", "metric", "subject", "label", "min", "by", "show", "days", "from", "to", "after"}, live: true, method: reportv1.ReportService_GetHeatMap_FullMethodName,
			prepare: (*Pages).prepareHeat, sections: (*Pages).heatSections, table: (*Pages).heatTable,
		},
		{
			path: scorecardPath, title: func(l *words) string { return l.Scorecard }, needs: reports, deep: true, private: true,
			own: []string{"metric", "days", "peers"}, live: true, method: reportv1.ReportService_GetSubjectScorecard_FullMethodName,
			prepare: (*Pages).prepareScorecard, sections: (*Pages).scorecardSections, table: (*Pages).scorecardTable,
		},
		{
			path: casesPath, group: shell.Work, title: func(l *words) string { return l.Cases }, needs: answers, private: true,
			own: []string{"other", "mine", "overdue", "state", "queue", "cause", "subject", "after"}, live: true, method: surveyv1.SurveyService_ListCases_FullMethodName,
			prepare: (*Pages).prepareCases, sections: (*Pages).casesSections, table: (*Pages).casesTable,
		},
		{
			path: casesPath, title: func(l *words) string { return l.Cases }, needs: answers, private: true, deep: true,
			own: []string{"back", "other"}, method: surveyv1.SurveyService_GetCase_FullMethodName,
			prepare: (*Pages).prepareCase, sections: (*Pages).caseSections, table: (*Pages).caseTable,
		},
	}
}

// Nav are the ways to the pages of services.
func Nav(services shell.Services) (out []shell.Way) {
	for _, l := range leaves {
		if l.group == "" || !l.needs(services) {
			continue
		}
		names := map[string]string{}
		for _, w := range catalogues {
			names[w.Code] = l.title(w)
		}
		out = append(out, shell.Way{Path: l.path, Group: l.group, Names: names})
	}
	return out
}

// Route says where which page is. A page of another origin cannot make a reader's
// browser change anything here.
func (p *Pages) Route(mux *http.ServeMux) {
	for _, l := range leaves {
		at := l.path
		if l.deep {
			at += "/{id}"
		}
		mux.HandleFunc("GET "+at, p.serve(l))
		mux.HandleFunc("GET /csv"+at, p.serveTable(l))
		if l.live {
			mux.HandleFunc("GET /live"+at, p.serveLive(l))
		}
	}
	mux.Handle("POST "+casesPath, http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.introduce)))
	mux.Handle("POST "+casesPath+"/{id}", http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.work)))
}

// scene is an address with all that was left open decided.
type scene struct {
	shell.Address
	Lang   *words
	leaf   *leaf
	brand  *config.Brand
	window window
	now    time.Time
	// name is what the page shows; empty: the page's own title.
	name, kind string
	path       []shell.Choice
	// Of each page what its sections share.
	omni  omnichannel
	table league
	heat  heat
	card  scorecard
	queue queue
	file  casefile
}

// shown is everything the template of a page reads.
type shown struct {
	shell.Frame
	T        *words
	Kind     string
	Periods  []shell.Choice
	From, To string
	Hidden   []shell.Hidden
	Action   string
	Dated    bool
	// Further is where one goes from here.
	Further []shell.Choice
}

// serve shows a page.
func (p *Pages) serve(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, r.URL.Query(), l)
		if s == nil {
			return
		}
		defer done()
		p.show(ctx, w, http.StatusOK, s)
	}
}

// stage reads an address and asks for what the sections share; without a scene it has
// answered why there is no page.
func (p *Pages) stage(w http.ResponseWriter, r *http.Request, q url.Values, l *leaf) (context.Context, context.CancelFunc, *scene) {
	s, err := p.read(r, q, l)
	if err != nil {
		p.refuse(w, s, err)
		return nil, nil, nil
	}
	ctx, done, err := p.cfg.Calls(r, l.method)
	if err != nil {
		p.refuse(w, s, err)
		return nil, nil, nil
	}
	if err := p.prepare(ctx, s); err != nil {
		done()
		p.refuse(w, s, err)
		return nil, nil, nil
	}
	return ctx, done, s
}

// read is the scene of an address, as far as the address says it.
func (p *Pages) read(r *http.Request, q url.Values, l *leaf) (*scene, error) {
	s := &scene{leaf: l, now: p.cfg.Clock()}
	var err error
	s.Address, err = shell.ReadAddress(q, l.path, r.PathValue("id"), l.own)
	s.Lang = named(cmp.Or(s.Code, shell.Accepted(r.Header.Get("Accept-Language")).Code))
	if err == nil {
		s.window, err = readWindow(s.Own)
	}
	s.queue.who, s.queue.signed = p.actor(r)
	return s, err
}

// prepare decides the brand, then asks for what the sections share.
func (p *Pages) prepare(ctx context.Context, s *scene) (err error) {
	if s.brand, err = p.cfg.Choose(ctx, s.Brand, p.answered); err != nil {
		return err
	}
	s.Brand = s.brand.ID
	return s.leaf.prepare(p, ctx, s)
}

// answered tells whether a brand has anything that is rated.
func (p *Pages) answered(ctx context.Context, brand string) bool {
	if p.survey == nil {
		return false
	}
	list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: brand, PageSize: 1})
	return err == nil && len(list.GetSubjects()) > 0
}

// show draws a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, status int, s *scene) {
	out := p.compose(ctx, s)
	out.Sections = p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, s))
	p.drawn.Write(w, status, "board", &out.Frame, out)
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene) *shown {
	to := func(path string) string { return s.To(path, "", s.dates()).String() }
	out := &shown{T: s.Lang, Kind: s.kind, Frame: shell.Frame{
		Name: cmp.Or(s.name, s.leaf.title(s.Lang)), Home: to(""), BrandName: s.brand.Name, Path: s.path, Kept: !s.leaf.private,
		Tabs: p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, s.Page, to), Permalink: s.permanent(p.cfg.Clock()).String(),
	}}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string {
		at := shell.Address{Brand: id, Code: s.Code, Page: s.leaf.path}
		if s.leaf.deep {
			at.Page = "/"
		}
		return at.String()
	})
	for _, c := range catalogues {
		out.Langs = append(out.Langs, shell.Choice{Name: c.Name, Note: c.Code, Link: s.In(c.Code).String(), Current: c == s.Lang})
	}
	if s.leaf.live {
		out.LiveAt = "/live" + s.In(s.Lang.Code).String()
	}
	out.CSV = "/csv" + s.permanent(p.cfg.Clock()).String()
	if s.leaf.dated() {
		out.Dated, out.Periods = true, s.periods()
		out.From, out.To = s.window.formDays(p.today(s))
		out.Hidden, out.Action = s.Hidden("days", "from", "to", "after"), s.Path()
	}
	out.Further = p.further(s)
	return out
}

// refuse shows why there is no such page, and the way back.
func (p *Pages) refuse(w http.ResponseWriter, s *scene, err error) {
	out := &shown{T: s.Lang, Frame: shell.Frame{Home: shell.Address{Code: s.Code}.String(), Problem: s.Lang.FaultText(err)}}
	p.drawn.Write(w, p.cfg.Status(err), "problem", &out.Frame, out)
}

// serveTable gives a page's numbers as a spreadsheet reads them.
func (p *Pages) serveTable(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, r.URL.Query(), l)
		if s == nil {
			return
		}
		defer done()
		rows, err := l.table(p, ctx, s)
		if err != nil {
			p.refuse(w, s, err)
			return
		}
		shell.WriteTable(w, strings.TrimPrefix(strings.TrimSuffix(l.path+"-"+s.ID, "-"), "/"), rows)
	}
}

const absentSurvey = shell.Absent("Survey")

// unknownThing is what an address names that nobody could mean.
func unknownThing(field, text string) error { return fault.Invalid().Field(field, "%s", text).Err() }
