package query

import (
	"maps"
	"slices"
	"strconv"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// everything is the mask that lets all channels or modes pass.
const everything = ^uint32(0)

// scope says whose answers count, in the numbers that slabs hold.
type scope struct {
	subjects        []uint32 // ascending, distinct; empty: all
	channels, modes uint32   // bit n lets number n pass
	surveys         []uint32
	facets          []tally.Facet
	labels          map[string]string
	current         bool
	whose           *whose // nil: whoever answered
}

// scope resolves a scope. What it names must exist: a misspelt store has no
// answers, and "no answers" would be a wrong answer.
func (a asker) scope(path string, s *surveyv1.Scope) (scope, error) {
	out := scope{
		labels:  s.GetLabels(),
		current: s.GetStructure() == surveyv1.Structure_STRUCTURE_CURRENT,
	}
	var err error
	if out.subjects, err = a.subjects(s.GetSubjects()); err != nil {
		return out, err
	}
	out.whose = a.whose(path, s)
	out.channels = mask(s.GetChannels())
	out.modes = mask(s.GetModes())
	for i, id := range s.GetSurveyIds() {
		n, ok := a.b.Book().SurveyNumber(id)
		if !ok {
			return out, fault.NotFound(commonv1.Reason_REASON_SURVEY_UNKNOWN, "survey %q", id).
				With("field", path+".survey_ids["+strconv.Itoa(i)+"]")
		}
		out.surveys = append(out.surveys, n)
	}
	for _, name := range slices.Sorted(maps.Keys(s.GetFacets())) {
		out.facets = append(out.facets, tally.Facet{Name: name, Value: s.GetFacets()[name]})
	}
	return out, nil
}

func (a asker) subjects(refs []*commonv1.SubjectRef) ([]uint32, error) {
	var out []uint32
	for _, ref := range refs {
		n, err := a.subject(ref)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a asker) subject(ref *commonv1.SubjectRef) (uint32, error) {
	n, ok := a.b.Book().Subject(ref)
	if !ok {
		return 0, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", subjectKey(ref))
	}
	return n, nil
}

// mask has the bits of the enum values given; all of them if none is.
func mask[E ~int32](values []E) uint32 {
	if len(values) == 0 {
		return everything
	}
	m := uint32(0)
	for _, v := range values {
		m |= 1 << uint32(v) // a number beyond the enum shifts out: nothing has it
	}
	return m
}

// passes tells whether number n passes the mask.
func passes(mask uint32, n uint8) bool { return mask == everything || n < 32 && mask>>n&1 != 0 }

// plain says that histograms tell enough of everything but the subjects.
func (s *scope) plain() bool {
	return s.modes == everything && len(s.surveys) == 0 && len(s.facets) == 0 && !s.current && s.whose == nil
}

// holdsFacets tells whether a response's facets are those asked for. Facets of
// both sides ascend by name; an empty value is the same as none.
func (s *scope) holdsFacets(facets []tally.Facet) bool {
	for _, want := range s.facets {
		if facetOf(facets, want.Name) != want.Value {
			return false
		}
	}
	return true
}

func facetOf(facets []tally.Facet, name string) string {
	for _, f := range facets {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// labelled lists the subjects that have all the labels today, ascending.
func (b *Brand) labelled(labels map[string]string) []uint32 {
	var out []uint32
	for n := range uint32(b.Book().Subjects()) {
		if b.Book().HasLabels(n, labels) {
			out = append(out, n)
		}
	}
	return out
}
