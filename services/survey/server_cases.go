package survey

import (
	"context"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// worked asks for access to cases, then hands the request to the desk.
func worked[In interface{ GetBrand() string }, Out any](ctx context.Context, s *Server, in In, verb access.Verb,
	do func(context.Context, In) (Out, error)) (Out, error) {
	if _, err := s.enter(ctx, in.GetBrand(), "", verb); err != nil {
		var none Out
		return none, err
	}
	out, err := do(ctx, in)
	return out, lost("work on cases", err)
}

// ListCases pages through cases.
func (s *Server) ListCases(ctx context.Context, in *surveyv1.ListCasesRequest) (*surveyv1.ListCasesResponse, error) {
	return worked(ctx, s, in, access.Detail, s.desk.ListCases)
}

// GetCase reads one case.
func (s *Server) GetCase(ctx context.Context, in *surveyv1.GetCaseRequest) (*surveyv1.GetCaseResponse, error) {
	return worked(ctx, s, in, access.Detail, s.desk.GetCase)
}

// ClaimCase takes a case to work on.
func (s *Server) ClaimCase(ctx context.Context, in *surveyv1.ClaimCaseRequest) (*surveyv1.ClaimCaseResponse, error) {
	return worked(ctx, s, in, access.Work, s.desk.ClaimCase)
}

// AddCaseNote writes a note.
func (s *Server) AddCaseNote(ctx context.Context, in *surveyv1.AddCaseNoteRequest) (*surveyv1.AddCaseNoteResponse, error) {
	return worked(ctx, s, in, access.Work, s.desk.AddCaseNote)
}

// ResolveCase ends a case.
func (s *Server) ResolveCase(ctx context.Context, in *surveyv1.ResolveCaseRequest) (*surveyv1.ResolveCaseResponse, error) {
	return worked(ctx, s, in, access.Work, s.desk.ResolveCase)
}

// ReopenCase takes a case up again.
func (s *Server) ReopenCase(ctx context.Context, in *surveyv1.ReopenCaseRequest) (*surveyv1.ReopenCaseResponse, error) {
	return worked(ctx, s, in, access.Work, s.desk.ReopenCase)
}

// GetCaseStats reads how many wait and how long resolving takes.
func (s *Server) GetCaseStats(ctx context.Context, in *surveyv1.GetCaseStatsRequest) (*surveyv1.GetCaseStatsResponse, error) {
	return worked(ctx, s, in, access.Read, s.desk.GetCaseStats)
}
