package journey

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/journey/measure"
	"github.com/rapport-cx/rapport/services/journey/tally"
)

// GetSuccessIndex reads which share of orders went as promised, and why the rest
// did not. The response is shared: nobody may change it.
func (s *Server) GetSuccessIndex(ctx context.Context, in *journeyv1.GetSuccessIndexRequest) (*journeyv1.GetSuccessIndexResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := checkMeasure(in.GetFilter(), in.GetUnder(), in.GetGroupBy(), in.GetSubjectKind()); err != nil {
		return nil, err
	}
	see, err := s.sight(ctx, b)
	if err != nil {
		return nil, err
	}
	if in, err = seeSuccessIndex(ctx, see, in); err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	days := when.days
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, days), codec[journeyv1.GetSuccessIndexResponse](),
		func(ctx context.Context) (*journeyv1.GetSuccessIndexResponse, error) {
			sum := measure.NewSuccess(measure.NewFilter(in.GetFilter()), measure.Split{By: in.GetGroupBy(), Kind: in.GetSubjectKind()})
			var last feed.Head
			want := fold.Want{Measures: []fold.Measure{tally.OrdersMeasure}, Days: spans(days)}
			err := s.store.folds.View(ctx, b.ID, want, func(v *fold.View[*tally.Fact]) error {
				last = v.Last
				for day := days.From; day < days.Until; day++ {
					if orders, ok := v.Slab(tally.OrdersMeasure, int32(day)).(*tally.Orders); ok {
						sum.Day(day, orders)
					}
				}
				return nil
			})
			out := &journeyv1.GetSuccessIndexResponse{AsOf: asOf(last)}
			out.Total, out.Groups = sum.Answer()
			return out, err
		})
	if err != nil {
		return nil, floor.Lost("read success index", err)
	}
	return hideSuccessIndex(see, in, out), nil
}

// GetContactRate reads how many contacts there are per receipt, and why. The
// response is shared: nobody may change it.
func (s *Server) GetContactRate(ctx context.Context, in *journeyv1.GetContactRateRequest) (*journeyv1.GetContactRateResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := checkMeasure(in.GetFilter(), in.GetUnder(), in.GetGroupBy(), in.GetSubjectKind()); err != nil {
		return nil, err
	}
	see, err := s.sight(ctx, b)
	if err != nil {
		return nil, err
	}
	if in, err = seeContactRate(ctx, see, in); err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil {
		return nil, err
	}
	days := when.days
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, days), codec[journeyv1.GetContactRateResponse](),
		func(ctx context.Context) (*journeyv1.GetContactRateResponse, error) {
			sum := measure.NewContactRate(measure.NewFilter(in.GetFilter()), measure.Split{By: in.GetGroupBy(), Kind: in.GetSubjectKind()})
			either := func(kind string) bool { return measure.IsContact(kind) || measure.IsPurchase(kind) }
			last, err := s.slabsOf(ctx, b.ID, days, either, func(found *slabs) error {
				for day := days.From; day < days.Until; day++ {
					found.on(day, measure.IsContact, func(e *tally.Events) { sum.Contacts(day, e) })
					found.on(day, measure.IsPurchase, func(e *tally.Events) { sum.Receipts(day, e) })
				}
				return nil
			})
			out := &journeyv1.GetContactRateResponse{AsOf: asOf(last)}
			out.Total, out.Groups = sum.Answer()
			return out, err
		})
	if err != nil {
		return nil, floor.Lost("read contact rate", err)
	}
	return hideContactRate(see, in, out), nil
}

// GetRetention reads which part of each month's new customers came back. It reads
// all days up to the window's end: only they tell which purchase was the first.
// The response is shared: nobody may change it.
func (s *Server) GetRetention(ctx context.Context, in *journeyv1.GetRetentionRequest) (*journeyv1.GetRetentionResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	if err := checkMeasure(in.GetFilter(), nil, 0, 0); err != nil {
		return nil, err
	}
	when, err := s.span(ctx, b, in.GetWindow())
	if err != nil || when.days.Len() == 0 {
		return &journeyv1.GetRetentionResponse{}, err
	}
	days := when.days
	read := calendar.Days{From: when.recorded.From, Until: days.Until}
	out, err := fold.Ask(ctx, s.store.folds, question(b, in, days, read), codec[journeyv1.GetRetentionResponse](),
		func(ctx context.Context) (*journeyv1.GetRetentionResponse, error) {
			out := &journeyv1.GetRetentionResponse{}
			last, err := s.slabsOf(ctx, b.ID, read, measure.IsPurchase, func(found *slabs) error {
				sum := measure.NewRetention(days, measure.NewFilter(in.GetFilter()), b.person())
				for day := read.From; day < read.Until; day++ {
					if err := ctx.Err(); err != nil {
						return err
					}
					found.on(day, measure.IsPurchase, func(e *tally.Events) { sum.Day(day, e) })
				}
				out.Cohorts = sum.Cohorts()
				return nil
			})
			out.AsOf = asOf(last)
			return out, err
		})
	return out, floor.Lost("read retention", err)
}

// person tells who stands for a customer's number now. Mappings change with facts
// that define, so that within a view it is the view's.
func (b *brand) person() measure.Person { return b.defined.Load().people.Now().Person }

// checkMeasure judges what the proto rules leave open.
func checkMeasure(filter *journeyv1.EventFilter, under *commonv1.SubjectRef, by journeyv1.MeasureGroup, kind commonv1.SubjectKind) error {
	f := fault.Invalid()
	if len(filter.GetKinds()) > 0 {
		f.Field("filter.kinds", "must be empty: the measure says which kinds count")
	}
	if under != nil && len(filter.GetSubjects()) > 0 {
		f.Field("under", "must be empty where filter.subjects are given")
	}
	bySubject := by == journeyv1.MeasureGroup_MEASURE_GROUP_SUBJECT
	if bySubject && kind == commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED {
		f.Field("subject_kind", "must be given to split by subject")
	}
	if !bySubject && kind != commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED {
		f.Field("subject_kind", "is only for a split by subject")
	}
	return f.Err()
}

// asOf is when the last fact was committed; absent before the first.
func asOf(last feed.Head) *timestamppb.Timestamp {
	if last.Seq == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(last.At))
}
