package page

import (
	"context"

	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// section is one part of the page, which loads and fails alone.
type section struct {
	id    string
	place shell.Place
	title func(*words) string
	load  func(*Page, context.Context, *scene) (any, error)
}

// sections are the parts in the order in which they stand on a telephone.
var sections = []section{
	{"score", shell.Half, func(l *words) string { return l.Score }, (*Page).loadScore},
	{"change", shell.Half, func(l *words) string { return l.IsChange }, (*Page).loadChange},
	{"trend", shell.Top, func(l *words) string { return l.Trend }, (*Page).loadTrend},
	{"comments", shell.Left, func(l *words) string { return l.Comments }, (*Page).loadComments},
	{"channels", shell.Left, func(l *words) string { return l.Channels }, (*Page).loadChannels},
	{"distribution", shell.Right, func(l *words) string { return l.Distribution }, (*Page).loadDistribution},
	{"cases", shell.Right, func(l *words) string { return l.Cases }, (*Page).loadCases},
	{"ranking", shell.Bottom, func(l *words) string { return l.Ranking }, (*Page).loadRanking},
	{"places", shell.Bottom, func(l *words) string { return l.Places }, (*Page).loadPlaces},
}

// draw loads and draws sections side by side.
func (p *Page) draw(ctx context.Context, s *scene, wanted []section) []shell.Drawing {
	all := make([]shell.Section, len(wanted))
	for i, one := range wanted {
		all[i] = shell.Section{ID: one.id, Place: one.place, Title: one.title(s.Lang), Load: func(ctx context.Context) (any, error) {
			return one.load(p, ctx, s)
		}}
	}
	return p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.view, all)
}
