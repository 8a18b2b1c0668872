package page

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// leaf is a page beside the overview.
type leaf struct {
	path  string
	title func(*words) string
	// dated is set where a window of time is chosen.
	dated bool
	// own are the names of the parts of the address that this page alone has.
	own []string
	// parts are its sections; deep those of one thing, under an address below.
	parts, deep []section
	// table is the page's numbers for a spreadsheet, deepTable those of one thing.
	table, deepTable func(*Page, context.Context, *scene) ([][]string, error)
	// private pages are about persons.
	private bool
	// live pages are kept true while they are open.
	live bool
}

const (
	customersPath = "/customers"
	journeysPath  = "/journeys"
	funnelPath    = "/funnel"
	pathsPath     = "/paths"
	mapsPath      = "/maps"
)

// leaves are the pages in the order of the navigation.
var leaves = []leaf{
	{
		path: customersPath, title: func(l *words) string { return l.Customers }, own: []string{"q", "after", "before", "identities"}, private: true,
		parts: []section{
			{"lookup", shell.Top, func(l *words) string { return l.Lookup }, (*Page).loadLookup},
			{"people", shell.Top, func(l *words) string { return l.People }, (*Page).loadPeople},
		},
		deep: []section{
			{"person", shell.Top, func(l *words) string { return l.Person }, (*Page).loadPerson},
			{"standing", shell.Left, func(l *words) string { return l.Standing }, (*Page).loadStanding},
			{"accounts", shell.Right, func(l *words) string { return l.Accounts }, (*Page).loadAccounts},
			{"personcases", shell.Left, func(l *words) string { return l.Cases }, (*Page).loadPersonCases},
			{"nextcontacts", shell.Right, func(l *words) string { return l.NextContacts }, (*Page).loadNextContacts},
			{"timeline", shell.Bottom, func(l *words) string { return l.Timeline }, (*Page).loadTimeline},
		},
		table: (*Page).customersTable, deepTable: (*Page).personTable,
	},
	{
		path: journeysPath, title: func(l *words) string { return l.Journeys }, dated: true, live: true,
		parts: []section{
			{"success", shell.Half, func(l *words) string { return l.Success }, (*Page).loadSuccess},
			{"contacts", shell.Half, func(l *words) string { return l.Contacts }, (*Page).loadContacts},
			{"retention", shell.Bottom, func(l *words) string { return l.Retention }, (*Page).loadRetention},
		},
		table: (*Page).journeysTable,
	},
	{
		path: funnelPath, title: func(l *words) string { return l.Funnel }, dated: true, own: []string{"step", "within", "unit", "by"},
		parts: []section{
			{"funnel", shell.Top, func(l *words) string { return l.Funnel }, (*Page).loadFunnel},
			{"steps", shell.Top, func(l *words) string { return l.Steps }, (*Page).loadSteps},
		},
		table: (*Page).funnelTable,
	},
	{
		path: pathsPath, title: func(l *words) string { return l.Paths }, dated: true, own: []string{"unit", "length", "repeats", "table"},
		parts: []section{
			{"choice", shell.Top, func(l *words) string { return l.Choice }, (*Page).loadChoice},
			{"sankey", shell.Top, func(l *words) string { return l.Sankey }, (*Page).loadSankey},
			{"ways", shell.Top, func(l *words) string { return l.Ways }, (*Page).loadWays},
		},
		table: (*Page).pathsTable,
	},
	{
		path: mapsPath, title: func(l *words) string { return l.Maps }, dated: true, live: true, own: []string{"after"},
		parts: []section{{"maps", shell.Top, func(l *words) string { return l.Maps }, (*Page).loadMaps}},
		deep:  []section{{"map", shell.Top, func(l *words) string { return l.Map }, (*Page).loadMap}},
		table: (*Page).mapsTable, deepTable: (*Page).mapTable,
	},
}

const (
	absentSurvey       = shell.Absent("Survey")
	absentSegmentation = shell.Absent("Segmentation")
	absentJourney      = shell.Absent("Journey")
	absentReport       = shell.Absent("Report")
)

