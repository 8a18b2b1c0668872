package survey

import (
	"context"
	"time"

	"google.golang.org/grpc"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// GetMetric reads a score.
func (s *Server) GetMetric(ctx context.Context, in *surveyv1.GetMetricRequest) (*surveyv1.GetMetricResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in, err = see.Metric(in); err != nil {
		return nil, err
	}
	if err := s.ofPeople(ctx, b, in.GetScope(), split(in)); err != nil {
		return nil, err
	}
	out, err := b.asked.GetMetric(ctx, in, s.clock())
	if err != nil {
		return nil, floor.Lost("read score", err)
	}
	return s.shown(ctx, b, see, in, out)
}

// WatchMetric reads a score whenever it changes.
func (s *Server) WatchMetric(in *surveyv1.WatchMetricRequest, stream grpc.ServerStreamingServer[surveyv1.WatchMetricResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetQuery().GetBrand(), "", access.Read)
	if err != nil {
		return err
	}
	asked, err := s.sight(ctx, b).Watch(in.GetQuery())
	if err != nil {
		return err
	}
	if err := s.ofPeople(ctx, b, asked.GetScope(), split(asked)); err != nil {
		return err
	}
	err = b.asked.WatchMetric(ctx, asked, s.clock, func(out *surveyv1.GetMetricResponse) error {
		shown, err := s.shown(ctx, b, s.sight(ctx, b), asked, out)
		if err != nil {
			return err
		}
		return stream.Send(&surveyv1.WatchMetricResponse{Result: shown})
	})
	return floor.Lost("watch score", err)
}

// RankSubjects reads a page of a league table.
func (s *Server) RankSubjects(ctx context.Context, in *surveyv1.RankSubjectsRequest) (*surveyv1.RankSubjectsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetUnder()), access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in, err = see.Rank(in); err != nil {
		return nil, err
	}
	if err := s.ofPeople(ctx, b, &surveyv1.Scope{SegmentId: in.GetSegmentId()}); err != nil {
		return nil, err
	}
	var offset int
	if err := s.readToken(in, in.GetPageToken(), &offset); err != nil {
		return nil, err
	}
	size := pageSize(in.GetPageSize(), 100)
	out, err := s.rank(ctx, b, see, in, offset, size)
	if err != nil {
		return nil, floor.Lost("rank subjects", err)
	}
	if offset+size >= int(out.GetRanked()) {
		return out, nil
	}
	next, err := s.token(in, offset+size)
	// The page is shared with everybody who asks for it; the token is this caller's.
	return &surveyv1.RankSubjectsResponse{
		Subjects: out.GetSubjects(), Ranked: out.GetRanked(), Unranked: out.GetUnranked(),
		NextPageToken: next, AsOf: out.GetAsOf(), Metric: out.GetMetric(),
	}, err
}

// CompareMetric tells whether two scores differ beyond chance.
func (s *Server) CompareMetric(ctx context.Context, in *surveyv1.CompareMetricRequest) (*surveyv1.CompareMetricResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in, err = see.Compare(in); err != nil {
		return nil, err
	}
	if err := s.ofPeople(ctx, b, in.GetA().GetScope(), in.GetB().GetScope()); err != nil {
		return nil, err
	}
	out, err := b.asked.CompareMetric(ctx, in, s.clock())
	if err != nil {
		return nil, floor.Lost("compare scores", err)
	}
	return s.compared(ctx, b, see, in, out)
}

// SetGoal sets or removes a target.
func (s *Server) SetGoal(ctx context.Context, in *surveyv1.SetGoalRequest) (*surveyv1.SetGoalResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetGoal().GetSubject()), access.Define)
	if err != nil {
		return nil, err
	}
	if err := s.sight(ctx, b).One(in.GetGoal().GetSubject()); err != nil {
		return nil, err
	}
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		if err := checkDays(in.GetGoal()); err != nil {
			return nil, err
		}
		if err := b.book.Load().CheckGoal(in); err != nil {
			return nil, err
		}
		f, err := definition(record.Goal, in)
		return []feed.Fact{f}, err
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.SetGoalResponse{Goal: in.GetGoal()}, nil
}

// checkDays refuses days that are no dates, or none at all.
func checkDays(g *surveyv1.Goal) error {
	f := fault.Invalid()
	start, err := calendar.ParseDay(g.GetDays().GetStart())
	if err != nil {
		f.Field("goal.days.start", "is not a date")
	}
	end, err := calendar.ParseDay(g.GetDays().GetEnd())
	switch {
	case err != nil:
		f.Field("goal.days.end", "is not a date")
	case end <= start:
		f.Field("goal.days.end", "must be after start")
	}
	return f.Err()
}

// ListGoals reads targets with their attainment.
func (s *Server) ListGoals(ctx context.Context, in *surveyv1.ListGoalsRequest) (*surveyv1.ListGoalsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetSubject()), access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in.GetSubject() != nil && !see.Sees(in.GetSubject()) {
		return nil, access.Denied()
	}
	out, err := b.asked.ListGoals(ctx, in, s.clock())
	if err != nil {
		return nil, floor.Lost("read goals", err)
	}
	return see.Goals(out), nil
}
