package loyalty

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/structure"
	"github.com/rapport-cx/rapport/services/loyalty/rate"
)

const (
	// benchmark is which share of points members of programmes spend, in %.
	benchmark = 13
	// youngMonths is how old a programme's points must be for its rates to mean much.
	youngMonths = 6
)

// GetRedemptionRate reads which share of points is spent. The response is shared: nobody
// may change it.
func (s *Server) GetRedemptionRate(ctx context.Context, in *loyaltyv1.GetRedemptionRateRequest) (*loyaltyv1.GetRedemptionRateResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := checkScope(in); err != nil {
		return nil, err
	}
	in, see, err := s.narrowed(ctx, b, in)
	if err != nil {
		return nil, err
	}
	scope := in.GetScope()
	p, err := s.terms(ctx, b, scope.GetProgrammeId())
	if err != nil {
		return nil, err
	}
	if err := checkTiers(p, scope.GetTiers()); err != nil {
		return nil, err
	}
	days, recorded, err := s.dated(ctx, b, "scope.dates", scope.GetDates())
	if err != nil {
		return nil, err
	}
	compute := func(ctx context.Context, keep func(int64) bool) (*loyaltyv1.GetRedemptionRateResponse, error) {
		return s.redemption(ctx, b, p, in, days, recorded, keep)
	}
	if scope.GetSegmentId() != "" {
		// Rates of a segment tell of who is in it.
		if err := s.guard.Check(ctx, access.Request{Brand: b.ID, Verb: access.Read, Section: access.Segments}); err != nil {
			return nil, err
		}
		keep, members, err := s.keeping(ctx, b, scope.GetSegmentId())
		if err != nil {
			return nil, err
		}
		out, err := compute(ctx, keep)
		return shown(see, in, out, few.Few(members)), floor.Lost("read redemption rate", err)
	}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, recorded, s.today(b)), codec[loyaltyv1.GetRedemptionRateResponse](),
		func(ctx context.Context) (*loyaltyv1.GetRedemptionRateResponse, error) { return compute(ctx, nil) })
	return shown(see, in, out, false), floor.Lost("read redemption rate", err)
}

// narrowed is a question as its caller may ask it, with all that stands below a subject
// in its place. Requests are shared: it copies.
func (s *Server) narrowed(ctx context.Context, b *brand, in *loyaltyv1.GetRedemptionRateRequest) (*loyaltyv1.GetRedemptionRateRequest, *structure.Sight, error) {
	see, err := s.structure.Sight(ctx, b.ID, s.guard.Narrowed(ctx))
	if err != nil {
		return nil, nil, err
	}
	if see.Bound() && in.GetCohorts() {
		return nil, nil, access.Denied() // they are of the whole programme
	}
	subjects, err := see.Narrow(ctx, in.GetScope().GetSubjects(), in.GetScope().GetUnder())
	if err != nil || len(subjects) == len(in.GetScope().GetSubjects()) {
		return in, see, err
	}
	scope := &loyaltyv1.RateScope{}
	proto.Merge(scope, in.GetScope())
	scope.Under, scope.Subjects = nil, subjects
	return &loyaltyv1.GetRedemptionRateRequest{Brand: in.GetBrand(), Scope: scope, Split: in.GetSplit(), Cohorts: in.GetCohorts()}, see, nil
}

