package directory

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Survey is a survey with its number and all its published versions.
type Survey struct {
	// Number within the brand.
	Number uint32
	// Def is the survey as it stands, without versions.
	Def *surveyv1.Survey
	// Versions are the published ones; Versions[i].Version is i+1.
	Versions []*Version
}

// Version is a frozen questionnaire, indexed for checking answers.
type Version struct {
	// Def is what was published.
	Def *surveyv1.SurveyVersion
	// Questions by id.
	Questions map[string]*Question
	// Facets that may be given.
	Facets map[string]bool
}

// Question is one question of a version and its place in the order of asking.
type Question struct {
	Def   *surveyv1.Question
	Order int
}

func (b *Book) putSurvey(m *surveyv1.Survey) {
	n, ok := b.bySurvey[m.GetId()]
	if !ok {
		n = uint32(len(b.surveys))
		b.bySurvey[m.GetId()] = n
		b.surveys = append(b.surveys, &Survey{Number: n})
	}
	old := b.surveys[n]
	s := &Survey{Number: n, Versions: slices.Clone(old.Versions)}
	for _, v := range m.GetVersions() {
		s.Versions = append(s.Versions, index(v))
	}
	s.Def = proto.CloneOf(m)
	s.Def.Versions = nil
	b.surveys[n] = s
}

func index(v *surveyv1.SurveyVersion) *Version {
	out := &Version{Def: v, Questions: map[string]*Question{}, Facets: map[string]bool{}}
	for i, q := range v.GetQuestionnaire().GetQuestions() {
		out.Questions[q.GetId()] = &Question{Def: q, Order: i}
	}
	for _, f := range v.GetQuestionnaire().GetFacets() {
		out.Facets[f] = true
	}
	return out
}

// Survey finds a survey by id.
func (b *Book) Survey(id string) (*Survey, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	n, ok := b.bySurvey[id]
	if !ok {
		return nil, false
	}
	return b.surveys[n], true
}

// SurveyNumber finds a survey's number.
func (b *Book) SurveyNumber(id string) (uint32, bool) {
	s, ok := b.Survey(id)
	if !ok {
		return 0, false
	}
	return s.Number, true
}

// SurveyID names the survey of a number; empty if there is none.
func (b *Book) SurveyID(n uint32) string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if int(n) >= len(b.surveys) {
		return ""
	}
	return b.surveys[n].Def.GetId()
}

// Surveys lists all surveys by id.
func (b *Book) Surveys() []*Survey {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := slices.Clone(b.surveys)
	slices.SortFunc(out, func(x, y *Survey) int { return cmp.Compare(x.Def.GetId(), y.Def.GetId()) })
	return out
}

// Version finds a version; 0 asks for the newest. Nil if there is none.
func (s *Survey) Version(n int32) *Version {
	if n == 0 {
		n = int32(len(s.Versions))
	}
	if n < 1 || int(n) > len(s.Versions) {
		return nil
	}
	return s.Versions[n-1]
}

// Revision of the survey, 0 if there is none.
func (s *Survey) Revision() int64 {
	if s == nil {
		return 0
	}
	return s.Def.GetRevision()
}
