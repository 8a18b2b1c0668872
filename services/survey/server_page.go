package survey

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/cases"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/link"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// opened is a link that somebody stands at with its token.
type opened struct {
	*link.Known
	b     *brand
	made  *feed.Fact
	visit string
	state surveyv1.SurveyLinkState
	since time.Time
}

// open reads a token. One that is not ours is refused before anything is looked up.
func (s *Server) open(ctx context.Context, brand, token, visit string) (*opened, error) {
	b, err := s.enter(ctx, brand, "", access.Submit)
	if err != nil {
		return nil, err
	}
	number, ok := s.links.Read(b.ID, token)
	if !ok {
		return nil, unknownLink()
	}
	at := &opened{b: b, visit: visit}
	if at.made, err = s.linkOf(ctx, b, record.ID(number)); err != nil {
		return nil, err
	}
	if at.made.Kind == record.Link {
		at.visit = ""
	}
	if s.store.folds.Applied(b.ID).Seq < at.made.Seq {
		// Another replica made it, of a survey that this one may not have read yet.
		if err := s.store.folds.Sync(ctx, b.ID); err != nil {
			return nil, floor.Unavailable("read definitions", err)
		}
	}
	if at.Known, err = s.known(ctx, b, at.made, at.visit); err != nil {
		return nil, err
	}
	at.state, at.since = at.State(s.clock())
	return at, nil
}

// usable refuses a link that takes no answers.
func (at *opened) usable() error {
	if at.state == surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE {
		return nil
	}
	return fault.Precondition(commonv1.Reason_REASON_LINK_ENDED, "the link takes no answers").With("state", at.state.String())
}

// OpenSurveyLink reads what a token leads to.
func (s *Server) OpenSurveyLink(ctx context.Context, in *surveyv1.OpenSurveyLinkRequest) (*surveyv1.OpenSurveyLinkResponse, error) {
	at, err := s.open(ctx, in.GetBrand(), in.GetToken(), in.GetVisit())
	if err != nil {
		return nil, err
	}
	out := &surveyv1.OpenSurveyLinkResponse{State: at.state, Open: at.Link.GetOpen(), Locale: at.Link.GetLocale(), ExpiresAt: at.Link.GetExpiresAt()}
	if found, ok := at.b.book.Load().Survey(at.Link.GetSurveyId()); ok {
		out.Title = found.Def.GetTitle()
	}
	if at.state != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE {
		if !at.since.IsZero() {
			out.EndedAt = timestamppb.New(at.since)
		}
		out.FollowUp, err = s.followUp(at)
		return out, err
	}
	fresh := at.visit == ""
	if at.Link.GetOpen() && fresh {
		at.visit = rand.Text() // 26 letters
	}
	if fresh && !in.GetPeek() {
		if err := s.step(ctx, at, link.Opened); err != nil {
			return nil, err
		}
	}
	out.Visit = at.visit
	return out, s.fill(ctx, at, out)
}

// fill writes the questionnaire and what was answered of it so far.
func (s *Server) fill(ctx context.Context, at *opened, out *surveyv1.OpenSurveyLinkResponse) error {
	draft, err := link.Load(ctx, s.store.db, at.b.ID, at.made.Seq, at.visit)
	if err != nil {
		return floor.Lost("read draft", err)
	}
	version := draft.GetSurveyVersion()
	if version == 0 {
		version = at.Link.GetSurveyVersion()
	}
	_, v, err := s.rules(at.b).Version(at.Link.GetSurveyId(), version)
	if err != nil {
		return err
	}
	out.SurveyVersion, out.Answers = v.Def.GetVersion(), draft.GetAnswers()
	out.Shown = link.Shown(v.Def.GetQuestionnaire(), draft.GetAnswers())
	for _, q := range v.Def.GetQuestionnaire().GetQuestions() {
		one := &surveyv1.PageQuestion{Question: proto.CloneOf(q), ScaleMin: q.GetScaleMin(), ScaleMax: q.GetScaleMax()}
		one.Question.Metric = ""
		if m, ok := at.b.book.Load().Metric(q.GetMetric()); ok {
			one.ScaleMin, one.ScaleMax = m.Def.GetScaleMin(), m.Def.GetScaleMax()
		} else if q.GetKind() == surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION && one.GetScaleMax() == 0 {
			one.ScaleMin, one.ScaleMax = 1, 10
		}
		out.Questions = append(out.Questions, one)
	}
	return nil
}

// step notes how far somebody came, once.
func (s *Server) step(ctx context.Context, at *opened, step link.Step) error {
	if at.visit == "" && link.Reached(at.Steps, at.made.Seq, step) {
		return nil
	}
	f, err := link.Taken(at.made, step, at.visit, at.b.zone, s.clock())
	if err == nil {
		_, err = s.store.append(ctx, at.b.ID, []feed.Fact{f})
	}
	return err
}

