package journey

import (
	"cmp"
	"context"

	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/analysis"
	columns "github.com/rapport-cx/rapport/services/journey/trail"
)

// GetFunnel reads how many get how far.
func (s *Server) GetFunnel(ctx context.Context, in *journeyv1.GetFunnelRequest) (*journeyv1.GetFunnelResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	bad := fault.Invalid()
	q := funnelOf(in, b.zone, bad)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	return analyse(ctx, s, asking{b, in, in.GetUnit(), when.days, when.days}, func(ctx context.Context, t *columns.Trails) (*journeyv1.GetFunnelResponse, error) {
		got, err := q.Ask(ctx, t)
		if err != nil {
			return nil, err
		}
		out := &journeyv1.GetFunnelResponse{
			Total: funnelProto(&got.Total), AsOf: asOfMicros(t.AsOf),
			Other: funnelProto(got.Other), OtherGroups: int64(got.OtherGroups),
		}
		for i := range got.Groups {
			out.Groups = append(out.Groups, funnelProto(&got.Groups[i]))
		}
		return out, nil
	})
}

// GetPaths reads the commonest sequences of kinds.
func (s *Server) GetPaths(ctx context.Context, in *journeyv1.GetPathsRequest) (*journeyv1.GetPathsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	q := analysis.Paths{
		Filter: filterOf(in.GetFilter()), Length: int(in.GetMaxLength()), Collapse: in.GetCollapseRepeats(),
		Top: int(cmp.Or(in.GetTop(), defaultPaths)),
	}
	return analyse(ctx, s, asking{b, in, in.GetUnit(), when.days, when.days}, func(ctx context.Context, t *columns.Trails) (*journeyv1.GetPathsResponse, error) {
		got, err := q.Ask(ctx, t)
		if err != nil {
			return nil, err
		}
		out := &journeyv1.GetPathsResponse{
			OtherUnits: got.OtherUnits, OtherPaths: got.OtherPaths, Units: got.Units, AsOf: asOfMicros(t.AsOf),
		}
		for _, p := range got.Paths {
			out.Paths = append(out.Paths, &journeyv1.Path{
				Kinds: p.Kinds, Length: int64(p.Length), Units: p.Units,
				Share: float64(p.Units) / float64(got.Units), Duration: percentiles(p.Took),
			})
		}
		return out, nil
	})
}

// What is listed where the request does not say how much.
const (
	defaultPaths       = 20
	defaultTransitions = 1000
)

// GetTransitions reads what directly follows what.
func (s *Server) GetTransitions(ctx context.Context, in *journeyv1.GetTransitionsRequest) (*journeyv1.GetTransitionsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	q := analysis.Transitions{
		Filter: filterOf(in.GetFilter()), Collapse: in.GetCollapseRepeats(), Top: int(cmp.Or(in.GetTop(), defaultTransitions)),
	}
	return analyse(ctx, s, asking{b, in, in.GetUnit(), when.days, when.days}, func(ctx context.Context, t *columns.Trails) (*journeyv1.GetTransitionsResponse, error) {
		got, err := q.Ask(ctx, t)
		if err != nil {
			return nil, err
		}
		out := &journeyv1.GetTransitionsResponse{
			OtherTimes: got.OtherTimes, OtherTransitions: got.OtherTransitions,
			Units: got.Units, Events: got.Events, AsOf: asOfMicros(t.AsOf),
		}
		for _, one := range got.Transitions {
			out.Transitions = append(out.Transitions, &journeyv1.Transition{
				From: one.From, To: one.To, Times: one.Times, Units: one.Units, Took: percentiles(one.Took),
			})
		}
		return out, nil
	})
}

// GetStageDurations reads how long stages take.
func (s *Server) GetStageDurations(ctx context.Context, in *journeyv1.GetStageDurationsRequest) (*journeyv1.GetStageDurationsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	// Stages that begin in the window may end on any day that has events.
	read := calendar.Days{From: when.days.From, Until: max(when.days.Until, when.recorded.Until)}
	q := durationsOf(in, b.zone, when.days)
	return analyse(ctx, s, asking{b, in, in.GetUnit(), when.days, read}, func(ctx context.Context, t *columns.Trails) (*journeyv1.GetStageDurationsResponse, error) {
		got, err := q.Ask(ctx, t)
		if err != nil {
			return nil, err
		}
		out := &journeyv1.GetStageDurationsResponse{AsOf: asOfMicros(t.AsOf)}
		for _, stage := range got {
			out.Stages = append(out.Stages, &journeyv1.StageDuration{
				Took: percentiles(stage.Took), Reversed: stage.Reversed, Unfinished: stage.Unfinished,
			})
		}
		return out, nil
	})
}

// asking is a request about the events of some days, of which those in read are read.
type asking struct {
	brand      *brand
	in         proto.Message
	unit       journeyv1.Unit
	days, read calendar.Days
}

// analysesAtOnce is how many different questions are worked on at a time. Each uses
// all processors, so that more of them would not end sooner, but need more memory.
const analysesAtOnce = 2

// analyse reads the trails and answers a question over them, once for all who ask
// it until a fact touches one of the days. Who stands for whom is a definition of
// the log, so that a merge asks anew.
func analyse[T any, M message[T]](ctx context.Context, s *Server, a asking,
	answer func(context.Context, *columns.Trails) (M, error)) (M, error) {
	if a.days.Len() == 0 {
		return answer(ctx, &columns.Trails{Names: &columns.Names{}})
	}
	q := question(a.brand, a.in, a.days, a.read)
	out, err := fold.Ask(ctx, s.store.folds, q, codec[T, M](), func(ctx context.Context) (M, error) {
		select {
		case s.analyses <- struct{}{}:
			defer func() { <-s.analyses }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		trails, err := s.lake.Load(ctx, a.brand.ID, a.unit, a.read)
		if err != nil {
			return nil, err
		}
		return answer(ctx, trails)
	})
	return out, floor.Lost("analyse events", err)
}
