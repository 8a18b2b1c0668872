package page

import (
	"cmp"
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// kindBook are the kinds of events of a brand and what people call them.
type kindBook struct {
	lang   *words
	titles map[string]string
	seen   []*journeyv1.EventKind // those with events, by name
}

// kinds reads the brand's kinds of events.
func (p *Page) kinds(ctx context.Context, s *scene) (*kindBook, error) {
	if p.events == nil {
		return nil, absentJourney
	}
	list, err := p.events.ListEventKinds(ctx, &journeyv1.ListEventKindsRequest{Brand: s.Brand})
	if err != nil {
		return nil, err
	}
	b := &kindBook{lang: s.Lang, titles: map[string]string{}}
	for _, k := range list.GetKinds() {
		// A name of ours in the reader's language is better than the brand's in another.
		b.titles[k.GetKind()] = cmp.Or(k.GetTitles()[s.Lang.Code], s.Lang.events[k.GetKind()], s.localized(k.GetTitles()), meant(s.Lang, k))
		if k.GetEvents() > 0 {
			b.seen = append(b.seen, k)
		}
	}
	return b, nil
}

// meant names a kind by what it means, with its own name behind.
func meant(l *words, k *journeyv1.EventKind) string {
	if name := l.events[k.GetMeaning()]; name != "" {
		return name + " (" + k.GetKind() + ")"
	}
	return ""
}

// title is what people call a kind; without a name it stands for itself.
func (b *kindBook) title(kind string) string {
	return cmp.Or(b.titles[kind], b.lang.events[kind], kind)
}

// has reports whether events of the kind were seen, by whole dotted prefix.
func (b *kindBook) has(kind string) bool {
	for _, k := range b.seen {
		if k.GetKind() == kind || strings.HasPrefix(k.GetKind(), kind+".") {
			return true
		}
	}
	return false
}

// localized picks the text in the reader's language, else in the brand's.
func (s *scene) localized(texts map[string]string) string {
	return s.Lang.Localized(texts, s.brand.Locales)
}

// took writes a length of time as exactly as anybody asks.
func (l *words) took(d *durationpb.Duration) string {
	if d == nil {
		return "–"
	}
	t := d.AsDuration()
	switch size := t.Abs(); {
	case size < time.Minute:
		return l.Fixed(t.Seconds(), 0) + "\u00a0" + l.Seconds
	case size < time.Hour:
		return l.Fixed(t.Minutes(), 0) + "\u00a0" + l.Minutes
	case size < 48*time.Hour:
		return l.Fixed(t.Hours(), 1) + "\u00a0" + l.Hours
	}
	return l.Fixed(t.Hours()/24, 1) + "\u00a0" + l.DaysShort
}

// keyed is the name for people of what a number is split by.
func (s *scene) keyed(key string) string {
	if month, err := time.Parse("2006-01", key); err == nil {
		return s.Lang.InMonth(month)
	}
	if c, known := commonv1.Channel_value["CHANNEL_"+key]; known {
		return s.Lang.Channel(commonv1.Channel(c))
	}
	return cmp.Or(key, s.Lang.Channel(0))
}
