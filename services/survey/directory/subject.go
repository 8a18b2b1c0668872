package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

type subjectKey struct {
	kind commonv1.SubjectKind
	id   string
}

func keyOf(ref *commonv1.SubjectRef) subjectKey {
	return subjectKey{kind: ref.GetKind(), id: ref.GetId()}
}

// subject is an entry with its links resolved to numbers. def is nil for a
// parent that was named before its own entry arrived.
type subject struct {
	ref   *commonv1.SubjectRef
	def   *surveyv1.Subject
	links []link
}

// link is one stretch of a subject's history: from since on it stood below parent.
type link struct {
	since  time.Time
	parent uint32
	none   bool
}

// number finds a subject's number, or gives it the next one.
func (b *Book) number(ref *commonv1.SubjectRef) uint32 {
	k := keyOf(ref)
	n, ok := b.byRef[k]
	if !ok {
		n = uint32(len(b.subjects))
		b.subjects = append(b.subjects, &subject{ref: &commonv1.SubjectRef{Kind: k.kind, Id: k.id}})
		b.byRef[k] = n
	}
	return n
}

func (b *Book) putSubject(m *surveyv1.Subject) {
	s := b.subjects[b.number(m.GetRef())]
	s.def, s.links = m, nil
	for _, p := range m.GetParents() {
		l := link{none: p.GetParent() == nil}
		if p.GetSince() != nil {
			l.since = p.GetSince().AsTime()
		}
		if !l.none {
			l.parent = b.number(p.GetParent())
		}
		s.links = append(s.links, l)
	}
}

// Subject finds the number of an entry of the directory.
func (b *Book) Subject(ref *commonv1.SubjectRef) (uint32, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	n, ok := b.byRef[keyOf(ref)]
	return n, ok && b.subjects[n].def != nil
}

// Entry reads an entry, nil if there is none.
func (b *Book) Entry(ref *commonv1.SubjectRef) *surveyv1.Subject {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if n, ok := b.byRef[keyOf(ref)]; ok {
		return b.subjects[n].def
	}
	return nil
}

// Ref names the subject of a number; an unset reference if there is no such number.
func (b *Book) Ref(n uint32) *commonv1.SubjectRef {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if int(n) >= len(b.subjects) {
		return &commonv1.SubjectRef{}
	}
	return b.subjects[n].ref
}

// Kind of the subject of a number.
func (b *Book) Kind(n uint32) commonv1.SubjectKind { return b.Ref(n).GetKind() }

// Name to show for a subject: its name, or its id where it has none.
func (b *Book) Name(n uint32) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if int(n) >= len(b.subjects) {
		return ""
	}
	s := b.subjects[n]
	return cmp.Or(s.def.GetName(), s.ref.GetId())
}

// Label reads one of a subject's labels, as they stand now.
func (b *Book) Label(n uint32, key string) (string, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if int(n) >= len(b.subjects) {
		return "", false
	}
	v, ok := b.subjects[n].def.GetLabels()[key]
	return v, ok
}

// HasLabels tells whether a subject has all the labels.
func (b *Book) HasLabels(n uint32, labels map[string]string) bool {
	for k, want := range labels {
		if v, ok := b.Label(n, k); !ok || v != want {
			return false
		}
	}
	return true
}

// Subjects counts the numbers given out: every number is below it.
func (b *Book) Subjects() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.subjects)
}

// OfKind lists the subjects of a kind, ascending by number.
func (b *Book) OfKind(kind commonv1.SubjectKind) []uint32 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []uint32
	for n, s := range b.subjects {
		if s.ref.GetKind() == kind {
			out = append(out, uint32(n))
		}
	}
	return out
}

// Find lists entries by kind and id that pass the filter, from the one behind
// `after` on (nil: from the first), at most limit.
func (b *Book) Find(kind commonv1.SubjectKind, query string, after *commonv1.SubjectRef, limit int, keep func(n uint32) bool) []*surveyv1.Subject {
	b.mu.RLock()
	var found []uint32
	query = strings.ToLower(query)
	for n, s := range b.subjects {
		if s.def == nil || kind != 0 && s.ref.GetKind() != kind {
			continue
		}
		if after != nil && compareRefs(s.ref, after) <= 0 {
			continue
		}
		if query == "" || strings.Contains(strings.ToLower(s.def.GetName()), query) || strings.Contains(strings.ToLower(s.ref.GetId()), query) {
			found = append(found, uint32(n))
		}
	}
	slices.SortFunc(found, func(x, y uint32) int { return compareRefs(b.subjects[x].ref, b.subjects[y].ref) })
	b.mu.RUnlock()

	var out []*surveyv1.Subject
	for _, n := range found {
		if !keep(n) {
			continue
		}
		b.mu.RLock()
		out = append(out, b.subjects[n].def)
		b.mu.RUnlock()
		if len(out) == limit {
			break
		}
	}
	return out
}

func compareRefs(x, y *commonv1.SubjectRef) int {
	return cmp.Or(cmp.Compare(x.GetKind(), y.GetKind()), cmp.Compare(x.GetId(), y.GetId()))
}