// shown is an answer as the caller may read it: nothing of subjects that they do not see;
// of few members nothing is told, nor of an employee with few redemptions, nor of as many
// more as would let those be had by subtraction. Answers are shared: it copies.
func shown(see *structure.Sight, in *loyaltyv1.GetRedemptionRateRequest, out *loyaltyv1.GetRedemptionRateResponse, hidden bool) *loyaltyv1.GetRedemptionRateResponse {
	bySubject := in.GetSplit() == loyaltyv1.RateSplit_RATE_SPLIT_SUBJECT
	if out == nil || (!see.FewHidden() || !hidden && !bySubject) && (!see.Bound() || !bySubject) {
		return out
	}
	groups := out.GetGroups()
	if bySubject {
		groups = slices.DeleteFunc(slices.Clone(groups), func(g *loyaltyv1.RedemptionRate) bool { return !see.Sees(subjectOf(g.GetKey())) })
	}
	cells, staff := make([]*few.Cell, len(groups)), []*few.Cell(nil)
	for i, g := range groups {
		cells[i] = &few.Cell{N: g.GetRedemptions(), Hidden: hidden}
		if strings.HasPrefix(g.GetKey(), "EMPLOYEE:") {
			staff = append(staff, cells[i])
		}
	}
	if see.FewHidden() {
		few.Hide(staff...)
		few.HideMore(staff)
	}
	shown := &loyaltyv1.GetRedemptionRateResponse{
		Total: out.GetTotal(), Cohorts: out.GetCohorts(), Young: out.GetYoung(), Benchmark: out.GetBenchmark(), AsOf: out.GetAsOf(),
	}
	if hidden {
		shown.Total, shown.Cohorts = &loyaltyv1.RedemptionRate{Suppressed: new(true)}, nil
	}
	for i, g := range groups {
		if cells[i].Hidden {
			g = &loyaltyv1.RedemptionRate{Key: g.GetKey(), Suppressed: new(true)}
		}
		shown.Groups = append(shown.Groups, g)
	}
	return shown
}

// subjectOf is the subject that a group is of.
func subjectOf(key string) access.Ref {
	kind, id, _ := strings.Cut(key, ":")
	return access.Ref{Kind: commonv1.SubjectKind(commonv1.SubjectKind_value["SUBJECT_KIND_"+kind]), ID: id}
}

// rated is the first line of every question about a programme's numbers. The programme is
// as in force now.
func (s *Server) rated(ctx context.Context, name, id string) (*brand, *loyaltyv1.Programme, error) {
	b, err := s.enter(ctx, name, access.Read)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.terms(ctx, b, id)
	return b, p, err
}

// terms are a programme as in force now.
func (s *Server) terms(ctx context.Context, b *brand, id string) (*loyaltyv1.Programme, error) {
	if _, err := s.programme(ctx, b, id); err != nil {
		return nil, err
	}
	return b.defined.Load().programmes.Terms(id, s.clock())
}

// checkTiers judges names of tiers.
func checkTiers(p *loyaltyv1.Programme, named []string) error {
	f := fault.Invalid()
	for _, name := range named {
		if !slices.ContainsFunc(p.GetTiers().GetTiers(), func(t *loyaltyv1.Tier) bool { return t.GetName() == name }) {
			f.Field("scope.tiers", "%q is no tier of the programme", name)
		}
	}
	return f.Err()
}

// checkScope judges what the proto rules leave open.
func checkScope(in *loyaltyv1.GetRedemptionRateRequest) error {
	f, scope := fault.Invalid(), in.GetScope()
	if scope.GetUnder() != nil && len(scope.GetSubjects()) > 0 {
		f.Field("scope.under", "must be empty where subjects are given")
	}
	if in.GetCohorts() {
		narrow := map[string]bool{
			"scope.channels": len(scope.GetChannels()) > 0, "scope.subjects": len(scope.GetSubjects()) > 0, "scope.under": scope.GetUnder() != nil,
			"scope.tiers": len(scope.GetTiers()) > 0, "scope.segment_id": scope.GetSegmentId() != "",
		}
		for _, path := range slices.Sorted(maps.Keys(narrow)) {
			if narrow[path] {
				f.Field(path, "must be empty with cohorts")
			}
		}
	}
	return f.Err()
}

