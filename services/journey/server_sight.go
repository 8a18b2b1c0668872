package journey

import (
	"context"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/few"
)

// sight is what one caller sees of the structure, which Survey keeps: Journey knows
// subjects only by what events name.
type sight struct {
	bound bool
	few   bool // groups of few persons are hidden
	seen  map[access.Ref]bool
}

// sight asks Survey what stands below the caller's subjects. Without Survey nobody
// knows, and callers who see a part only see nothing.
func (s *Server) sight(ctx context.Context, b *brand) (*sight, error) {
	n := s.guard.Narrowed(ctx)
	out := &sight{bound: n.Bound(), few: n.FewHidden}
	for i, tops := range n.Tops {
		below := map[access.Ref]bool{}
		for _, top := range tops {
			found, err := s.structure.below(ctx, s.near.Survey, b.ID, top, s.clock())
			if err != nil {
				return nil, err
			}
			maps.Copy(below, found)
		}
		if i == 0 {
			out.seen = below
		}
		for one := range out.seen {
			if !below[one] {
				delete(out.seen, one)
			}
		}
	}
	if out.bound && (len(out.seen) == 0 || len(out.seen) > maxSeen) {
		return nil, access.Denied()
	}
	return out, nil
}

// holds tells whether something that names these subjects is of what the caller sees:
// all of them are.
func (v *sight) holds(of []*commonv1.SubjectRef) bool {
	return !v.bound || len(of) > 0 && !slices.ContainsFunc(of, func(ref *commonv1.SubjectRef) bool {
		return !v.seen[access.Ref{Kind: ref.GetKind(), ID: ref.GetId()}]
	})
}

// filter narrows whose events count. Requests are shared: it copies.
func (v *sight) filter(in *journeyv1.EventFilter) (*journeyv1.EventFilter, error) {
	if !v.bound {
		return in, nil
	}
	out := proto.CloneOf(in)
	if out == nil {
		out = &journeyv1.EventFilter{}
	}
	for _, one := range out.GetSubjects() {
		if !v.seen[access.Ref{Kind: one.GetKind(), ID: one.GetId()}] {
			return nil, access.Denied()
		}
	}
	if len(out.GetSubjects()) == 0 {
		for one := range v.seen {
			out.Subjects = append(out.Subjects, one.Proto())
		}
		// One question, one place in the cache.
		slices.SortFunc(out.Subjects, func(x, y *commonv1.SubjectRef) int {
			if x.GetKind() != y.GetKind() {
				return int(x.GetKind() - y.GetKind())
			}
			return strings.Compare(x.GetId(), y.GetId())
		})
	}
	return out, nil
}

// shown leaves the groups that the caller sees. Of employees those with few are left
// out, and where that is one alone, which the others would tell, the next is too.
func shown[G any](v *sight, kind commonv1.SubjectKind, groups []G, key func(G) string, n func(G) int64) []G {
	if kind == 0 || !v.bound && !v.few {
		return groups
	}
	out := slices.Clone(groups)
	if v.bound {
		out = slices.DeleteFunc(out, func(g G) bool { return !v.seen[access.Ref{Kind: kind, ID: key(g)}] })
	}
	if !v.few || kind != commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
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

func seeSuccessIndex(v *sight, in *journeyv1.GetSuccessIndexRequest) (*journeyv1.GetSuccessIndexRequest, error) {
	filter, err := v.filter(in.GetFilter())
	if err != nil || !v.bound {
		return in, err
	}
	return &journeyv1.GetSuccessIndexRequest{
		Brand: in.GetBrand(), Window: in.GetWindow(), Filter: filter, GroupBy: in.GetGroupBy(), SubjectKind: in.GetSubjectKind(),
	}, nil
}

// hideSuccessIndex copies, for answers are shared.
func hideSuccessIndex(v *sight, in *journeyv1.GetSuccessIndexRequest, out *journeyv1.GetSuccessIndexResponse) *journeyv1.GetSuccessIndexResponse {
	if in.GetSubjectKind() == 0 || !v.bound && !v.few {
		return out
	}
	groups := shown(v, in.GetSubjectKind(), out.GetGroups(), (*journeyv1.SuccessIndex).GetKey, (*journeyv1.SuccessIndex).GetOrders)
	return &journeyv1.GetSuccessIndexResponse{Total: out.GetTotal(), Groups: groups, AsOf: out.GetAsOf()}
}

func seeContactRate(v *sight, in *journeyv1.GetContactRateRequest) (*journeyv1.GetContactRateRequest, error) {
	filter, err := v.filter(in.GetFilter())
	if err != nil || !v.bound {
		return in, err
	}
	return &journeyv1.GetContactRateRequest{
		Brand: in.GetBrand(), Window: in.GetWindow(), Filter: filter, GroupBy: in.GetGroupBy(), SubjectKind: in.GetSubjectKind(),
	}, nil
}

// hideContactRate copies, for answers are shared.
func hideContactRate(v *sight, in *journeyv1.GetContactRateRequest, out *journeyv1.GetContactRateResponse) *journeyv1.GetContactRateResponse {
	if in.GetSubjectKind() == 0 || !v.bound && !v.few {
		return out
	}
	groups := shown(v, in.GetSubjectKind(), out.GetGroups(), (*journeyv1.ContactRate).GetKey, (*journeyv1.ContactRate).GetReceipts)
	return &journeyv1.GetContactRateResponse{Total: out.GetTotal(), Groups: groups, AsOf: out.GetAsOf()}
}
