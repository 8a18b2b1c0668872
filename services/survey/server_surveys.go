package survey

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// edit changes one survey: decide returns its next state, or nil if it is in it
// already. The survey it gets is nil if there is none.
func (s *Server) edit(ctx context.Context, b *brand, id string, decide func(old *directory.Survey, now time.Time) (*surveyv1.Survey, error)) (*surveyv1.Survey, error) {
	err := s.store.change(ctx, b.ID, func(_ feed.Reader, now time.Time) ([]feed.Fact, error) {
		old, _ := b.book.Load().Survey(id)
		next, err := decide(old, now)
		if err != nil || next == nil {
			return nil, err
		}
		next.Revision = old.Revision() + 1
		f, err := definition(record.Survey, next)
		return []feed.Fact{f}, err
	})
	if err != nil {
		return nil, err
	}
	now, ok := b.book.Load().Survey(id)
	if !ok {
		return nil, unknownSurvey(id)
	}
	return now.Def, nil
}

func unknownSurvey(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_SURVEY_UNKNOWN, "survey %q", id)
}

// CreateSurvey makes a draft.
func (s *Server) CreateSurvey(ctx context.Context, in *surveyv1.CreateSurveyRequest) (*surveyv1.CreateSurveyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	if err := directory.CheckQuestionnaire(in.GetSurvey().GetDraft()); err != nil {
		return nil, err
	}
	out, err := s.edit(ctx, b, in.GetSurvey().GetId(), func(old *directory.Survey, _ time.Time) (*surveyv1.Survey, error) {
		if old == nil {
			return content(in.GetSurvey(), &surveyv1.Survey{State: surveyv1.SurveyState_SURVEY_STATE_DRAFT}), nil
		}
		if f := differs(old.Def, in.GetSurvey()); f != "" {
			return nil, fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "survey %q has another %s", old.Def.GetId(), f).With("field", "survey."+f)
		}
		return nil, nil
	})
	return &surveyv1.CreateSurveyResponse{Survey: out}, err
}

// content puts what a caller may set of a survey over its state.
func content(in, state *surveyv1.Survey) *surveyv1.Survey {
	out := proto.CloneOf(state)
	out.Id, out.Kind = in.GetId(), in.GetKind()
	out.Title, out.Draft = proto.CloneOf(in.GetTitle()), proto.CloneOf(in.GetDraft())
	return out
}

// differs names the part in which two surveys' contents differ.
func differs(a, b *surveyv1.Survey) string {
	switch {
	case a.GetKind() != b.GetKind():
		return "kind"
	case !proto.Equal(a.GetTitle(), b.GetTitle()):
		return "title"
	case !proto.Equal(a.GetDraft(), b.GetDraft()):
		return "draft"
	}
	return ""
}

// UpdateSurvey replaces title and draft.
func (s *Server) UpdateSurvey(ctx context.Context, in *surveyv1.UpdateSurveyRequest) (*surveyv1.UpdateSurveyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	if err := directory.CheckQuestionnaire(in.GetSurvey().GetDraft()); err != nil {
		return nil, err
	}
	out, err := s.edit(ctx, b, in.GetSurvey().GetId(), func(old *directory.Survey, _ time.Time) (*surveyv1.Survey, error) {
		switch {
		case old == nil:
			return nil, unknownSurvey(in.GetSurvey().GetId())
		case differs(old.Def, in.GetSurvey()) == "":
			return nil, nil
		case in.GetSurvey().GetRevision() != 0 && in.GetSurvey().GetRevision() != old.Revision():
			return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "survey %q is at revision %d", old.Def.GetId(), old.Revision())
		case old.Def.GetPublishedVersion() > 0 && old.Def.GetKind() != in.GetSurvey().GetKind():
			return nil, fault.Invalid().Field("survey.kind", "cannot change once published").Err()
		}
		return content(in.GetSurvey(), old.Def), nil
	})
	return &surveyv1.UpdateSurveyResponse{Survey: out}, err
}

// PublishSurvey freezes the draft as the next version.
func (s *Server) PublishSurvey(ctx context.Context, in *surveyv1.PublishSurveyRequest) (*surveyv1.PublishSurveyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	out, err := s.edit(ctx, b, in.GetSurveyId(), func(old *directory.Survey, now time.Time) (*surveyv1.Survey, error) {
		if old == nil {
			return nil, unknownSurvey(in.GetSurveyId())
		}
		if err := b.book.Load().CheckPublish(old); err != nil {
			return nil, err
		}
		open := old.Def.GetState() == surveyv1.SurveyState_SURVEY_STATE_PUBLISHED
		same := len(old.Versions) > 0 && proto.Equal(old.Version(0).Def.GetQuestionnaire(), old.Def.GetDraft())
		if open && same {
			return nil, nil
		}
		next := proto.CloneOf(old.Def)
		next.State, next.ClosedAt = surveyv1.SurveyState_SURVEY_STATE_PUBLISHED, nil
		if !same {
			next.PublishedVersion = int32(len(old.Versions)) + 1
			next.Versions = []*surveyv1.SurveyVersion{{
				Version: next.GetPublishedVersion(), PublishedAt: timestamppb.New(now), Questionnaire: next.GetDraft(),
			}}
		}
		return next, nil
	})
	return &surveyv1.PublishSurveyResponse{Survey: out}, err
}

// CloseSurvey ends a survey.
func (s *Server) CloseSurvey(ctx context.Context, in *surveyv1.CloseSurveyRequest) (*surveyv1.CloseSurveyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	out, err := s.edit(ctx, b, in.GetSurveyId(), func(old *directory.Survey, now time.Time) (*surveyv1.Survey, error) {
		switch {
		case old == nil:
			return nil, unknownSurvey(in.GetSurveyId())
		case old.Def.GetState() == surveyv1.SurveyState_SURVEY_STATE_CLOSED:
			return nil, nil
		case len(old.Versions) == 0:
			return nil, fault.Precondition(commonv1.Reason_REASON_SURVEY_NOT_OPEN, "survey %q was never published", in.GetSurveyId())
		}
		next := proto.CloneOf(old.Def)
		next.State, next.ClosedAt = surveyv1.SurveyState_SURVEY_STATE_CLOSED, timestamppb.New(now)
		return next, nil
	})
	return &surveyv1.CloseSurveyResponse{Survey: out}, err
}

// GetSurvey reads a survey with all its versions.
func (s *Server) GetSurvey(ctx context.Context, in *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	found, ok := b.book.Load().Survey(in.GetSurveyId())
	if !ok {
		return nil, unknownSurvey(in.GetSurveyId())
	}
	out := proto.CloneOf(found.Def)
	for _, v := range found.Versions {
		out.Versions = append(out.Versions, v.Def)
	}
	return &surveyv1.GetSurveyResponse{Survey: out}, nil
}

// ListSurveys pages through the surveys.
func (s *Server) ListSurveys(ctx context.Context, in *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	var after string
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := pageSize(in.GetPageSize(), 100)
	out := &surveyv1.ListSurveysResponse{}
	for _, one := range b.book.Load().Surveys() {
		if one.Def.GetId() <= after {
			continue
		}
		if len(out.GetSurveys()) == size {
			out.NextPageToken, err = s.token(in, out.GetSurveys()[size-1].GetId())
			break
		}
		out.Surveys = append(out.Surveys, one.Def)
	}
	return out, err
}
