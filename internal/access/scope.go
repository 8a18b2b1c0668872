package access

import (
	"context"
	"fmt"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// Ref is a subject as access.yaml, claims and handlers name it: STORE/17.
type Ref struct {
	Kind commonv1.SubjectKind
	ID   string
}

// ParseRef reads STORE/17.
func ParseRef(text string) (Ref, error) {
	kind, id, ok := strings.Cut(text, "/")
	n := commonv1.SubjectKind_value["SUBJECT_KIND_"+kind]
	if !ok || n == 0 || id == "" {
		return Ref{}, fmt.Errorf("%q is not a subject such as STORE/17", text)
	}
	return Ref{commonv1.SubjectKind(n), id}, nil
}

func parseRefs(texts []string) ([]Ref, error) {
	out := make([]Ref, 0, len(texts))
	for _, text := range texts {
		r, err := ParseRef(text)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Proto is the subject as messages name it.
func (r Ref) Proto() *commonv1.SubjectRef { return &commonv1.SubjectRef{Kind: r.Kind, Id: r.ID} }

// String is the subject as access.yaml names it.
func (r Ref) String() string {
	return strings.TrimPrefix(r.Kind.String(), "SUBJECT_KIND_") + "/" + r.ID
}

// Narrowing is what a handler must lay over a question.
type Narrowing struct {
	// Tops are lists of subjects: what is seen stands, for each of the lists, in or
	// below one of it. None: the whole brand.
	Tops [][]Ref
	// Finest is the shortest stretch of time that may be told of; unspecified: any.
	Finest commonv1.Grain
	// FewHidden says that scores of few persons are not told.
	FewHidden bool
}

// Bound says that the caller sees a part of the structure only.
func (n *Narrowing) Bound() bool { return len(n.Tops) > 0 }

var unbound = &Narrowing{}

// Narrowed is what to lay over the call that is being handled. Admit and Check have
// allowed it by then.
func (g *Guard) Narrowed(ctx context.Context) *Narrowing {
	c := callerOf(ctx)
	if g.open || c.who != nil && c.who.Service {
		return unbound
	}
	if c.who == nil || c.who.grant == nil || c.rule == nil {
		return &Narrowing{Tops: [][]Ref{nil}}
	}
	return c.who.grant.narrowing(c.rule.Section)
}

func (g *grant) narrowing(s Section) *Narrowing {
	out := &Narrowing{FewHidden: true}
	for _, p := range g.parts {
		if p.binds(s) {
			out.Tops = append(out.Tops, p.tops)
		}
		out.Finest = max(out.Finest, p.role.finest)
	}
	return out
}
