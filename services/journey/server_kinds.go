package journey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// DescribeEventKinds gives kinds of events names for people.
func (s *Server) DescribeEventKinds(ctx context.Context, in *journeyv1.DescribeEventKindsRequest) (*journeyv1.DescribeEventKindsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Define)
	if err != nil {
		return nil, err
	}
	if err := checkKinds(in.GetKinds()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		return b.defined.Load().describing(in.GetKinds())
	})
	if err != nil {
		return nil, err
	}
	events, err := s.eventsByKind(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	out := &journeyv1.DescribeEventKindsResponse{}
	for _, k := range in.GetKinds() {
		out.Kinds = append(out.Kinds, b.kind(k.GetKind(), events))
	}
	return out, nil
}

// checkKinds refuses what no event could be named, and output fields.
func checkKinds(kinds []*journeyv1.EventKind) error {
	f := fault.Invalid()
	seen := map[string]bool{}
	for i, k := range kinds {
		path := fmt.Sprintf("kinds[%d]", i)
		if seen[k.GetKind()] {
			f.Field(path+".kind", "%q is named twice", k.GetKind())
		}
		seen[k.GetKind()] = true
		if strings.ContainsFunc(k.GetKind(), unicode.IsControl) {
			f.Field(path+".kind", "must have no control characters")
		}
		for locale, title := range k.GetTitles() {
			if locale == "" || len(locale) > 35 || len(title) > 200 {
				f.Field(path+".titles", "must be texts of at most 200 bytes by locale")
			}
		}
	}
	return f.Err()
}

// ListEventKinds reads the known, the described and the seen kinds.
func (s *Server) ListEventKinds(ctx context.Context, in *journeyv1.ListEventKindsRequest) (*journeyv1.ListEventKindsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	events, err := s.eventsByKind(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, known := range event.Known() {
		names[known] = true
	}
	for _, described := range b.defined.Load().describedKinds() {
		names[described] = true
	}
	for seen := range events {
		names[seen] = true
	}
	out := &journeyv1.ListEventKindsResponse{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out.Kinds = append(out.Kinds, b.kind(name, events))
	}
	return out, nil
}

// kind is one kind as it stands.
func (b *brand) kind(name string, events map[string]int64) *journeyv1.EventKind {
	return &journeyv1.EventKind{
		Kind: name, Titles: b.defined.Load().titles(name), Meaning: event.MeaningOf(name).String(), Events: events[name],
	}
}

// eventsByKind counts the brand's events, from the folds of all its days.
func (s *Server) eventsByKind(ctx context.Context, brand string) (map[string]int64, error) {
	first, last, ok, err := s.store.log.DayRange(ctx, brand)
	if err != nil {
		return nil, floor.Unavailable("count kinds of events", err)
	}
	out := map[string]int64{}
	if !ok {
		return out, nil
	}
	want := fold.Want{Measures: []fold.Measure{tally.KindsMeasure}, Days: fold.Days(first, last+1)}
	err = s.store.folds.View(ctx, brand, want, func(v *fold.View[*tally.Fact]) error {
		for day := first; day <= last; day++ {
			if kinds, ok := v.Slab(tally.KindsMeasure, day).(*tally.Kinds); ok && kinds != nil {
				for name, n := range kinds.All() {
					out[name] += n
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, floor.Unavailable("count kinds of events", err)
	}
	maps.DeleteFunc(out, func(_ string, n int64) bool { return n == 0 })
	return out, nil
}

// describing are the facts by which kinds are described; what is said already is
// not said again.
func (d *definitions) describing(kinds []*journeyv1.EventKind) ([]feed.Fact, error) {
	var facts []feed.Fact
	for _, k := range kinds {
		said := &journeyv1.EventKind{Kind: k.GetKind(), Titles: k.GetTitles()}
		if maps.Equal(d.titles(k.GetKind()), k.GetTitles()) && d.described(k.GetKind()) {
			continue
		}
		body, err := proto.MarshalOptions{Deterministic: true}.Marshal(said)
		if err != nil {
			return nil, err
		}
		facts = append(facts, feed.Fact{Kind: record.Kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body})
	}
	return facts, nil
}
