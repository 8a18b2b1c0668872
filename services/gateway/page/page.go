// Package page is the suite as a person sees it, drawn on the server: an overview
// that says how a brand, a region or a store does, whether that is a change, and
// what people say; and beside it customers, their ways and the maps of these. Its
// address is all there is to a view; it holds no state. With JavaScript it moves
// when an answer arrives, without it is complete.
package page

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Config is what the page is told when it is made.
type Config struct {
	Brands   *config.Brands
	Clock    func() time.Time
	Draining <-chan struct{}
	Log      *slog.Logger
	// Outgoing carries who asks, and until when, to the services.
	Outgoing func(r *http.Request, method string) (context.Context, error)
}

// Services are what pages ask. One that is nil is not part of the deployment:
// what would be shown of it says so.
type Services struct {
	Survey       surveyv1.SurveyServiceClient
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
}

// Page draws views.
type Page struct {
	cfg    Config
	survey surveyv1.SurveyServiceClient
	people segmentationv1.SegmentationServiceClient
	events journeyv1.JourneyServiceClient
	drawn  *drawings
	seats  chan struct{} // one for each page that watches
}

// maxLive bounds the pages that watch; past it a page is complete but not live.
const maxLive = 1000

// pageTime bounds the making of a page whose caller gave no bound.
const pageTime = 15 * time.Second

// New makes the pages of services.
func New(cfg Config, services Services) (*Page, error) {
	drawn, err := newDrawings()
	if err != nil {
		return nil, err
	}
	return &Page{
		cfg: cfg, survey: services.Survey, people: services.Segmentation, events: services.Journey,
		drawn: drawn, seats: make(chan struct{}, maxLive),
	}, nil
}

// Route says where which page is.
func (p *Page) Route(mux *http.ServeMux) {
	mux.Handle("GET /{$}", p)
	mux.HandleFunc("GET /live", p.Live)
	for i := range leaves {
		l := &leaves[i]
		mux.HandleFunc("GET "+l.path, p.serveLeaf(l))
		if l.deep != nil {
			mux.HandleFunc("GET "+l.path+"/{id}", p.serveLeaf(l))
		}
		if l.table != nil {
			mux.HandleFunc("GET "+l.path+".csv", p.serveTable(l))
		}
	}
	mux.HandleFunc("POST "+customersPath, p.find)
}

// shown is everything the template of a page reads.
type shown struct {
	*scene
	T        *words
	Style    any
	Script   any
	Metrics  []choice
	Brands   []choice
	Langs    []choice
	Periods  []choice
	Path     []choice
	Name     string
	KindName string
	Found    []choice
	FoundFor string
	Sections []drawing
	Problem  string
	Tabs     []choice
	LiveAt   string // empty: the page does not move
	Dated    bool   // a window of time can be chosen
	Stale    string // why these are not the days asked for
}

// In are the sections of a place.
func (s *shown) In(where place) []drawing {
	return slices.DeleteFunc(slices.Clone(s.Sections), func(d drawing) bool { return d.place != where })
}

// choice is a link of which one may be the current.
type choice struct {
	Name, Note, Link string
	Current          bool
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
	ctx, cancel, err := p.outgoing(r, surveyv1.SurveyService_GetMetric_FullMethodName)
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
	out.Sections = p.draw(ctx, s, sections)
	p.write(w, http.StatusOK, out)
}

// outgoing is the context of the calls that a page makes, within its time.
func (p *Page) outgoing(r *http.Request, method string) (context.Context, context.CancelFunc, error) {
	ctx, err := p.cfg.Outgoing(r, method)
	if err != nil {
		return nil, nil, err
	}
	if _, given := ctx.Deadline(); given {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	return ctx, cancel, nil
}

// refuse shows why there is no such page, and the way back.
func (p *Page) refuse(w http.ResponseWriter, v view, err error) {
	code := fault.Code(err).String()
	status := map[string]int{
		"InvalidArgument": http.StatusBadRequest, "NotFound": http.StatusNotFound, "PermissionDenied": http.StatusForbidden,
		"Unauthenticated": http.StatusUnauthorized, "Unavailable": http.StatusServiceUnavailable, "DeadlineExceeded": http.StatusGatewayTimeout,
		"ResourceExhausted": http.StatusServiceUnavailable,
	}[code]
	if status == 0 {
		status = http.StatusInternalServerError
		if !errors.Is(err, context.Canceled) {
			p.cfg.Log.Error("page", "error", err)
		}
	}
	v = view{Lang: v.Lang, asked: v.asked, Days: usualDays}
	p.write(w, status, &shown{scene: &scene{view: v}, T: v.Lang, Problem: v.Lang.faultText(err)})
}

func (p *Page) write(w http.ResponseWriter, status int, out *shown) {
	body, err := p.drawn.page(out)
	if err != nil {
		p.cfg.Log.Error("draw page", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.drawn.policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the reader left
}