// tabs are the ways to all pages: brand, language and window go along.
func (p *Page) tabs(ctx context.Context, s *scene) []choice {
	to := func(path string) string {
		return s.link(func(v *view) {
			*v = view{Brand: v.Brand, Lang: v.Lang, Code: v.Code, Days: v.Days, From: v.From, To: v.To, Page: path}
		})
	}
	return p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, s.Page, to)
}

// maxOwn bounds what an address may bring for one name.
const maxOwn = 20

// stageOf is how a page beside the overview comes to be.
func (p *Page) stageOf(l *leaf) *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: journeyv1.JourneyService_GetFunnel_FullMethodName, Prepare: p.prepareLeaf, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) {
			v, err := readLeaf(r, q, l)
			return &scene{view: v, leaf: l, person: &asked{}}, err
		},
	}
}

// readLeaf reads the address of a page.
func readLeaf(r *http.Request, q url.Values, l *leaf) (view, error) {
	v := view{Brand: q.Get("brand"), Days: q.Get("days"), Page: l.path, ID: r.PathValue("id"), Own: url.Values{}}
	for _, name := range l.own {
		if all := q[name]; len(all) > 0 {
			v.Own[name] = all[:min(len(all), maxOwn)]
		}
	}
	v.readLang(r, q)
	wrong := fault.Invalid()
	v.readDays(q, wrong)
	for name, all := range v.Own {
		if !utf8.ValidString(strings.Join(all, "")) {
			wrong.Field(name, "is text")
		}
	}
	return v, wrong.Err()
}

// sections are the parts of the page, or of one thing on it.
func (l *leaf) sections(v view) []section {
	if v.ID != "" {
		return l.deep
	}
	return l.parts
}

// showLeaf shows a page whose scene is set.
func (p *Page) showLeaf(ctx context.Context, w http.ResponseWriter, s *scene) {
	l, out := s.leaf, p.compose(ctx, s)
	out.Name, out.Dated, out.Kept = l.title(s.Lang), l.dated, !l.private
	out.CSV = "/csv" + s.permanent().link(func(*view) {})
	if s.ID != "" {
		out.Path = []choice{{Name: out.Name, Link: s.link(func(v *view) { v.ID, v.Own = "", nil })}}
		out.Name = s.ID
		if l.path == customersPath {
			out.Name = s.Lang.Person + " " + s.ID
		}
		if l.path == mapsPath {
			out.Name = p.mapTitle(ctx, s)
		}
	}
	if l.live {
		out.LiveAt = s.Live()
	}
	if s.window.stale {
		out.Stale = s.quietText()
	}
	out.Sections = p.drawLeaf(ctx, s)
	p.write(w, http.StatusOK, out)
}

// drawLeaf draws the parts of a page.
func (p *Page) drawLeaf(ctx context.Context, s *scene) []shell.Drawing {
	return p.draw(ctx, s, s.leaf.sections(s.view))
}

// leafTable is the numbers of a page.
func (p *Page) leafTable(ctx context.Context, s *scene) (string, [][]string, error) {
	table := s.leaf.table
	if s.ID != "" {
		table = s.leaf.deepTable
	}
	rows, err := table(p, ctx, s)
	return shell.TableName(s.Page, s.ID), rows, err
}

// permanent is the view that shows the same whenever it is opened: with its days where
// it had only a number of them, and with all else that the page chose itself.
func (s *scene) permanent() view {
	v := s.view
	v.Code = v.Lang.Code
	if v.Days != "" && !s.window.whole() {
		v.Days, v.From, v.To = "", s.window.first, s.window.last
	}
	return v
}

// Here is the address of the page without its parts, for forms.
func (v view) Here() string { return v.path() }

// withOwn are own parts of an address with one more.
func withOwn(all url.Values, name, value string) url.Values {
	out := maps.Clone(all)
	if out == nil {
		out = url.Values{}
	}
	out.Set(name, value)
	return out
}
