package board

import (
	"net/url"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// Pages of another package that lead on from here.
const (
	subscribePath = "/subscriptions/new"
	askPath       = "/survey-links/new"
)

// further are the ways on from a page: to have it come by itself, to ask customers about
// what it shows, or to see the same otherwise.
func (p *Pages) further(s *scene) (out []shell.Choice) {
	add := func(name, path string, own url.Values) {
		out = append(out, shell.Choice{Name: name, Link: s.To(path, "", own).String()})
	}
	about := func(ref *commonv1.SubjectRef, own url.Values) url.Values {
		if ref != nil {
			own.Set("subject", subjectText(ref))
		}
		return own
	}
	switch {
	case s.leaf.path == omnichannelPath:
		add(s.Lang.ByItself, subscribePath, about(s.omni.subject, url.Values{}))
	case s.leaf.path == scorecardPath:
		add(s.Lang.ByItself, subscribePath, about(s.card.subject, url.Values{"report": {"scorecard"}}))
		if p.survey != nil {
			add(s.Lang.AskHere, askPath, about(s.card.subject, url.Values{}))
		}
	case s.leaf.path == leaguePath && p.report != nil:
		add(s.Lang.AsHeat, heatPath, s.same("by", "kind", "subject", "min", "days", "from", "to"))
	case s.leaf.path == heatPath && p.survey != nil:
		add(s.Lang.AsLeague, leaguePath, s.same("metric", "kind", "subject", "min", "days", "from", "to"))
	}
	return out
}

// same are parts of this address that another page has, too. What one calls its column
// the other calls its metric.
func (s *scene) same(column string, names ...string) url.Values {
	out := url.Values{}
	for _, name := range names {
		if text := s.Own.Get(name); text != "" {
			out.Set(name, text)
		}
	}
	from := "by"
	if column == "by" {
		from = "metric"
	}
	if text := s.Own.Get(from); text != "" {
		out.Set(column, text)
	}
	return out
}
