package journey

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/journey/analysis"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// filterOf is what an event filter asks for; the rules of its fields have been checked.
func filterOf(f *journeyv1.EventFilter) analysis.Filter {
	out := analysis.Filter{Kinds: f.GetKinds(), Channels: f.GetChannels()}
	for _, s := range f.GetSubjects() {
		out.Subjects = append(out.Subjects, record.Subject{Kind: s.GetKind(), ID: s.GetId()})
	}
	return out
}

// funnelOf is the funnel that is asked for; what is wrong with it goes to bad.
func funnelOf(in *journeyv1.GetFunnelRequest, zone *calendar.Zone, bad *fault.Fields) analysis.Funnel {
	var out analysis.Funnel
	for i, step := range in.GetSteps() {
		one := analysis.Step{Filter: filterOf(step.GetFilter()), Within: -1}
		if step.Within != nil {
			within, path := step.GetWithin().AsDuration(), fmt.Sprintf("steps[%d].within", i)
			one.Within = within.Microseconds()
			switch {
			case i == 0:
				bad.Field(path, "the first step comes after nothing")
			case within < 0:
				bad.Field(path, "must not be negative")
			case within%time.Microsecond != 0:
				bad.Field(path, "must be whole microseconds")
			}
		}
		out.Steps = append(out.Steps, one)
	}
	subject := in.GetGroupBy() == journeyv1.FunnelGroup_FUNNEL_GROUP_SUBJECT
	if subject != (in.GetSubjectKind() != 0) {
		bad.Field("subject_kind", "goes with FUNNEL_GROUP_SUBJECT, and only with it")
	}
	switch in.GetGroupBy() {
	case journeyv1.FunnelGroup_FUNNEL_GROUP_CHANNEL:
		out.Group.Channel = true
	case journeyv1.FunnelGroup_FUNNEL_GROUP_SUBJECT:
		out.Group.Subject = in.GetSubjectKind()
	case journeyv1.FunnelGroup_FUNNEL_GROUP_MONTH:
		out.Group.Month = zone
	}
	return out
}

// funnelProto is one funnel as it is answered.
func funnelProto(r *analysis.Reached) *journeyv1.Funnel {
	if r == nil {
		return nil
	}
	out := &journeyv1.Funnel{Key: r.Key, Steps: make([]*journeyv1.FunnelStepResult, len(r.Steps))}
	for i, step := range r.Steps {
		one := &journeyv1.FunnelStepResult{
			Units: step.Units, OfFirst: share(step.Units, r.Steps[0].Units), SincePrevious: percentiles(step.SincePrevious),
		}
		if i > 0 {
			one.OfPrevious = share(step.Units, r.Steps[i-1].Units)
		}
		out.Steps[i] = one
	}
	return out
}

// share is a part of all; there is none of nothing.
func share(part, all int64) *float64 {
	if all == 0 {
		return nil
	}
	v := float64(part) / float64(all)
	return &v
}

func percentiles(s *analysis.Spread) *journeyv1.Percentiles {
	if s == nil {
		return nil
	}
	return &journeyv1.Percentiles{
		N: s.N, Median: durationpb.New(s.Median), P50: durationpb.New(s.P50),
		P90: durationpb.New(s.P90), P99: durationpb.New(s.P99),
	}
}

// durationsOf is the durations that are asked for, of stages that begin on days.
func durationsOf(in *journeyv1.GetStageDurationsRequest, zone *calendar.Zone, days calendar.Days) analysis.Durations {
	out := analysis.Durations{
		Begin: zone.StartOf(days.From).UnixMicro(), End: zone.StartOf(days.Until).UnixMicro(), Forward: in.GetForwardOnly(),
	}
	if in.Having != nil {
		having := filterOf(in.GetHaving())
		out.Having = &having
	}
	for _, s := range in.GetStages() {
		out.Stages = append(out.Stages, analysis.Stage{From: filterOf(s.GetFrom()), To: filterOf(s.GetTo())})
	}
	return out
}

// asOfMicros is the time of the last fact included; there is none before the first.
func asOfMicros(micros int64) *timestamppb.Timestamp {
	if micros == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMicro(micros))
}
