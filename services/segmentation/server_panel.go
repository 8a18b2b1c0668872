package segmentation

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/grpc/codes"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/contact"
	"github.com/rapport-cx/rapport/services/segmentation/panel"
)

// QueryPanel tells who people are that some filters hold for, and what they say.
func (s *Server) QueryPanel(ctx context.Context, in *segmentationv1.QueryPanelRequest) (*segmentationv1.QueryPanelResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.windowCadence(ctx, b, in.GetWindow()); err != nil {
		return nil, err
	}
	// What another replica declared or made a moment ago counts.
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Lost("read definitions", err)
	}
	q, err := panel.Read(in, b.fields(), b.attributes.Load().Personal)
	if err != nil {
		return nil, err
	}
	members, err := s.segmentsOf(ctx, b, q.Segments)
	if err != nil {
		return nil, err
	}
	out, p := &segmentationv1.QueryPanelResponse{}, (*panel.Portrait)(nil)
	err = b.panel.View(ctx, q.Fields, func(v *panel.View) error {
		p = v.Answer(q, members.sets)
		asOf, day := v.AsOf, v.Day
		if len(q.Segments) > 0 { // they follow a little behind
			asOf, day = min(asOf, members.asOf), min(day, members.rolledTo)
		}
		out.Persons, out.AsOf, out.RolledTo = v.Persons.Len(), countedTo(asOf), day.String()
		return nil
	})
	if err != nil {
		return nil, floor.Lost("look at everybody", err)
	}
	out.Chosen, out.Rest = p.Chosen, p.Rest
	if s.hides(ctx) && hidePanel(out) {
		return out, nil
	}
	return out, s.panelScores(ctx, in, out, p.Members)
}

// panelScores asks Survey for the scores of those chosen and of the rest, all at once.
// What it does not say in time is missing, and nothing else.
func (s *Server) panelScores(ctx context.Context, in *segmentationv1.QueryPanelRequest, out *segmentationv1.QueryPanelResponse, chosen panel.Set) error {
	metrics := in.GetMetrics()
	if len(metrics) == 0 {
		return nil
	}
	set, err := chosen.Portable()
	if err != nil {
		return fmt.Errorf("pack persons: %w", err)
	}
	if until, bounded := ctx.Deadline(); bounded {
		// Something is left to answer with.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)*9/10)
		defer cancel()
	}
	// Survey answers as it would answer the caller: it hides scores of few.
	ctx = access.OnBehalf(ctx)
	var wg sync.WaitGroup
	ask := func(group *segmentationv1.PanelGroup, scope *surveyv1.Scope) {
		group.Scores = make([]*segmentationv1.PanelScore, len(metrics))
		for i, id := range metrics {
			wg.Go(func() {
				group.Scores[i] = s.panelScore(ctx, &surveyv1.GetMetricRequest{Brand: in.GetBrand(), Metric: id, Window: in.GetWindow(), Scope: scope})
			})
		}
	}
	if len(in.GetFilters()) == 0 {
		ask(out.GetChosen(), nil)
	} else {
		ask(out.GetChosen(), &surveyv1.Scope{Customers: set})
	}
	if out.GetRest() != nil {
		ask(out.GetRest(), &surveyv1.Scope{Customers: set, Outside: true})
	}
	wg.Wait()
	return nil
}

// mostPersons is how many bytes of persons Survey takes.
const mostPersons = 2 << 20

func (s *Server) panelScore(ctx context.Context, in *surveyv1.GetMetricRequest) *segmentationv1.PanelScore {
	out := &segmentationv1.PanelScore{Metric: in.GetMetric()}
	switch {
	case s.neighbours.Survey == nil:
		out.Missing = "Survey is no part of this deployment"
		return out
	case len(in.GetScope().GetCustomers()) > mostPersons:
		out.Missing = "the persons are too many to be asked about"
		return out
	}
	got, err := s.neighbours.Survey.GetMetric(ctx, in)
	if err != nil {
		out.Missing = unscored(err)
		return out
	}
	out.Score = got.GetTotal()
	out.TooFew = out.GetScore().GetN() < panel.Enough
	return out
}

