// Package loyalty is a programme of points as its owner sees it: what was issued,
// spent and lost, what is owed to members and when it ends, who takes part and in
// which tier, what offers and rewards bring; and one member's account. A view is its
// address: a link shows it again.
package loyalty

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strings"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
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
	points loyaltyv1.LoyaltyServiceClient
	people segmentationv1.SegmentationServiceClient
	survey surveyv1.SurveyServiceClient
	drawn  *shell.Drawings
}

// New makes the pages of services.
func New(cfg shell.Config, services shell.Services) (*Pages, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Pages{cfg: cfg, points: services.Loyalty, people: services.Segmentation, survey: services.Survey, drawn: drawn}, nil
}

const (
	healthPath  = "/loyalty"
	membersPath = "/members"
)

const (
	absentLoyalty      = shell.Absent("Loyalty")
	absentSegmentation = shell.Absent("Segmentation")
)

// leaf is one page.
type leaf struct {
	path string
	// own are the names of the parts of the address that this page has.
	own []string
	// sections are its parts.
	sections func(*Pages, *scene) []shell.Section
	// tables are its numbers for a spreadsheet by name, the first where none is named.
	tables []table
	dated  bool
}

// table is a part's numbers for a spreadsheet.
type table struct {
	name string
	rows func(*Pages, context.Context, *scene) ([][]string, error)
}

var (
	healthLeaf = &leaf{path: healthPath, own: []string{"table"}, sections: (*Pages).healthSections, tables: healthTables, dated: true}
	memberLeaf = &leaf{path: membersPath, own: []string{"after", "table"}, sections: (*Pages).memberSections, tables: memberTables}
	findLeaf   = &leaf{path: membersPath, sections: (*Pages).findSections}
)

// knownWithin is how long a page waits to learn whether a brand has a programme: who is
// late is shown the way, and told there.
const knownWithin = 200 * time.Millisecond

// Nav is the way to the pages, for brands that have a programme.
func Nav(services shell.Services) []shell.Way {
	if services.Loyalty == nil {
		return nil
	}
	names := map[string]string{}
	for _, l := range catalogues {
		names[l.Code] = l.Loyalty
	}
	return []shell.Way{{Path: healthPath, Names: names, Group: shell.Loyalty, Has: func(ctx context.Context, brand string) bool {
		return HasProgramme(ctx, services.Loyalty, brand)
	}}}
}

// HasProgramme tells whether there is anything to show of a brand. Who may not know is
// not told; where nobody answers there may be.
func HasProgramme(ctx context.Context, points loyaltyv1.LoyaltyServiceClient, brand string) bool {
	if points == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, knownWithin)
	defer cancel()
	list, err := points.ListProgrammes(ctx, &loyaltyv1.ListProgrammesRequest{Brand: brand})
	if err != nil {
		code := fault.Code(err).String()
		return code == "Unavailable" || code == "DeadlineExceeded"
	}
	return len(list.GetProgrammes()) > 0
}

// ToAccount is where a member's account is.
func ToAccount(brand, lang, customer string) string {
	q := url.Values{"brand": {brand}}
	if lang != "" {
		q.Set("lang", lang)
	}
	return membersPath + "/" + url.PathEscape(customer) + "?" + q.Encode()
}

// Route says where which page is.
func (p *Pages) Route(mux *http.ServeMux) {
	mux.HandleFunc("GET "+healthPath, p.serve(healthLeaf))
	mux.HandleFunc("GET "+healthPath+".csv", p.serveTable(healthLeaf))
	mux.HandleFunc("GET "+membersPath, p.serve(findLeaf))
	mux.HandleFunc("POST "+membersPath, p.find)
	mux.HandleFunc("GET "+membersPath+"/{id}", p.serve(memberLeaf))
	mux.HandleFunc("GET "+membersPath+"/{id}/table.csv", p.serveTable(memberLeaf))
}

// scene is a view with all that was left open decided.
type scene struct {
	view
	brand *config.Brand
	// programme is the one shown, programmes all there are; none: the brand has none.
	programme  *loyaltyv1.Programme
	programmes []*loyaltyv1.Programme
	window     window
	// found is what a search for a member came to; nil: nobody was searched for.
	found *lookup
}

// serve shows a page.
func (p *Pages) serve(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, r.URL.Query(), l)
		if s == nil {
			return
		}
		defer done()
		p.show(ctx, w, s, l)
	}
}

// stage reads an address; without a scene it has answered why there is no page.
func (p *Pages) stage(w http.ResponseWriter, r *http.Request, q url.Values, l *leaf) (context.Context, context.CancelFunc, *scene) {
	v, err := readView(r, q, l)
	if err != nil {
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	ctx, done, err := p.cfg.Calls(r, loyaltyv1.LoyaltyService_GetRedemptionRate_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	s := &scene{view: v}
	if err := p.choose(ctx, s); err != nil {
		done()
		p.refuse(w, v, err)
		return nil, nil, nil
	}
	s.setWindow(p.cfg.Clock())
	return ctx, done, s
}

// serveTable gives a page's numbers as a spreadsheet reads them.
func (p *Pages) serveTable(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done, s := p.stage(w, r, r.URL.Query(), l)
		if s == nil {
			return
		}
		defer done()
		rows, name, err := p.table(ctx, s, l)
		if err != nil {
			p.refuse(w, s.view, err)
			return
		}
		shell.WriteTable(w, strings.TrimPrefix(l.path, "/")+"-"+name, rows)
	}
}

// table finds the numbers that an address names.
func (p *Pages) table(ctx context.Context, s *scene, l *leaf) ([][]string, string, error) {
	if p.points == nil {
		return nil, "", fault.Unavailable(nil, "%s", absentLoyalty.Error())
	}
	if s.programme == nil {
		return nil, "", fault.NotFound(nil, "brand %q has no programme", s.Brand)
	}
	name := s.Own.Get("table")
	for _, t := range l.tables {
		if name == "" || t.name == name {
			rows, err := t.rows(p, ctx, s)
			return rows, t.name, err
		}
	}
	return nil, "", fault.Invalid().Field("table", "is none of this page's").Err()
}