// redemption sums the answer from slabs. keep says which numbers count; nil: all.
func (s *Server) redemption(ctx context.Context, b *brand, p *loyaltyv1.Programme, in *loyaltyv1.GetRedemptionRateRequest,
	days, recorded calendar.Days, keep func(int64) bool) (*loyaltyv1.GetRedemptionRateResponse, error) {
	scope, id := in.GetScope(), p.GetId()
	tiered := len(scope.GetTiers()) > 0 || in.GetSplit() == loyaltyv1.RateSplit_RATE_SPLIT_TIER
	sum := rate.NewRedemption(in.GetSplit(), scope)
	flows, rows, lots, counted := rate.FlowMeasure(id), rate.RowMeasure(id), rate.LotMeasure(id), rate.CountMeasure(id)
	measures := []string{flows}
	if keep != nil || tiered {
		measures = append(measures, rows)
	}
	if tiered {
		measures = append(measures, counted)
	}
	if in.GetCohorts() {
		measures = append(measures, lots)
	}
	out := &loyaltyv1.GetRedemptionRateResponse{Benchmark: benchmark}
	today, within := s.today(b), both(days, recorded)
	var err error
	out.AsOf, err = s.view(ctx, b, recorded, measures, func(v *fold.View[*rate.Fact]) {
		if tiered {
			ladder := climbed(v, b, p, recorded, today)
			sum.TierOf, sum.Tiers = ladder.TierOf, setOf(scope.GetTiers())
		}
		if keep != nil || tiered {
			sum.Keep = keep
			onDays(v, rows, within, sum.Rows)
		} else {
			onDays(v, flows, within, sum.Flows)
		}
		if in.GetCohorts() {
			cohorts := rate.NewCohorts()
			onDays(v, lots, recorded, func(day calendar.Day, l *rate.Lots) { cohorts.Lots(day, l, days, 0) })
			out.Cohorts = cohorts.Answer(today)
		}
		out.Young = young(v, flows, recorded, today)
	})
	out.Total, out.Groups = sum.Total(), sum.Groups()
	return out, err
}

// young tells whether a programme's first points were issued a short time ago.
func young(v *fold.View[*rate.Fact], measure string, recorded calendar.Days, today calendar.Day) bool {
	issued, old := false, false
	onDays(v, measure, recorded, func(day calendar.Day, f *rate.Flows) {
		if !issued && f.Issued() {
			issued, old = true, day <= today.AddMonths(-youngMonths)
		}
	})
	return issued && !old
}

// climbed finds out in which tier everybody was when.
func climbed(v *fold.View[*rate.Fact], b *brand, p *loyaltyv1.Programme, recorded calendar.Days, today calendar.Day) *rate.Ladder {
	ladder := rate.NewLadder(p.GetTiers(), b.people().Person)
	onDays(v, rate.CountMeasure(p.GetId()), recorded, func(_ calendar.Day, c *rate.Counted) { ladder.Day(c) })
	ladder.Climb(today)
	return ladder
}

func setOf(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// keeping tells who is in a segment now: whoever's person is; and how many are.
func (s *Server) keeping(ctx context.Context, b *brand, segment string) (keep func(int64) bool, members int64, err error) {
	if s.near.Segmentation == nil {
		return nil, 0, away("who is in a segment", nil)
	}
	got, err := s.near.Segmentation.GetSegmentBitmap(ctx, &segmentationv1.GetSegmentBitmapRequest{Brand: b.ID, SegmentId: segment})
	switch {
	case fault.Is(err, commonv1.Reason_REASON_SEGMENT_UNKNOWN):
		return nil, 0, fault.NotFound(commonv1.Reason_REASON_SEGMENT_UNKNOWN, "segment %q", segment)
	case err != nil:
		return nil, 0, away("who is in a segment", err)
	}
	set := roaring64.New()
	if len(got.GetBitmap()) > 0 {
		if err := set.UnmarshalBinary(got.GetBitmap()); err != nil {
			return nil, 0, away("who is in a segment", err)
		}
	}
	people := b.people()
	return func(who int64) bool { return set.Contains(uint64(people.Person(who))) }, int64(set.GetCardinality()), nil
}
