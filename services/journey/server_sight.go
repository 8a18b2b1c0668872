package journey

import (
	"context"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/internal/structure"
)

// sight is what a caller sees of the structure, which Survey keeps: Journey knows subjects
// only by what events name.
func (s *Server) sight(ctx context.Context, b *brand) (*structure.Sight, error) {
	return s.structure.Sight(ctx, b.ID, s.guard.Narrowed(ctx))
}

// filter narrows whose events count. Requests are shared: it copies.
func filter(ctx context.Context, v *structure.Sight, in *journeyv1.EventFilter, under *commonv1.SubjectRef) (*journeyv1.EventFilter, error) {
	subjects, err := v.Narrow(ctx, in.GetSubjects(), under)
	if err != nil || len(subjects) == len(in.GetSubjects()) {
		return in, err
	}
	return &journeyv1.EventFilter{Kinds: in.GetKinds(), Channels: in.GetChannels(), Subjects: subjects}, nil
}

// shown leaves the groups that the caller sees. Of employees those with few are left
// out, and where that is one alone, which the others would tell, the next is too.
func shown[G any](v *structure.Sight, kind commonv1.SubjectKind, groups []G, key func(G) string, n func(G) int64) []G {
	if kind == 0 || !v.Bound() && !v.FewHidden() {
		return groups
	}
	out := slices.DeleteFunc(slices.Clone(groups), func(g G) bool { return !v.Sees(access.Ref{Kind: kind, ID: key(g)}) })
	if !v.FewHidden() || kind != commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
		return out
	}
	cells := make([]*few.Cell, len(out))
	for i, g := range out {
		cells[i] = &few.Cell{N: n(g)}
	}
	few.Hide(cells...)
	few.HideMore(cells)
	kept := out[:0]
	for i, g := range out {
		if !cells[i].Hidden && cells[i].N > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// cadence refuses windows that end where no week or month does, if the caller may not
// know of less. Journey tells of nothing shorter than a day.
func (s *Server) cadence(ctx context.Context, w *journeyv1.Window) error {
	switch w := w.GetWindow().(type) {
	case *journeyv1.Window_Dates:
		return s.guard.Cadence(ctx).Dates(w.Dates)
	case *journeyv1.Window_LastDays:
		return s.guard.Cadence(ctx).Rolling()
	}
	return nil
}

func seeSuccessIndex(ctx context.Context, v *structure.Sight, in *journeyv1.GetSuccessIndexRequest) (*journeyv1.GetSuccessIndexRequest, error) {
	filter, err := filter(ctx, v, in.GetFilter(), in.GetUnder())
	if err != nil || filter == in.GetFilter() {
		return in, err
	}
	return &journeyv1.GetSuccessIndexRequest{
		Brand: in.GetBrand(), Window: in.GetWindow(), Filter: filter, GroupBy: in.GetGroupBy(), SubjectKind: in.GetSubjectKind(),
	}, nil
}

// hideSuccessIndex copies, for answers are shared.
func hideSuccessIndex(v *structure.Sight, in *journeyv1.GetSuccessIndexRequest, out *journeyv1.GetSuccessIndexResponse) *journeyv1.GetSuccessIndexResponse {
	if in.GetSubjectKind() == 0 || !v.Bound() && !v.FewHidden() {
		return out
	}
	groups := shown(v, in.GetSubjectKind(), out.GetGroups(), (*journeyv1.SuccessIndex).GetKey, (*journeyv1.SuccessIndex).GetOrders)
	return &journeyv1.GetSuccessIndexResponse{Total: out.GetTotal(), Groups: groups, AsOf: out.GetAsOf()}
}

func seeContactRate(ctx context.Context, v *structure.Sight, in *journeyv1.GetContactRateRequest) (*journeyv1.GetContactRateRequest, error) {
	filter, err := filter(ctx, v, in.GetFilter(), in.GetUnder())
	if err != nil || filter == in.GetFilter() {
		return in, err
	}
	return &journeyv1.GetContactRateRequest{
		Brand: in.GetBrand(), Window: in.GetWindow(), Filter: filter, GroupBy: in.GetGroupBy(), SubjectKind: in.GetSubjectKind(),
	}, nil
}

// hideContactRate copies, for answers are shared.
func hideContactRate(v *structure.Sight, in *journeyv1.GetContactRateRequest, out *journeyv1.GetContactRateResponse) *journeyv1.GetContactRateResponse {
	if in.GetSubjectKind() == 0 || !v.Bound() && !v.FewHidden() {
		return out
	}
	groups := shown(v, in.GetSubjectKind(), out.GetGroups(), (*journeyv1.ContactRate).GetKey, (*journeyv1.ContactRate).GetReceipts)
	return &journeyv1.GetContactRateResponse{Total: out.GetTotal(), Groups: groups, AsOf: out.GetAsOf()}
}
