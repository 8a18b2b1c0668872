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
}

// New makes the pages of services.
func New(cfg shell.Config, services shell.Services) (*Pages, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Pages{cfg: cfg, survey: services.Survey, report: services.Report, drawn: drawn}, nil
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
		out = append(out, shell.Way{Path: l.path, Group: l.group, Names: shell.Names(catalogues, l.title)})
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
		stage := p.stage(l)
		mux.HandleFunc("GET "+at, stage.Page(p.show))
		mux.HandleFunc("GET /csv"+at, stage.Table(p.table))
		if l.live {
			mux.HandleFunc("GET /live"+at, stage.Live(shell.Watch[*scene]{Told: p.told, Draw: p.draw}))
		}
	}
	mux.Handle("POST "+casesPath, http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.introduce)))
	mux.Handle("POST "+casesPath+"/{id}", http.NewCrossOriginProtection().Handler(http.HandlerFunc(p.work)))
}

// scene is an address with all that was left open decided.
type scene struct {
	shell.Address
	Lang  *words
	leaf  *leaf
	brand *config.Brand
	span  shell.Span // of the pages that are of days
	now   time.Time
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

// stage is how a page comes to be.
func (p *Pages) stage(l *leaf) *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: l.method, Prepare: p.prepare, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) { return p.read(r, q, l) },
	}
}

// read is the scene of an address, as far as the address says it.
func (p *Pages) read(r *http.Request, q url.Values, l *leaf) (*scene, error) {
	s := &scene{leaf: l, now: p.cfg.Clock()}
	var err error
	s.Address, err = shell.ReadAddress(q, l.path, r.PathValue("id"), l.own)
	s.Lang = shell.Spoken(catalogues, s.Code, r)
	if err == nil && l.dated() {
		wrong := fault.Invalid()
		s.span = shell.ReadSpan(s.Own, spans, usualDays, wrong)
		err = wrong.Err()
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

// show shows a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, s *scene) {
	p.showAs(ctx, w, http.StatusOK, s)
}

func (p *Pages) showAs(ctx context.Context, w http.ResponseWriter, status int, s *scene) {
	out := p.compose(ctx, s)
	out.Sections = p.draw(ctx, s)
	p.drawn.Write(w, status, "board", &out.Frame, out)
}

// draw draws the parts of a page.
func (p *Pages) draw(ctx context.Context, s *scene) []shell.Drawing {
	return p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, s))
}

// told opens what tells of changes of a page: ReportService watches the omnichannel report.
func (p *Pages) told(ctx context.Context, s *scene) (func() error, error) {
	if s.leaf.path != omnichannelPath {
		return nil, nil
	}
	stream, err := p.report.WatchReport(ctx, &reportv1.WatchReportRequest{Report: s.omnichannelQuestion()})
	return func() error { _, err := stream.Recv(); return err }, err
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene) *shown {
	to := func(path string) string { return s.To(path, "", s.dates()).String() }
	out := &shown{T: s.Lang, Kind: s.kind, Frame: shell.Frame{
		Name: cmp.Or(s.name, s.leaf.title(s.Lang)), Home: to(""), BrandName: s.brand.Name, Path: s.path, Kept: !s.leaf.private,
		Tabs: p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, s.Page, to), Permalink: s.permanent(p.today(s)).String(),
	}}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string {
		at := shell.Address{Brand: id, Code: s.Code, Page: s.leaf.path}
		if s.leaf.deep {
			at.Page = "/"
		}
		return at.String()
	})
	out.Langs = shell.Languages(catalogues, s.Lang, func(code string) string { return s.In(code).String() })
	if s.leaf.live {
		out.LiveAt = "/live" + s.In(s.Lang.Code).String()
	}
	out.CSV = "/csv" + out.Permalink
	if s.leaf.dated() {
		out.Dated, out.Periods = true, s.periods()
		out.From, out.To = s.span.FormDays(p.today(s))
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

// table is the numbers of a page.
func (p *Pages) table(ctx context.Context, s *scene) (string, [][]string, error) {
	rows, err := s.leaf.table(p, ctx, s)
	return shell.TableName(s.Page, s.ID), rows, err
}

const absentSurvey = shell.Absent("Survey")

// unknownThing is what an address names that nobody could mean.
func unknownThing(field, text string) error { return fault.Invalid().Field(field, "%s", text).Err() }
