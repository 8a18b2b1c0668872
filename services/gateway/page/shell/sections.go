package shell

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
)

// Section is one part of a page, which loads and fails alone.
type Section struct {
	ID    string
	Place Place
	Title string
	Load  func(context.Context) (any, error)
}

// Place is where a section stands on a desktop; a telephone has one column.
type Place string

// The places.
const (
	First  Place = "first"
	Head   Place = "head" // beside another of its kind, at the head of the page
	Half   Place = "half" // beside another of its kind
	Top    Place = "top"
	Left   Place = "left"
	Right  Place = "right"
	Bottom Place = "bottom"
)

// sectionTime bounds one section, so that a slow one is named while there is time
// to show the rest.
const sectionTime = 8 * time.Second

// Drawing is a section as it stands on the page. Version tells two drawings apart.
type Drawing struct {
	ID      string        `json:"id"`
	Version string        `json:"version"`
	HTML    template.HTML `json:"html"`
	place   Place
}

// Content is what the template of a section reads; T are the words of the page and
// View its address.
type Content struct {
	ID, Title string
	T, View   any
	Failed    string
	// Fresh is up to when what it shows is counted.
	Fresh string
	Empty bool // there is nothing to tell: no room for it either
	Data  any
}

// asOf is what Lang.Fresh writes, by code of the language: a newer time alone makes no
// new version of a section, for nothing that is read has changed.
var asOf = func() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{}
	for _, l := range Langs {
		out[l.Code] = regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(l.AsOf), "%s", `[^<]{1,40}?\d\d:\d\d`))
	}
	return out
}()

// Draw loads and draws sections side by side.
func (d *Drawings) Draw(ctx context.Context, l *Lang, words, view any, wanted []Section) []Drawing {
	out := make([]Drawing, len(wanted))
	var all sync.WaitGroup
	for i, one := range wanted {
		all.Go(func() { out[i] = d.drawOne(ctx, l, Content{ID: one.ID, Title: one.Title, T: words, View: view}, one) })
	}
	all.Wait()
	return out
}

func (d *Drawings) drawOne(ctx context.Context, l *Lang, c Content, sec Section) Drawing {
	data, err := loadOne(ctx, sec)
	if err != nil {
		c.Failed = fmt.Sprintf(l.SectionFailed, l.FaultText(err))
		if gone := Absent(""); errors.As(err, &gone) {
			c.Failed = fmt.Sprintf(l.NotDeployed, string(gone))
		} else if ctx.Err() == nil && !fault.Retryable(err) {
			d.log.Warn("section", "section", sec.ID, "error", err)
		}
	}
	c.Data, c.Empty = data, data == nil && err == nil
	if dated, ok := data.(interface{ Freshness() string }); ok && err == nil {
		c.Fresh = dated.Freshness()
	}
	html, err := d.section(c)
	if err != nil {
		d.log.Error("draw section", "section", sec.ID, "error", err)
		c.Failed, c.Fresh = fmt.Sprintf(l.SectionFailed, l.Inside()), ""
		html, _ = d.section(c)
	}
	sum := sha256.Sum256(asOf[l.Code].ReplaceAll(html, nil))
	version := hex.EncodeToString(sum[:6])
	html = bytes.Replace(html, []byte(versionMark), []byte(version), 1)
	return Drawing{ID: sec.ID, place: sec.Place, Version: version, HTML: template.HTML(html)} // our own template made it
}

// Dated is the part of a section's data that says how fresh it is.
type Dated struct{ AsOf string }

// Freshness is that text.
func (d Dated) Freshness() string { return d.AsOf }

// versionMark stands where the version belongs until it is known.
const versionMark = "data-version-of-this-section"

// loadOne loads a section within its time. A panic is the section's alone.
func loadOne(ctx context.Context, sec Section) (data any, err error) {
	ctx, cancel := context.WithTimeout(ctx, sectionTime)
	defer cancel()
	defer func() {
		if e := recover(); e != nil {
			data, err = nil, fmt.Errorf("panic: %v\n%s", e, debug.Stack())
		}
	}()
	return sec.Load(ctx)
}

// section draws one section with a mark where its version belongs.
func (d *Drawings) section(c Content) ([]byte, error) {
	name := "failed"
	if c.Failed == "" {
		name = c.ID
	}
	var inner, b bytes.Buffer
	if err := d.all.ExecuteTemplate(&inner, name, c); err != nil {
		return nil, err
	}
	err := d.all.ExecuteTemplate(&b, "section", struct {
		Content
		Inner template.HTML
	}{c, template.HTML(inner.String())}) // our own template made it
	return b.Bytes(), err
}
