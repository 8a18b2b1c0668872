// Package page is the suite as a person sees it: one page, drawn on the server,
// that says how a brand, a region or a store does, whether that is a change, and
// what people say. Its address is all there is to a view; it holds no state. With
// JavaScript it moves when an answer arrives, without it is complete.
package page

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

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

// Page draws views.
type Page struct {
	cfg    Config
	survey surveyv1.SurveyServiceClient
	drawn  *drawings
	seats  chan struct{} // one for each page that watches
}

// maxLive bounds the pages that watch; past it a page is complete but not live.
const maxLive = 1000

// pageTime bounds the making of a page whose caller gave no bound.
const pageTime = 15 * time.Second

// New makes the page of a Survey service.
func New(cfg Config, survey surveyv1.SurveyServiceClient) (*Page, error) {
	drawn, err := newDrawings()
	if err != nil {
		return nil, err
	}
	return &Page{cfg: cfg, survey: survey, drawn: drawn, seats: make(chan struct{}, maxLive)}, nil
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
	ctx, err := p.cfg.Outgoing(r, surveyv1.SurveyService_GetMetric_FullMethodName)
	if err != nil {
		p.refuse(w, v, err)
		return
	}
	if _, given := ctx.Deadline(); !given {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, pageTime)
		defer cancel()
	}
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
