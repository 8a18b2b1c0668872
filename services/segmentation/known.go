package segmentation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/answer"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// world is what is known in memory of a brand, all facts before the call included.
func (s *Server) world(ctx context.Context, b *brand) (*segment.World, error) {
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, err
	}
	return s.worldOf(b, b.book.Load().Now()), nil
}

func (s *Server) worldOf(b *brand, who *people.Mapping) *segment.World {
	return &segment.World{
		People: who,
		Fields: b.fields(),
		Know: func(ctx context.Context, q sqldb.Querier, persons []*segment.Subject, groups field.Group) error {
			return s.know(ctx, q, b, persons, groups)
		},
		Last: func(ctx context.Context, q sqldb.Querier) (int64, error) { return lastNumber(ctx, q, b.ID) },
	}
}

// fields are what rules of the brand can read.
func (b *brand) fields() *field.Catalogue {
	return field.New(b.attributes.Load().All(), *b.metrics.Load())
}

// know fills in what is known of persons, ascending by id, as far as groups say.
func (s *Server) know(ctx context.Context, q sqldb.Querier, b *brand, persons []*segment.Subject, groups field.Group) error {
	if len(persons) == 0 {
		return nil
	}
	known := make([]field.Person, len(persons))
	for i, p := range persons {
		p.Known = &known[i]
		p.Known.Numbers = len(p.Numbers)
	}
	near := nearOf(persons)
	if groups&(field.Identity|field.Attributes) != 0 {
		if err := s.knowProfiles(ctx, q, b, persons, near, groups); err != nil {
			return err
		}
	}
	if groups&(field.Purchases|field.Visits) != 0 {
		if err := knowPurchases(ctx, q, b.ID, persons, near); err != nil {
			return err
		}
	}
	if groups&field.Answers != 0 {
		if err := knowAnswers(ctx, q, b, persons, near); err != nil {
			return err
		}
	}
	if groups&field.RFM == 0 {
		return nil
	}
	scores, err := b.rfm.Load().Scores(ctx, q, b.ID)
	if err != nil || scores == nil {
		return err
	}
	for _, p := range persons {
		if at, ok := scores.Of(p.ID, p.Numbers); ok {
			p.Known.RFM = &field.Scores{Recency: int32(at.Recency), Frequency: int32(at.Frequency), Monetary: int32(at.Monetary)}
		}
	}
	return nil
}

// near are the numbers of persons by how they are best read.
type near struct {
	// run tells that persons are so nearly a run of numbers, from first to last, that to
	// read all of it costs less than to look each up.
	run         bool
	first, last int64
	// apart are the numbers to look up, ascending: those that are not in the run. Who was
	// merged may lie anywhere.
	apart []int64
}

func nearOf(persons []*segment.Subject) near {
	n := len(persons)
	out := near{first: persons[0].ID, last: persons[n-1].ID}
	out.run = n > 256 && out.last-out.first < 2*int64(n)
	for _, p := range persons {
		for _, id := range p.Numbers {
			if !out.run || id < out.first || id > out.last {
				out.apart = append(out.apart, id)
			}
		}
	}
	slices.Sort(out.apart)
	return out
}

// found has something for each number of a near.
type found[T any] struct {
	first int64
	run   []T
	apart map[int64]T
}

// roomFor has room for the run of a near.
func roomFor[T any](n near) *found[T] {
	f := &found[T]{first: n.first, apart: map[int64]T{}}
	if n.run {
		f.run = make([]T, n.last-n.first+1)
	}
	return f
}

func (f *found[T]) set(id int64, one T) {
	if i := id - f.first; i >= 0 && i < int64(len(f.run)) {
		f.run[i] = one
		return
	}
	f.apart[id] = one
}

func (f *found[T]) get(id int64) T {
	if i := id - f.first; i >= 0 && i < int64(len(f.run)) {
		return f.run[i]
	}
	return f.apart[id]
}

