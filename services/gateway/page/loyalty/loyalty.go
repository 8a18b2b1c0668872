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
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
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
	names := shell.Names(catalogues, func(l *words) string { return l.Loyalty })
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
	for at, l := range map[string]*leaf{healthPath: healthLeaf, membersPath: findLeaf, membersPath + "/{id}": memberLeaf} {
		stage := p.stage(l)
		mux.HandleFunc("GET "+at, stage.Page(p.show))
		if len(l.tables) > 0 {
			mux.HandleFunc("GET /csv"+at, stage.Table(p.table))
			mux.HandleFunc("GET /live"+at, stage.Live(shell.Watch[*scene]{Draw: p.draw}))
		}
	}
	mux.HandleFunc("POST "+membersPath, p.find)
}

// stage is how a page comes to be.
func (p *Pages) stage(l *leaf) *shell.Stage[*scene] {
	return &shell.Stage[*scene]{
		Config: &p.cfg, Method: loyaltyv1.LoyaltyService_GetRedemptionRate_FullMethodName, Prepare: p.prepare, Refuse: p.refuse,
		Read: func(r *http.Request, q url.Values) (*scene, error) { return p.read(r, q, l) },
	}
}

// table finds the numbers that an address names.
func (p *Pages) table(ctx context.Context, s *scene) (string, [][]string, error) {
	if p.points == nil {
		return "", nil, fault.Unavailable(nil, "%s", absentLoyalty.Error())
	}
	if s.programme == nil {
		return "", nil, fault.NotFound(nil, "brand %q has no programme", s.Brand)
	}
	name := s.Own.Get("table")
	for _, t := range s.leaf.tables {
		if name == "" || t.name == name {
			rows, err := t.rows(p, ctx, s)
			return shell.TableName(s.leaf.path, t.name), rows, err
		}
	}
	return "", nil, fault.Invalid().Field("table", "is none of this page's").Err()
}
