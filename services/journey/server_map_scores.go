package journey

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/measure"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// GetMapScores reads a published map with each touchpoint's live numbers. Survey
// is asked for scores meanwhile; what it does not tell is missing, not an error.
func (s *Server) GetMapScores(ctx context.Context, in *journeyv1.GetMapScoresRequest) (*journeyv1.GetMapScoresResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	version, err := b.defined.Load().maps.Version(in.GetMapId(), in.GetVersion())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // whoever waits for scores need not, if there are no numbers
	var found scores
	var asking sync.WaitGroup
	// Survey answers as it would answer the caller.
	asked := access.OnBehalf(ctx)
	asking.Go(func() { found = s.scores(asked, b.ID, version.GetContent(), surveyWindow(when.asked)) })
	numbers, err := s.mapNumbers(ctx, b, in.GetMapId(), version, when.days)
	if err != nil {
		cancel()
	}
	asking.Wait()
	if err != nil {
		return nil, floor.Lost("read numbers of a map", err)
	}
	return &journeyv1.GetMapScoresResponse{
		Version: version, Touchpoints: found.laidOver(version.GetContent(), numbers.GetTouchpoints()),
		AsOf: numbers.GetAsOf(), ScoresMissing: found.missing,
	}, nil
}

// laidOver puts scores beside numbers, which are shared and stay as they are.
func (f *scores) laidOver(c *journeyv1.MapContent, numbers []*journeyv1.TouchpointScore) []*journeyv1.TouchpointScore {
	out := make([]*journeyv1.TouchpointScore, 0, len(numbers))
	for _, stage := range c.GetStages() {
		for _, p := range stage.GetTouchpoints() {
			one := proto.CloneOf(numbers[len(out)])
			one.Score = f.of(p)
			out = append(out, one)
		}
	}
	return out
}

// mapNumbers are the numbers of a map's touchpoints, without their scores. The
// response is shared.
func (s *Server) mapNumbers(ctx context.Context, b *brand, id string, version *journeyv1.MapVersion, days calendar.Days) (*journeyv1.GetMapScoresResponse, error) {
	frozen := &journeyv1.GetMapScoresRequest{MapId: id, Version: version.GetVersion()}
	return fold.Ask(ctx, s.store.folds, question(b, frozen, days, days), codec[journeyv1.GetMapScoresResponse](),
		func(ctx context.Context) (*journeyv1.GetMapScoresResponse, error) {
			return s.countMap(ctx, b, version.GetContent(), days)
		})
}

func (s *Server) countMap(ctx context.Context, b *brand, c *journeyv1.MapContent, days calendar.Days) (*journeyv1.GetMapScoresResponse, error) {
	points := pointsOf(c)
	var numbers []measure.Numbers
	last, err := s.slabsOf(ctx, b.ID, days, countedOn(points), func(found *slabs) (err error) {
		each := func(want func(string) bool, fn func(*tally.Events)) error {
			for day := days.From; day < days.Until; day++ {
				found.on(day, want, fn)
			}
			return ctx.Err()
		}
		numbers, err = measure.Touchpoints(points, audienceOf(c), b.person(), each)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &journeyv1.GetMapScoresResponse{AsOf: asOf(last)}
	for _, stage := range c.GetStages() {
		for _, p := range stage.GetTouchpoints() {
			out.Touchpoints = append(out.Touchpoints, touchpointScore(stage, p, numbers[len(out.GetTouchpoints())]))
		}
	}
	return out, nil
}

func touchpointScore(stage *journeyv1.Stage, p *journeyv1.Touchpoint, n measure.Numbers) *journeyv1.TouchpointScore {
	out := &journeyv1.TouchpointScore{
		StageId: stage.GetId(), TouchpointId: p.GetId(), Visits: n.Visits, People: n.People, Contacts: n.Contacts,
	}
	if n.HasLost {
		rate := float64(n.Lost) / float64(n.People)
		out.Lost, out.DropOff = &n.Lost, &rate
	}
	return out
}

// pointsOf are a map's touchpoints in its order, as far as they are counted.
func pointsOf(c *journeyv1.MapContent) []measure.Point {
	var points []measure.Point
	for _, stage := range c.GetStages() {
		for _, p := range stage.GetTouchpoints() {
			points = append(points, measure.Point{ID: p.GetId(), Kinds: p.GetEventKinds(), Channel: p.GetChannel()})
		}
	}
	return points
}

// countedOn tells which kinds a map reads: contacts, and what its touchpoints count.
func countedOn(points []measure.Point) func(kind string) bool {
	return func(kind string) bool {
		if measure.IsContact(kind) {
			return true
		}
		for i := range points {
			for _, prefix := range points[i].Kinds {
				if event.Within(kind, prefix) {
					return true
				}
			}
		}
		return false
	}
}

// audienceOf is whose events count. A segment is shown with the map, but its
// members are not known here yet: the numbers are of all customers.
func audienceOf(c *journeyv1.MapContent) measure.Audience {
	return measure.Audience{Employees: c.GetAudience().GetEmployees(), Customer: c.GetAudience().GetCustomerId()}
}
