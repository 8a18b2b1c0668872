package page

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
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
		path: journeysPath, title: func(l *words) string { return l.Journeys }, dated: true,
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
		path: mapsPath, title: func(l *words) string { return l.Maps }, dated: true, own: []string{"after"},
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
			*v = view{Brand: v.Brand, Lang: v.Lang, asked: v.asked, Days: v.Days, From: v.From, To: v.To, Page: path}
		})
	}
	return p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, s.Page, to)
}

// maxOwn bounds what an address may bring for one name.
const maxOwn = 20

// readLeaf reads the address of a page.
func readLeaf(r *http.Request, q url.Values, l *leaf, id string) (view, error) {
	v := view{Brand: q.Get("brand"), Days: q.Get("days"), Page: l.path, ID: id, Own: url.Values{}}
	for _, name := range l.own {
		if all := q[name]; len(all) > 0 {
			v.Own[name] = all[:min(len(all), maxOwn)]
		}
	}
	v.readLang(r)
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

// serveLeaf shows a page.
func (p *Page) serveLeaf(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := readLeaf(r, r.URL.Query(), l, r.PathValue("id"))
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		ctx, cancel, err := p.cfg.Calls(r, journeyv1.JourneyService_GetFunnel_FullMethodName)
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		defer cancel()
		s, err := p.stageLeaf(ctx, v, l)
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		if q := strings.TrimSpace(v.Own.Get("q")); q != "" {
			p.lead(ctx, w, r, s, q)
			return
		}
		p.showLeaf(ctx, w, s, l)
	}
}

// showLeaf draws a page whose scene is set.
func (p *Page) showLeaf(ctx context.Context, w http.ResponseWriter, s *scene, l *leaf) {
	out := p.compose(ctx, s)
	out.Name, out.Dated, out.Kept = l.title(s.Lang), l.dated, !l.private
	out.CSV = "/csv" + s.permanent().link(func(*view) {})
	if s.ID != "" {
		out.Path = []choice{{Name: out.Name, Link: s.link(func(v *view) { v.ID, v.Own = "", nil })}}
		out.Name = s.ID
		if l.path == customersPath {
			out.Name = s.Lang.Person + " " + s.ID
		}
		if l.path == mapsPath {
			out.Name, out.LiveAt = p.mapTitle(ctx, s), s.Live()
		}
	}
	if s.window.stale {
		out.Stale = s.quietText()
	}
	out.Sections = p.draw(ctx, s, l.sections(s.view))
	p.write(w, http.StatusOK, out)
}

// serveTable gives a page's numbers as a spreadsheet reads them.
func (p *Page) serveTable(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := readLeaf(r, r.URL.Query(), l, r.PathValue("id"))
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		ctx, cancel, err := p.cfg.Calls(r, journeyv1.JourneyService_GetFunnel_FullMethodName)
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		defer cancel()
		s, err := p.stageLeaf(ctx, v, l)
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		table := l.table
		if s.ID != "" {
			table = l.deepTable
		}
		rows, err := table(p, ctx, s)
		if err != nil {
			p.refuse(w, v, err)
			return
		}
		shell.WriteTable(w, strings.TrimPrefix(strings.TrimSuffix(l.path+"-"+s.ID, "-"), "/"), rows)
	}
}

// liveLeaf keeps a page true that no stream tells of: it is looked at now and then,
// and what has changed is sent.
func (p *Page) liveLeaf(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	l, id := findLeaf(q.Get("page"))
	if l == nil {
		http.Error(w, "not a page to watch", http.StatusBadRequest)
		return
	}
	v, err := readLeaf(r, q, l, id)
	if err != nil || v.Brand == "" {
		http.Error(w, "not a page to watch", http.StatusBadRequest)
		return
	}
	if !p.seats.Sit(w) {
		return
	}
	defer p.seats.Rise()
	ctx, err := p.cfg.Outgoing(r, journeyv1.JourneyService_WatchEvents_FullMethodName)
	if err != nil {
		http.Error(w, "not a page to watch", http.StatusBadRequest)
		return
	}
	if _, err := p.stageLeaf(ctx, v, l); err != nil {
		http.Error(w, v.Lang.FaultText(err), http.StatusServiceUnavailable)
		return
	}
	e, ok := shell.Begin(w)
	if !ok {
		return
	}
	if err := p.lookAgain(ctx, v, l, e); err != nil && ctx.Err() == nil && !fault.Retryable(err) && !errors.Is(err, shell.ErrLeft) {
		p.cfg.Log.Warn("live page", "error", err)
	}
}

// lookAgain sends what has changed, at once and then every so often: services keep
// the answer to a question until a fact arrives, so that looking costs little.
func (p *Page) lookAgain(ctx context.Context, v view, l *leaf, e *shell.Events) error {
	look := time.NewTicker(liveLook)
	defer look.Stop()
	for {
		if err := p.redrawLeaf(ctx, v, l, e); err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		case <-p.cfg.Draining:
			return nil
		}
	}
}

func (p *Page) redrawLeaf(ctx context.Context, v view, l *leaf, e *shell.Events) error {
	ctx, cancel := context.WithTimeout(ctx, shell.PageTime)
	defer cancel()
	s, err := p.stageLeaf(ctx, v, l)
	if err != nil {
		return err
	}
	return e.Send(p.draw(ctx, s, l.sections(v)))
}

// findLeaf is the page at a path, and the thing that it shows there.
func findLeaf(path string) (*leaf, string) {
	for i := range leaves {
		l := &leaves[i]
		if path == l.path {
			return l, ""
		}
		if id, below := strings.CutPrefix(path, l.path+"/"); below && l.deep != nil && id != "" {
			if id, err := url.PathUnescape(id); err == nil {
				return l, id
			}
		}
	}
	return nil, ""
}

// permanent is the view that shows the same whenever it is opened: with its days where
// it had only a number of them, and with all else that the page chose itself.
func (s *scene) permanent() view {
	v := s.view
	v.asked = true
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
