// Package shell is what all pages stand in: head and foot, the ways between pages,
// the policy that nothing foreign runs, parts that load and fail alone, and how
// numbers, days and money are written in each language.
package shell

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Config is what pages are told when they are made.
type Config struct {
	Brands   *config.Brands
	Clock    func() time.Time
	Draining <-chan struct{}
	Log      *slog.Logger
	// Outgoing carries who asks, and until when, to the services.
	Outgoing func(r *http.Request, method string) (context.Context, error)
	// SurveyURL is where customers find the survey page; empty: where a page is looked at.
	SurveyURL string
	// Seats are those of all open pages that watch.
	Seats Seats
	// Nav are the ways to all pages, in the order to show them.
	Nav []Way
}

// Services are what pages ask. One that is nil is not part of the deployment:
// what would be shown of it says so.
type Services struct {
	Survey       surveyv1.SurveyServiceClient
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
	Loyalty      loyaltyv1.LoyaltyServiceClient
	Report       reportv1.ReportServiceClient
}

// Way is the way to a page.
type Way struct {
	Path string
	// Names are what it is called, by code of the language.
	Names map[string]string
	// Has tells whether a brand has what the page is about; nil: every brand has.
	Has func(ctx context.Context, brand string) bool
	// Group is the heading it stands under; empty: none, behind all others.
	Group Group
}

// Group is a heading of the ways between pages.
type Group string

// The groups, by what a reader comes for.
const (
	Experience Group = "experience" // how we are doing
	Work       Group = "work"       // what is to be done today
	People     Group = "people"     // whom we deal with
	Loyalty    Group = "loyalty"    // what keeps them
	Paths      Group = "paths"      // what they go through
)

var groups = []Group{Experience, Work, People, Loyalty, Paths}

// Ordered puts ways under their headings.
func Ordered(lists ...[]Way) []Way {
	out := slices.Concat(lists...)
	place := func(w Way) int {
		if i := slices.Index(groups, w.Group); i >= 0 {
			return i
		}
		return len(groups)
	}
	slices.SortStableFunc(out, func(a, b Way) int { return place(a) - place(b) })
	return out
}

// Ways are the links to the pages that a brand has something on, in a language: to makes an address of a path, and
// current is the page they stand on.
func (c *Config) Ways(ctx context.Context, brand string, l *Lang, current string, to func(path string) string) (out []Choice) {
	for _, w := range c.Nav {
		if w.Has != nil && !w.Has(ctx, brand) {
			continue
		}
		one := Choice{Name: w.Names[l.Code], Link: to(w.Path), Current: current == w.Path, Group: l.headings[w.Group]}
		if w.Path != "" && strings.HasPrefix(current, w.Path+"/") {
			one.Current = true
		}
		out = append(out, one)
	}
	return out
}

// Brand finds a brand that the page's reader may look at.
func (c *Config) Brand(ctx context.Context, id string) (*config.Brand, error) {
	if !access.SeesBrand(ctx, id) {
		return nil, access.Denied()
	}
	return c.Brands.Get(id)
}

// BrandsFor are those that the page's reader may look at, of which there is one.
func (c *Config) BrandsFor(ctx context.Context) ([]*config.Brand, error) {
	var out []*config.Brand
	for _, b := range c.Brands.All() {
		if access.SeesBrand(ctx, b.ID) {
			out = append(out, b)
		}
	}
	if len(out) == 0 {
		return nil, access.Denied()
	}
	return out, nil
}

// Choose is the brand asked for or, if none is, the first that has something to show: the
// first there is where none has. has may be nil: then every brand has.
func (c *Config) Choose(ctx context.Context, asked string, has func(ctx context.Context, brand string) bool) (*config.Brand, error) {
	if asked != "" {
		return c.Brand(ctx, asked)
	}
	all, err := c.BrandsFor(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if has == nil || has(ctx, b.ID) {
			return b, nil
		}
	}
	return all[0], nil
}

// OtherBrands are the ways to a page of each brand that its reader may look at.
func (c *Config) OtherBrands(ctx context.Context, current *config.Brand, to func(brand string) string) (out []Choice) {
	all, _ := c.BrandsFor(ctx) // who sees none is not shown a page
	for _, b := range all {
		out = append(out, Choice{Name: b.Name, Link: to(b.ID), Current: b == current})
	}
	return out
}

// Absent is a service that is not part of the deployment.
type Absent string

// Error says which.
func (a Absent) Error() string { return string(a) + " is not part of this deployment" }

// PageTime bounds the making of a page whose caller gave no bound.
const PageTime = 15 * time.Second

// Calls is the context of the calls that a page makes, within its time.
func (c *Config) Calls(r *http.Request, method string) (context.Context, context.CancelFunc, error) {
	ctx, err := c.Outgoing(r, method)
	if err != nil {
		return nil, nil, err
	}
	if _, given := ctx.Deadline(); given {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, PageTime)
	return ctx, cancel, nil
}

// Status is what a browser is told of err; what nobody could expect is logged.
func (c *Config) Status(err error) int {
	status := map[string]int{
		"InvalidArgument": http.StatusBadRequest, "NotFound": http.StatusNotFound, "PermissionDenied": http.StatusForbidden,
		"Unauthenticated": http.StatusUnauthorized, "Unavailable": http.StatusServiceUnavailable, "DeadlineExceeded": http.StatusGatewayTimeout,
		"ResourceExhausted": http.StatusServiceUnavailable, "AlreadyExists": http.StatusConflict, "FailedPrecondition": http.StatusConflict,
		"Aborted": http.StatusConflict,
	}[fault.Code(err).String()]
	if status == 0 {
		status = http.StatusInternalServerError
		if !errors.Is(err, context.Canceled) {
			c.Log.Error("page", "error", err)
		}
	}
	return status
}

// Frame is what stands around the parts of a page.
type Frame struct {
	Style, Script any
	// Name is the page's own, Home where its brand begins.
	Name, Home, BrandName string
	Brands, Langs, Tabs   []Choice
	// Path are the pages above.
	Path []Choice
	// Problem is why there is no such page; empty: there is.
	Problem string
	// LiveAt is where changes are told; empty: the page does not move.
	LiveAt   string
	Sections []Drawing
	// CSV is where the page's numbers are for a spreadsheet, and Permalink the address
	// that shows this view again whenever it is opened; empty: there is none.
	CSV, Permalink string
	// Kept lets the reader's own browser keep the page, to be asked for again with each
	// look; nothing keeps what is about persons.
	Kept bool
}

// Menu are the ways to all pages under their headings.
func (f *Frame) Menu() (out []Heading) {
	for _, one := range f.Tabs {
		if n := len(out); n == 0 || out[n-1].Name != one.Group {
			out = append(out, Heading{Name: one.Group})
		}
		last := &out[len(out)-1]
		last.Ways = append(last.Ways, one)
	}
	return out
}

// Heading is a group of ways.
type Heading struct {
	Name string
	Ways []Choice
}

// Here is the page they stand on; empty: none of them.
func (f *Frame) Here() string {
	for _, one := range f.Tabs {
		if one.Current {
			return one.Name
		}
	}
	return ""
}

// Choice is a link of which one may be the current.
type Choice struct {
	Name, Note, Link string
	Current          bool
	Group            string // heading that it stands under; empty: none
}

// In are the sections of a place.
func (f *Frame) In(where Place) []Drawing {
	var out []Drawing
	for _, d := range f.Sections {
		if d.place == where {
			out = append(out, d)
		}
	}
	return out
}
