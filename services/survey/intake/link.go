package intake

import (
	"fmt"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Bounds of a link's times.
const (
	aroundAsking = 30 * 24 * time.Hour
	longestLink  = 5 * 366 * 24 * time.Hour
)

// Link judges a link as the response that it is to bring, but for the answers, and
// returns what it counts for. Paths of fields start at "link".
func (r Rules) Link(in *surveyv1.SurveyLink, now time.Time) (*tally.Tally, error) {
	f := fault.Invalid()
	checkLink(f, in, now)
	if err := f.Err(); err != nil {
		return nil, err
	}
	of := Answering(in)
	survey, version, err := r.version(of, now)
	if err != nil {
		return nil, err
	}
	t := &tally.Tally{Sign: 1, Survey: survey.Number, Channel: uint8(in.GetChannel()), Mode: uint8(in.GetMode()), Customer: in.GetCustomer().GetId()}
	// Written later than it is answered, at the earliest now.
	checkTimes(f, &surveyv1.Response{ExperiencedAt: of.GetExperiencedAt()}, now)
	facets(f, of, version, t)
	if err := f.Err(); err != nil {
		return nil, ofLink(err)
	}
	if err := r.subjects(of, now, t); err != nil {
		return nil, ofLink(err)
	}
	return t, nil
}

func checkLink(f *fault.Fields, in *surveyv1.SurveyLink, now time.Time) {
	if in.GetId() != "" || in.GetToken() != "" || in.GetPath() != "" || in.GetState() != 0 || in.GetCreatedAt() != nil || in.GetEndedAt() != nil {
		f.Field("link", "id, token, path, state, created_at and ended_at are filled in by the server")
	}
	switch {
	case in.GetOpen() && in.GetCustomer() != nil:
		f.Field("link.customer", "an open link is for nobody in particular")
	case !in.GetOpen() && in.GetCustomer().GetId() <= 0 && in.GetCustomer().GetIdentity() == nil:
		f.Field("link.customer", "is required unless the link is open")
	}
	asked := now
	if at := in.GetAskedAt(); at != nil {
		asked = at.AsTime()
		if d := asked.Sub(now).Abs(); !at.IsValid() || d > aroundAsking {
			f.Field("link.asked_at", "is more than 30 days away")
		}
	}
	if at := in.GetExpiresAt(); at != nil && (!at.IsValid() || !at.AsTime().After(now) || !at.AsTime().After(asked) || at.AsTime().After(now.Add(longestLink))) {
		f.Field("link.expires_at", "must be after it is sent and at most 5 years ahead")
	}
}

// Answering is the response that a link brings, without its answers.
func Answering(in *surveyv1.SurveyLink) *surveyv1.Response {
	out := &surveyv1.Response{
		SurveyId: in.GetSurveyId(), SurveyVersion: in.GetSurveyVersion(), Subjects: in.GetSubjects(), Customer: in.GetCustomer(),
		Channel: in.GetChannel(), Mode: in.GetMode(), OrderId: in.GetOrderId(), ExperiencedAt: in.GetExperiencedAt(),
		Facets: in.GetFacets(), Locale: in.GetLocale(),
	}
	if !in.GetOpen() {
		out.AskedAt = in.GetAskedAt() // by a code at a place nobody is asked
	}
	return out
}

// ofLink lets paths of fields begin where the caller has them.
func ofLink(err error) error {
	e := fault.From(err)
	for i := range e.Fields {
		if rest, ok := strings.CutPrefix(e.Fields[i].Path, "response."); ok {
			e.Fields[i].Path = "link." + rest
		}
	}
	return e
}

// Partly judges answers of a questionnaire that may not be finished: each must fit its
// question, and none is missed. Paths of fields start at "answers".
func (r Rules) Partly(v *directory.Version, answers []*surveyv1.Answer) error {
	f, seen := fault.Invalid(), map[string]bool{}
	for i, a := range answers {
		path := fmt.Sprintf("answers[%d]", i)
		q := v.Questions[a.GetQuestionId()]
		switch {
		case q == nil:
			f.Field(path+".question_id", "version %d of the survey has no question %q", v.Def.GetVersion(), a.GetQuestionId())
		case seen[a.GetQuestionId()]:
			f.Field(path+".question_id", "question %q is answered twice", a.GetQuestionId())
		case directory.Answered(a):
			r.answer(f, path, q.Def, a)
		}
		seen[a.GetQuestionId()] = true
	}
	return f.Err()
}

// Version finds the version that a link asks: the one given or, for 0, the newest.
func (r Rules) Version(surveyID string, version int32) (*directory.Survey, *directory.Version, error) {
	s, ok := r.Book.Survey(surveyID)
	if !ok || s.Version(version) == nil {
		return nil, nil, fault.NotFound(commonv1.Reason_REASON_SURVEY_UNKNOWN, "survey %q has no version %d", surveyID, version)
	}
	return s, s.Version(version), nil
}