// unscored tells people why there is no score: what Survey refused and why, nothing
// of what went wrong inside.
func unscored(err error) string {
	e := fault.From(err)
	switch e.Code {
	case codes.NotFound:
		return "there is no " + e.Text
	case codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied:
		return (&fault.Error{Text: e.Text, Fields: e.Fields}).Error()
	case codes.DeadlineExceeded, codes.Canceled:
		return "Survey did not answer in time"
	}
	return "Survey could not answer"
}

// memberSets are segments' members, and how far they are known.
type memberSets struct {
	sets     map[string]*roaring64.Bitmap
	asOf     int64
	rolledTo calendar.Day
}

func (s *Server) segmentsOf(ctx context.Context, b *brand, ids []string) (out memberSets, err error) {
	if len(ids) == 0 {
		return out, nil
	}
	if err := b.live.Catch(ctx, s.store.db, s.store.log.Reader); err != nil {
		return out, floor.Lost("read segments", err)
	}
	for _, id := range ids {
		if _, err := s.segment(b, id); err != nil {
			return out, err
		}
	}
	out.sets = make(map[string]*roaring64.Bitmap, len(ids))
	// In this order: what is told includes at least what as_of says.
	out.asOf, out.rolledTo = b.live.State()
	// All as of one moment: nobody is in a segment and in its opposite.
	for i, set := range b.live.Sets(ids) {
		out.sets[ids[i]] = set
	}
	return out, nil
}

// GetSampleSize tells how many must answer.
func (s *Server) GetSampleSize(ctx context.Context, in *segmentationv1.GetSampleSizeRequest) (*segmentationv1.GetSampleSizeResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	population := in.GetPopulation()
	if population == 0 {
		population = panel.Endless
	}
	if id := in.GetSegmentId(); id != "" {
		if in.GetPopulation() != 0 {
			return nil, fault.Invalid().Field("population", "is that of the segment: give one of them").Err()
		}
		if err := s.current(ctx, b); err != nil {
			return nil, err
		}
		of, err := s.knownSegment(ctx, b, id)
		if err != nil {
			return nil, err
		}
		population = of.GetMembers()
	}
	return panel.SampleSize(in, population)
}

// SampleSegment draws some of a segment at random.
func (s *Server) SampleSegment(ctx context.Context, in *segmentationv1.SampleSegmentRequest) (*segmentationv1.SampleSegmentResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	var fit func(context.Context, []int64) ([]bool, error)
	if plan := in.GetContact(); plan != nil {
		if fit, err = s.mayContact(ctx, b, plan); err != nil {
			return nil, err
		}
	}
	if err := s.current(ctx, b); err != nil {
		return nil, err
	}
	if _, err := s.knownSegment(ctx, b, in.GetSegmentId()); err != nil {
		return nil, err
	}
	// Segments follow merges a little behind: nobody may be drawn twice.
	set, _ := b.live.Members(in.GetSegmentId())
	who := b.book.Load().Now()
	members := slices.DeleteFunc(set.ToArray(), func(id uint64) bool { return who.Person(int64(id)) != int64(id) })
	out := &segmentationv1.SampleSegmentResponse{Members: int64(len(members))}
	out.Ids, out.PassedOver, err = panel.Draw(ctx, members, int(in.GetSize()), in.GetSeed(), fit)
	return out, floor.Lost("draw persons", err)
}

// mayContact judges persons by the rules of ExamineContact, and reserves nothing.
func (s *Server) mayContact(ctx context.Context, b *brand, plan *segmentationv1.ContactPlan) (func(context.Context, []int64) ([]bool, error), error) {
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return nil, floor.Lost("read definitions", err)
	}
	now := s.clock()
	asked := &segmentationv1.ContactRequest{Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1}}, Mode: plan.GetMode(), Purpose: plan.GetPurpose()}
	if err := contact.Check(asked, now); err != nil {
		return nil, err
	}
	rules := s.contactBrand(b)
	return func(ctx context.Context, ids []int64) ([]bool, error) {
		return rules.Leave(ctx, s.store.db, ids, asked, now)
	}, nil
}
