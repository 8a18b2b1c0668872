package structure

import (
	"context"
	"maps"
	"slices"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Sight is what one caller sees of a brand's structure.
type Sight struct {
	structure *Structure
	brand     string
	bound     bool
	few       bool
	seen      map[access.Ref]bool
}

// Sight is what a caller sees who is narrowed so. Without Survey nobody knows, and callers
// who see a part only see nothing.
func (s *Structure) Sight(ctx context.Context, brand string, n *access.Narrowing) (*Sight, error) {
	out := &Sight{structure: s, brand: brand, bound: n.Bound(), few: n.FewHidden}
	if out.bound && s.survey == nil {
		return nil, access.Denied()
	}
	for i, tops := range n.Tops {
		below := map[access.Ref]bool{}
		for _, top := range tops {
			found, err := s.below(ctx, brand, top)
			if err != nil {
				return nil, err
			}
			maps.Copy(below, found.below)
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

// Bound says that the caller sees a part of the structure only.
func (v *Sight) Bound() bool { return v.bound }

// FewHidden says that numbers of few are not told.
func (v *Sight) FewHidden() bool { return v.few }

// Sees tells whether a subject is of what the caller sees.
func (v *Sight) Sees(one access.Ref) bool { return !v.bound || v.seen[one] }

// Holds tells whether something that names these subjects is of what the caller sees:
// all of them are.
func (v *Sight) Holds(of []*commonv1.SubjectRef) bool {
	return !v.bound || len(of) > 0 && !slices.ContainsFunc(of, func(ref *commonv1.SubjectRef) bool { return !v.seen[refOf(ref)] })
}

// Narrow are the subjects that a question is about: those asked for, or all from one
// downwards, or, where it says neither, all that the caller sees; none: it is about
// everything. A subject that the caller does not see is denied, and one that is
// not known to who sees everything is NOT_FOUND.
func (v *Sight) Narrow(ctx context.Context, asked []*commonv1.SubjectRef, under *commonv1.SubjectRef) ([]*commonv1.SubjectRef, error) {
	for _, one := range asked {
		if !v.Sees(refOf(one)) {
			return nil, access.Denied()
		}
	}
	switch {
	case len(asked) > 0 || under == nil && !v.bound:
		return asked, nil
	case under == nil:
		return sorted(v.seen), nil
	case !v.Sees(refOf(under)):
		return nil, access.Denied()
	case v.structure.survey == nil:
		return nil, fault.Unimplemented(nil, "what stands below a subject is told by Survey, which is no part of this deployment")
	}
	below, err := v.structure.below(ctx, v.brand, refOf(under))
	switch {
	case err != nil:
		return nil, err
	case len(below.sorted) == 0:
		return nil, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", refOf(under))
	case len(below.sorted) > maxSeen:
		return nil, fault.Precondition(nil, "more than %d subjects stand below %s", maxSeen, refOf(under))
	}
	return below.sorted, nil // what a caller sees, they see downwards
}

func refOf(s *commonv1.SubjectRef) access.Ref { return access.Ref{Kind: s.GetKind(), ID: s.GetId()} }

// sorted gives one question one place in caches.
func sorted(of map[access.Ref]bool) []*commonv1.SubjectRef {
	out := make([]*commonv1.SubjectRef, 0, len(of))
	for one := range of {
		out = append(out, one.Proto())
	}
	slices.SortFunc(out, func(x, y *commonv1.SubjectRef) int {
		if x.GetKind() != y.GetKind() {
			return int(x.GetKind() - y.GetKind())
		}
		return strings.Compare(x.GetId(), y.GetId())
	})
	return out
}