// SaveSurveyAnswers keeps what was answered so far.
func (s *Server) SaveSurveyAnswers(ctx context.Context, in *surveyv1.SaveSurveyAnswersRequest) (*surveyv1.SaveSurveyAnswersResponse, error) {
	at, v, err := s.answering(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.SaveSurveyAnswersResponse{}
	for try := 0; ; try++ {
		out.Answers, err = s.save(ctx, at, v, in.GetAnswers())
		if !errors.Is(err, link.ErrMoved) || try == saves {
			break
		}
	}
	if err != nil {
		return nil, floor.Unavailable("save answers", err)
	}
	out.Shown = link.Shown(v.Def.GetQuestionnaire(), out.GetAnswers())
	if len(out.GetAnswers()) > 0 {
		err = s.step(ctx, at, link.Started)
	}
	return out, err
}

// saves is how often a save is tried again while others save the same.
const saves = 10

// save adds answers to those kept, and returns them all.
func (s *Server) save(ctx context.Context, at *opened, v *directory.Version, more []*surveyv1.Answer) (all []*surveyv1.Answer, err error) {
	err = s.store.db.Write(ctx, func(tx *sqldb.Tx) error {
		draft, err := link.Load(ctx, tx, at.b.ID, at.made.Seq, at.visit)
		if err != nil {
			return err
		}
		draft.Customer, draft.Until = at.Link.GetCustomer().GetId(), s.keptUntil(at.Link)
		draft.SurveyVersion, draft.Answers = v.Def.GetVersion(), link.Merged(draft.GetAnswers(), more)
		all = draft.GetAnswers()
		if err := link.DropOld(ctx, tx, at.b.ID, s.clock()); err != nil {
			return err
		}
		return link.Save(ctx, tx, draft)
	})
	return all, err
}

// keptUntil is when a draft is thrown away.
func (s *Server) keptUntil(l *surveyv1.SurveyLink) time.Time {
	until := s.clock().Add(link.KeptFor)
	if at := l.GetExpiresAt(); at != nil && at.AsTime().Before(until) {
		until = at.AsTime()
	}
	return until
}

// answers is a request that brings some.
type answers interface {
	GetBrand() string
	GetToken() string
	GetVisit() string
	GetSurveyVersion() int32
	GetAnswers() []*surveyv1.Answer
}

// answering opens a link to be answered, and judges the answers each for itself.
func (s *Server) answering(ctx context.Context, in answers) (*opened, *directory.Version, error) {
	at, err := s.open(ctx, in.GetBrand(), in.GetToken(), in.GetVisit())
	if err != nil {
		return nil, nil, err
	}
	if at.Link.GetOpen() && at.visit == "" {
		return nil, nil, fault.Invalid().Field("visit", "is required where the link is open").Err()
	}
	if asked := at.Link.GetSurveyVersion(); asked != 0 && asked != in.GetSurveyVersion() {
		return nil, nil, fault.Invalid().Field("survey_version", "the link asks version %d", asked).Err()
	}
	if _, replay := in.(*surveyv1.AnswerSurveyLinkRequest); !replay || at.Response == nil {
		if err := at.usable(); err != nil {
			return nil, nil, err
		}
	}
	_, v, err := s.rules(at.b).Version(at.Link.GetSurveyId(), in.GetSurveyVersion())
	if err != nil {
		return nil, nil, err
	}
	return at, v, s.rules(at.b).Partly(v, in.GetAnswers())
}

// AnswerSurveyLink makes a response of the answers.
func (s *Server) AnswerSurveyLink(ctx context.Context, in *surveyv1.AnswerSurveyLinkRequest) (*surveyv1.AnswerSurveyLinkResponse, error) {
	at, v, err := s.answering(ctx, in)
	if err != nil {
		return nil, err
	}
	if at.Response != nil {
		return s.answeredBefore(at)
	}
	draft, err := link.Load(ctx, s.store.db, at.b.ID, at.made.Seq, at.visit)
	if err != nil {
		return nil, floor.Lost("read draft", err)
	}
	of := intake.Answering(at.Link)
	of.SurveyVersion, of.Source, of.ExternalId = v.Def.GetVersion(), link.Source, link.Answer(at.made.Seq, at.visit)
	of.Answers = link.Final(v.Def.GetQuestionnaire(), link.Merged(draft.GetAnswers(), in.GetAnswers()))
	if in.GetLocale() != "" {
		of.Locale = in.GetLocale()
	}
	a, err := s.judge(at.b, of, "", s.clock())
	if err != nil {
		return nil, err
	}
	a.record.Link = at.made.Seq
	if err := a.pack(); err != nil {
		return nil, err
	}
	r, err := s.arrivals.Do(ctx, at.b.ID, a)
	if err != nil && !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) {
		return nil, err
	}
	// What stands there now counts, whoever of two at once came first.
	if at.Known, err = s.known(ctx, at.b, at.made, at.visit); err != nil {
		return nil, err
	}
	out, err := s.answeredBefore(at)
	if out != nil {
		out.Replayed = r.first == 0 || r.replayed
	}
	return out, err
}

// answeredBefore is the answer to whoever finishes what is finished.
func (s *Server) answeredBefore(at *opened) (*surveyv1.AnswerSurveyLinkResponse, error) {
	if at.Response == nil {
		return nil, fault.DataLoss("the response of link %d is not in the log", at.made.Seq)
	}
	follow, err := s.followUp(at)
	return &surveyv1.AnswerSurveyLinkResponse{ResponseId: record.ID(at.Response.Seq), Replayed: true, FollowUp: follow}, err
}

// followUp is what the case rules make of the response and has not been due yet.
func (s *Server) followUp(at *opened) (*surveyv1.FollowUp, error) {
	if at.Response == nil {
		return nil, nil
	}
	rec, err := record.Open(at.Response)
	if err != nil {
		return nil, err
	}
	r := rec.GetResponse()
	_, v, err := s.rules(at.b).Version(r.GetSurveyId(), r.GetSurveyVersion())
	if err != nil {
		return nil, err
	}
	due, ok := cases.DueAt(cases.Brand{Zone: at.b.zone, Hours: at.b.hours}, v.Def.GetQuestionnaire(), r, at.Answered)
	if !ok || due.Before(s.clock()) {
		return nil, nil
	}
	return &surveyv1.FollowUp{DueAt: timestamppb.New(due), Reachable: r.GetCustomer().GetId() != 0}, nil
}
