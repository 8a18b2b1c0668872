package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
)

// section is one part of the page, which loads and fails alone.
type section struct {
	id    string
	place place
	title func(*words) string
	load  func(*Page, context.Context, *scene) (any, error)
}

// place is where a section stands on a desktop; a telephone has one column.
type place string

const (
	half   place = "half" // beside another of its kind
	top    place = "top"
	left   place = "left"
	right  place = "right"
	bottom place = "bottom"
)

// sections are the parts in the order in which they stand on a telephone.
var sections = []section{
	{"score", half, func(l *words) string { return l.Score }, (*Page).loadScore},
	{"change", half, func(l *words) string { return l.IsChange }, (*Page).loadChange},
	{"trend", top, func(l *words) string { return l.Trend }, (*Page).loadTrend},
	{"comments", left, func(l *words) string { return l.Comments }, (*Page).loadComments},
	{"channels", left, func(l *words) string { return l.Channels }, (*Page).loadChannels},
	{"distribution", right, func(l *words) string { return l.Distribution }, (*Page).loadDistribution},
	{"cases", right, func(l *words) string { return l.Cases }, (*Page).loadCases},
	{"ranking", bottom, func(l *words) string { return l.Ranking }, (*Page).loadRanking},
	{"places", bottom, func(l *words) string { return l.Places }, (*Page).loadPlaces},
}

// unwatched are the parts that may change while the score does not: a comment
// without a score, a case that somebody claims.
var unwatched = slices.DeleteFunc(slices.Clone(sections), func(s section) bool {
	return s.id != "comments" && s.id != "cases"
})

// sectionTime bounds one section, so that a slow one is named while there is time
// to show the rest.
const sectionTime = 8 * time.Second

// drawing is a section as it stands on the page. Version tells two drawings apart.
type drawing struct {
	ID      string        `json:"id"`
	Version string        `json:"version"`
	HTML    template.HTML `json:"html"`
	place   place
}

// content is what the template of a section reads.
type content struct {
	ID, Title string
	T         *words
	View      view
	Failed    string
	Empty     bool // there is nothing to tell: no room for it either
	Data      any
}

// draw loads and draws sections side by side.
func (p *Page) draw(ctx context.Context, s *scene, wanted []section) []drawing {
	out := make([]drawing, len(wanted))
	var all sync.WaitGroup
	for i, one := range wanted {
		all.Go(func() { out[i] = p.drawOne(ctx, s, one) })
	}
	all.Wait()
	return out
}

func (p *Page) drawOne(ctx context.Context, s *scene, sec section) drawing {
	c := content{ID: sec.id, Title: sec.title(s.Lang), T: s.Lang, View: s.view}
	data, err := p.loadOne(ctx, s, sec)
	if err != nil {
		c.Failed = fmt.Sprintf(s.Lang.SectionFailed, s.Lang.faultText(err))
		if gone := absent(""); errors.As(err, &gone) {
			c.Failed = fmt.Sprintf(s.Lang.NotDeployed, string(gone))
		} else if ctx.Err() == nil && !fault.Retryable(err) {
			p.cfg.Log.Warn("section", "section", sec.id, "error", err)
		}
	}
	c.Data, c.Empty = data, data == nil && err == nil
	html, err := p.drawn.section(c)
	if err != nil {
		p.cfg.Log.Error("draw section", "section", sec.id, "error", err)
		c.Failed = fmt.Sprintf(s.Lang.SectionFailed, s.Lang.faults[""])
		html, _ = p.drawn.section(c)
	}
	sum := sha256.Sum256(html)
	version := hex.EncodeToString(sum[:6])
	html = bytes.Replace(html, []byte(versionMark), []byte(version), 1)
	return drawing{ID: sec.id, place: sec.place, Version: version, HTML: template.HTML(html)} // our own template made it
}

// versionMark stands where the version belongs until it is known.
const versionMark = "data-version-of-this-section"

// loadOne loads a section within its time. A panic is the section's alone.
func (p *Page) loadOne(ctx context.Context, s *scene, sec section) (data any, err error) {
	ctx, cancel := context.WithTimeout(ctx, sectionTime)
	defer cancel()
	defer func() {
		if e := recover(); e != nil {
			data, err = nil, fmt.Errorf("panic: %v\n%s", e, debug.Stack())
		}
	}()
	return sec.load(p, ctx, s)
}
