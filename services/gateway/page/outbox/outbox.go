// Package outbox is what leaves the house: reports that come by themselves to whoever
// subscribed to them, and links by which customers are asked. Everything is done by
// forms that need no script; what a form got wrong is said beside its field, and what
// was written is kept. The services decide who may do what: pages call them as whoever
// looks.
package outbox

import (
	"context"
	"embed"
	"net/http"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
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
	subscriptionsPath = "/subscriptions"
	linksPath         = "/survey-links"
	// newID is where one is made.
	newID = "new"
)

// leaf is one page. None is kept by browsers or made for everybody: they name people.
type leaf struct {
	path string
	// id is newID where one is made, {id} where one is shown, empty where all are.
	id    string
	title func(*words) string
	// method is the RPC that is asked for as the reader.
	method string
	// own are the names of the parts of the address that this page has.
	own []string
	// prepare asks for what all sections share, and finds the page's name.
	prepare func(*Pages, context.Context, *scene) error
	// sections are its parts.
	sections func(*Pages, *scene) []shell.Section
	// table is the page's numbers for a spreadsheet; nil: it has none.
	table func(*Pages, context.Context, *scene) ([][]string, error)
	// send does what a form of the page asks for.
	send func(*Pages, context.Context, *scene) (*outcome, error)
	// needs tells whether the services that there are can answer for it.
	needs func(shell.Services) bool
}

func reports(s shell.Services) bool { return s.Report != nil }
func answers(s shell.Services) bool { return s.Survey != nil }

const shownID = "{id}"

// leaves are the pages; an array of functions that name each other is set when the
// process begins.
var leaves []*leaf

func init() {
	subscriptions, links := func(l *words) string { return l.Subscriptions }, func(l *words) string { return l.Links }
	leaves = []*leaf{
		{
			path: subscriptionsPath, title: subscriptions, needs: reports, own: []string{"after"}, method: reportv1.ReportService_ListSubscriptions_FullMethodName,
			prepare: (*Pages).prepareSubscriptions, sections: (*Pages).subscriptionsSections, table: (*Pages).subscriptionsTable,
		},
		{
			path: subscriptionsPath, id: newID, title: func(l *words) string { return l.Subscribe }, needs: reports, own: []string{"subject", "report"},
			method:  reportv1.ReportService_CreateSubscription_FullMethodName,
			prepare: (*Pages).prepareSubscribing, sections: (*Pages).subscribingSections, send: (*Pages).subscribe,
		},
		{
			path: subscriptionsPath, id: shownID, title: subscriptions, needs: reports, own: []string{"status", "after"}, method: reportv1.ReportService_GetSubscription_FullMethodName,
			prepare: (*Pages).prepareSubscription, sections: (*Pages).subscriptionSections, table: (*Pages).deliveriesTable, send: (*Pages).amend,
		},
		{
			path: linksPath, title: links, needs: answers, own: []string{"survey", "customer", "after"}, method: surveyv1.SurveyService_ListSurveyLinks_FullMethodName,
			prepare: (*Pages).prepareLinks, sections: (*Pages).linksSections, table: (*Pages).linksTable,
		},
		{
			path: linksPath, id: newID, title: func(l *words) string { return l.MakeLink }, needs: answers, own: []string{"subject", "survey"}, method: surveyv1.SurveyService_CreateSurveyLink_FullMethodName,
			prepare: (*Pages).prepareNewLink, sections: (*Pages).newLinkSections, send: (*Pages).makeLink,
		},
		{
			path: linksPath, id: shownID, title: links, needs: answers, method: surveyv1.SurveyService_GetSurveyLink_FullMethodName,
			prepare: (*Pages).prepareLink, sections: (*Pages).linkSections, send: (*Pages).revoke,
		},
	}
}

// Nav are the ways to the pages of services.
func Nav(services shell.Services) (out []shell.Way) {
	for _, l := range leaves {
		if l.id != "" || !l.needs(services) {
			continue
		}
		out = append(out, shell.Way{Path: l.path, Group: shell.Work, Names: shell.Names(catalogues, l.title)})
	}
	return out
}

// Route says where which page is. A page of another origin cannot make a reader's
// browser change anything here.
func (p *Pages) Route(mux *http.ServeMux) {
	post := func(at string, l *leaf) {
		mux.Handle("POST "+at, http.NewCrossOriginProtection().Handler(p.receive(l)))
	}
	for _, l := range leaves {
		at := l.path
		if l.id != "" {
			at += "/" + l.id
		}
		stage := p.stage(l)
		mux.HandleFunc("GET "+at, stage.Page(p.show))
		if l.table != nil {
			mux.HandleFunc("GET /csv"+at, stage.Table(p.table))
		}
		if l.send != nil {
			post(at, l)
		}
	}
	mux.HandleFunc("GET "+linksPath+"/{id}/{file}", p.serveCode)
}
