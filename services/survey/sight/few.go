package sight

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/few"
	"github.com/rapport-cx/rapport/services/survey/directory"
)

// Hidden is a score of which nothing is told.
func Hidden() *surveyv1.Score { return &surveyv1.Score{Suppressed: new(true)} }

// Hides says that scores of few persons are hidden from this caller at all.
func (s *Sight) Hides() bool { return s.few }

// Personal tells whether a scope says something of the persons that answered.
func (s *Sight) Personal(in *surveyv1.Scope) bool {
	if !s.few {
		return false
	}
	return OfPeople(in) || slices.ContainsFunc(in.GetSubjects(), employee) || len(s.facets(in)) > 0 || s.labelled(in)
}

// labelled tells whether the labels of a scope are those of an employee.
func (s *Sight) labelled(in *surveyv1.Scope) bool {
	return len(in.GetLabels()) > 0 && slices.ContainsFunc(s.book.OfKind(commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE), func(n uint32) bool {
		return s.book.HasLabels(n, in.GetLabels())
	})
}

func employee(ref *commonv1.SubjectRef) bool {
	return ref.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE
}

// facets are the personal ones of a scope.
func (s *Sight) facets(in *surveyv1.Scope) (out []string) {
	if len(in.GetFacets()) == 0 {
		return nil
	}
	personal := personalFacets(s.book)
	for name := range in.GetFacets() {
		if personal[name] {
			out = append(out, name)
		}
	}
	return out
}

// personalFacets are those that any version of any survey declares as such: what was
// asked as a person's own stays that.
func personalFacets(book *directory.Book) map[string]bool {
	out := map[string]bool{}
	for _, s := range book.Surveys() {
		for _, v := range s.Versions {
			for _, f := range v.Def.GetQuestionnaire().GetPersonalFacets() {
				out[f] = true
			}
		}
	}
	return out
}

// splits are the places of the dimensions that tell persons apart.
func (s *Sight) splits(by []*surveyv1.GroupBy) (at []int) {
	for i, d := range by {
		kind := d.GetKind()
		switch d.GetDimension() {
		case surveyv1.Dimension_DIMENSION_SUBJECT:
			if kind == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE {
				at = append(at, i)
			}
		case surveyv1.Dimension_DIMENSION_LABEL:
			if kind == commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE || kind == 0 {
				at = append(at, i)
			}
		case surveyv1.Dimension_DIMENSION_SEGMENT:
			at = append(at, i)
		case surveyv1.Dimension_DIMENSION_FACET:
			if personalFacets(s.book)[d.GetKey()] {
				at = append(at, i)
			}
		}
	}
	return at
}

// Everybody is a scope without what says something of persons: whoever knows its score
// and that of the scope knows that of all others.
func (s *Sight) Everybody(in *surveyv1.Scope) *surveyv1.Scope {
	out := proto.CloneOf(in)
	out.SegmentId, out.Customers, out.Outside = "", nil, false
	out.Subjects = slices.DeleteFunc(out.Subjects, employee)
	if len(out.Subjects) == 0 && s.bound {
		out.Subjects = s.tops
	}
	personal := s.facets(in)
	maps.DeleteFunc(out.Facets, func(name, _ string) bool { return slices.Contains(personal, name) })
	return out
}

// TellsFew says that a personal scope's score, n of all the answers of everybody, is of
// few persons, or leaves few. What an employee's customers leave is not personal: they
// are those of a store's other employees and of none.
func (s *Sight) TellsFew(in *surveyv1.Scope, n, all int64) bool {
	others := OfPeople(in) || len(s.facets(in)) > 0
	return few.Few(n) || others && few.Few(all-n)
}

// HideAll is an answer of which nothing may be told but the definition.
func HideAll(out *surveyv1.GetMetricResponse) *surveyv1.GetMetricResponse {
	return &surveyv1.GetMetricResponse{Metric: out.GetMetric(), Total: Hidden(), AsOf: out.GetAsOf(), Zone: out.GetZone()}
}

// HideFew hides the cells of an answer that few persons gave, and as many more as keep
// those from being found by subtraction. Personal: the scope says something of persons,
// so every cell does; otherwise only splits that tell persons apart are looked at.
func (s *Sight) HideFew(in *surveyv1.GetMetricRequest, out *surveyv1.GetMetricResponse, personal bool) *surveyv1.GetMetricResponse {
	if !s.few || !personal && len(s.splits(in.GetGroupBy())) == 0 {
		return out
	}
	t := newTable(out)
	segments := slices.ContainsFunc(in.GetGroupBy(), func(d *surveyv1.GroupBy) bool {
		return d.GetDimension() == surveyv1.Dimension_DIMENSION_SEGMENT
	})
	for _, c := range t.cells {
		// Those outside of a segment are a cell as well, though it is not shown.
		c.Hidden = few.Few(c.N) || segments && c.whole && few.Few(out.GetTotal().GetN()-c.N)
	}
	t.settle(len(in.GetGroupBy()), in.GetRollingDays() == 0)
	return t.shown(out)
}
