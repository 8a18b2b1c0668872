package segmentation

import (
	"context"
	"slices"
	"time"

	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/answer"
	"github.com/rapport-cx/rapport/services/segmentation/field"
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
	numbers := make([]int64, 0, len(persons))
	for _, p := range persons {
		numbers = append(numbers, p.Numbers...)
		p.Known = &field.Person{Numbers: len(p.Numbers)}
	}
	slices.Sort(numbers)
	if groups&(field.Identity|field.Attributes) != 0 {
		if err := s.knowProfiles(ctx, q, b, persons, numbers, groups); err != nil {
			return err
		}
	}
	if groups&(field.Purchases|field.Visits) != 0 {
		if err := knowPurchases(ctx, q, b.ID, persons, numbers); err != nil {
			return err
		}
	}
	if groups&field.Answers != 0 {
		if err := knowAnswers(ctx, q, b, persons, numbers); err != nil {
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

// dense tells that numbers are so nearly a run that to read all of it costs less than
// to look each up.
func dense(numbers []int64) bool {
	n := len(numbers)
	return n > 256 && numbers[n-1]-numbers[0] < 2*int64(n)
}

func knowPurchases(ctx context.Context, q sqldb.Querier, brand string, persons []*segment.Subject, numbers []int64) (err error) {
	var all map[int64]*purchase.History
	if dense(numbers) {
		all, err = purchase.HistoriesWithin(ctx, q, brand, numbers[0], numbers[len(numbers)-1])
	} else {
		all, err = purchase.Histories(ctx, q, brand, numbers)
	}
	if err != nil {
		return err
	}
	for _, p := range persons {
		if len(p.Numbers) == 1 {
			p.Known.Purchases = all[p.ID]
			continue
		}
		several := make([]*purchase.History, len(p.Numbers))
		for i, id := range p.Numbers {
			several[i] = all[id]
		}
		p.Known.Purchases = purchase.Union(several...)
	}
	return nil
}

func knowAnswers(ctx context.Context, q sqldb.Querier, b *brand, persons []*segment.Subject, numbers []int64) (err error) {
	var all map[int64]*answer.History
	if dense(numbers) {
		all, err = answer.HistoriesWithin(ctx, q, b.ID, numbers[0], numbers[len(numbers)-1])
	} else {
		all, err = answer.Histories(ctx, q, b.ID, numbers)
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

func (s *Server) knowProfiles(ctx context.Context, q sqldb.Querier, b *brand, persons []*segment.Subject, numbers []int64, groups field.Group) (err error) {
	var rows []*customerRow
	if dense(numbers) {
		first := numbers[0]
		rows, err = customersAfter(ctx, q, b.ID, first-1, false, int(numbers[len(numbers)-1]-first+1))
	} else {
		rows, err = customers(ctx, q, b.ID, numbers)
	}
	if err != nil {
		return err
	}
	byID := make(map[int64]*customerRow, len(rows))
	for _, r := range rows {
		byID[r.id] = r
	}
	for _, p := range persons {
		for i, id := range p.Numbers {
			r := byID[id]
			if r == nil {
				continue
			}
			if day := b.zone.DayOf(time.UnixMicro(r.createdAt)); i == 0 || day < p.Known.Created {
				p.Known.Created = day
			}
			if groups&field.Attributes == 0 {
				continue
			}
			if err := s.knowAttributes(b, p, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// knowAttributes adds what one number has. What the number that stands for the person
// has goes before what the others have, and of those the lowest number's.
func (s *Server) knowAttributes(b *brand, p *segment.Subject, r *customerRow) error {
	one, err := s.openProfile(b.ID, r)
	if err != nil {
		return err
	}
	if p.Known.Attributes == nil {
		p.Known.Attributes = one.GetAttributes()
		return nil
	}
	for name, value := range one.GetAttributes() {
		if _, has := p.Known.Attributes[name]; !has || r.id == p.ID {
			p.Known.Attributes[name] = value
		}
	}
	return nil
}
