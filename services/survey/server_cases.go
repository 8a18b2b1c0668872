package survey

import (
	"context"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/sight"
)

// worked asks for access to cases, then hands the request to the desk.
func worked[In interface{ GetBrand() string }, Out any](ctx context.Context, s *Server, in In, verb access.Verb,
	narrow func(*sight.Sight, In) (In, error), do func(context.Context, In) (Out, error)) (Out, error) {
	var none Out
	b, err := s.enter(ctx, in.GetBrand(), "", verb)
	if err != nil {
		return none, err
	}
	see := s.sight(ctx, b)
	if see.Bound() {
		if in, err = narrow(see, in); err != nil {
			return none, floor.Lost("look for the case", err)
		}
	}
	out, err := do(ctx, in)
	return out, floor.Lost("work on cases", elsewhere(see, err))
}

// known lets a bound caller at a case that counts in what it sees.
func known[In interface {
	GetBrand() string
	GetId() string
}](ctx context.Context, s *Server) func(*sight.Sight, In) (In, error) {
	return func(see *sight.Sight, in In) (In, error) {
		within, err := see.Within()
		if err != nil {
			return in, err
		}
		there, err := s.desk.Counts(ctx, in.GetBrand(), in.GetId(), within)
		if err == nil && !there {
			err = access.Denied()
		}
		return in, err
	}
}

// narrowList and narrowStats lay what a bound caller sees over a question.
func narrowList(see *sight.Sight, in *surveyv1.ListCasesRequest) (*surveyv1.ListCasesRequest, error) {
	if in.GetSubject() != nil && !see.Sees(in.GetSubject()) {
		return nil, access.Denied()
	}
	out := proto.CloneOf(in)
	var err error
	out.Within, err = see.Within(in.GetWithin()...)
	return out, err
}

func narrowStats(see *sight.Sight, in *surveyv1.GetCaseStatsRequest) (*surveyv1.GetCaseStatsRequest, error) {
	if in.GetSubject() != nil && !see.Sees(in.GetSubject()) {
		return nil, access.Denied()
	}
	out := proto.CloneOf(in)
	var err error
	out.Within, err = see.Within(in.GetWithin()...)
	return out, err
}

// ListCases pages through cases.
func (s *Server) ListCases(ctx context.Context, in *surveyv1.ListCasesRequest) (*surveyv1.ListCasesResponse, error) {
	return worked(ctx, s, in, access.Detail, narrowList, s.desk.ListCases)
}

// GetCase reads one case.
func (s *Server) GetCase(ctx context.Context, in *surveyv1.GetCaseRequest) (*surveyv1.GetCaseResponse, error) {
	return worked(ctx, s, in, access.Detail, known[*surveyv1.GetCaseRequest](ctx, s), s.desk.GetCase)
}

// ClaimCase takes a case to work on.
func (s *Server) ClaimCase(ctx context.Context, in *surveyv1.ClaimCaseRequest) (*surveyv1.ClaimCaseResponse, error) {
	return worked(ctx, s, in, access.Work, known[*surveyv1.ClaimCaseRequest](ctx, s), s.desk.ClaimCase)
}

// AddCaseNote writes a note.
func (s *Server) AddCaseNote(ctx context.Context, in *surveyv1.AddCaseNoteRequest) (*surveyv1.AddCaseNoteResponse, error) {
	return worked(ctx, s, in, access.Work, known[*surveyv1.AddCaseNoteRequest](ctx, s), s.desk.AddCaseNote)
}

// ResolveCase ends a case.
func (s *Server) ResolveCase(ctx context.Context, in *surveyv1.ResolveCaseRequest) (*surveyv1.ResolveCaseResponse, error) {
	return worked(ctx, s, in, access.Work, known[*surveyv1.ResolveCaseRequest](ctx, s), s.desk.ResolveCase)
}

// ReopenCase takes a case up again.
func (s *Server) ReopenCase(ctx context.Context, in *surveyv1.ReopenCaseRequest) (*surveyv1.ReopenCaseResponse, error) {
	return worked(ctx, s, in, access.Work, known[*surveyv1.ReopenCaseRequest](ctx, s), s.desk.ReopenCase)
}

// GetCaseStats reads how many wait and how long resolving takes.
func (s *Server) GetCaseStats(ctx context.Context, in *surveyv1.GetCaseStatsRequest) (*surveyv1.GetCaseStatsResponse, error) {
	if err := s.guard.Cadence(ctx).Days(in.GetFirstDay(), in.GetLastDay()); err != nil {
		return nil, err
	}
	return worked(ctx, s, in, access.Read, narrowStats, s.desk.GetCaseStats)
}