func knowPurchases(ctx context.Context, q sqldb.Querier, brand string, persons []*segment.Subject, n near) (err error) {
	all := roomFor[*purchase.History](n)
	if n.run {
		if err := purchase.EachWithin(ctx, q, brand, n.first, n.last, all.set); err != nil {
			return err
		}
	}
	apart, err := purchase.Histories(ctx, q, brand, n.apart)
	if err != nil {
		return err
	}
	for id, h := range apart {
		all.set(id, h)
	}
	for _, p := range persons {
		if len(p.Numbers) == 1 {
			p.Known.Purchases = all.get(p.ID)
			continue
		}
		several := make([]*purchase.History, len(p.Numbers))
		for i, id := range p.Numbers {
			several[i] = all.get(id)
		}
		p.Known.Purchases = purchase.Union(several...)
	}
	return nil
}

func knowAnswers(ctx context.Context, q sqldb.Querier, b *brand, persons []*segment.Subject, n near) (err error) {
	all, err := answer.Histories(ctx, q, b.ID, n.apart)
	if err == nil && n.run {
		var run map[int64]*answer.History
		run, err = answer.HistoriesWithin(ctx, q, b.ID, n.first, n.last)
		maps.Copy(all, run)
	}
	if err != nil || len(all) == 0 {
		return err
	}
	for _, p := range persons {
		several := make([]*answer.History, len(p.Numbers))
		for i, id := range p.Numbers {
			several[i] = all[id]
		}
		answer.Last(func(metric string, last answer.Answer) {
			if p.Known.Scores == nil {
				p.Known.Scores = map[string]field.Score{}
			}
			p.Known.Scores[metric] = field.Score{Value: float64(last.Score), Day: b.zone.DayOf(time.UnixMicro(last.At))}
		}, several...)
	}
	return nil
}

// written is what the brand wrote down of a number; created is in Unix microseconds, 0
// for a number that was never given out.
type written struct {
	created    int64
	attributes profile.Attributes
}

func (s *Server) knowProfiles(ctx context.Context, q sqldb.Querier, b *brand, persons []*segment.Subject, n near, groups field.Group) error {
	all := roomFor[written](n)
	var reader profile.Reader
	var plain, bound []byte // used again for each
	learn := func(r *customerRow) (err error) {
		one := written{created: r.createdAt}
		if groups&field.Attributes != 0 && r.profile != nil {
			bound = appendProfileContext(bound[:0], b.ID, r.id)
			if plain, err = s.seals.AppendOpen(plain[:0], r.profile, r.key, bound); err == nil {
				one.attributes, err = reader.Attributes(plain)
			}
			if err != nil {
				return fmt.Errorf("open customer %d: %w", r.id, err)
			}
		}
		all.set(r.id, one)
		return nil
	}
	if n.run {
		if err := eachCustomer(ctx, q, b.ID, n.first, n.last, learn); err != nil {
			return err
		}
	}
	apart, err := customers(ctx, q, b.ID, n.apart)
	if err != nil {
		return err
	}
	for _, r := range apart {
		if err := learn(r); err != nil {
			return err
		}
	}
	for _, p := range persons {
		describe(p, b.zone, all)
	}
	return nil
}

// describe fills in what all numbers of a person have. What the number that stands for
// the person has goes before what the others have, and of those the lowest number's.
func describe(p *segment.Subject, zone *calendar.Zone, all *found[written]) {
	for i, id := range p.Numbers {
		one := all.get(id)
		if one.created == 0 {
			continue
		}
		if day := zone.DayOf(time.UnixMicro(one.created)); i == 0 || day < p.Known.Created {
			p.Known.Created = day
		}
		if id == p.ID {
			p.Known.Attributes = one.attributes.Under(p.Known.Attributes)
		} else {
			p.Known.Attributes = p.Known.Attributes.Under(one.attributes)
		}
	}
}
