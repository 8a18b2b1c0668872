package report

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// mostParts is what one feedback may have.
	mostParts = 100
	// submitsAtOnce bounds what one feedback has on its way to Survey.
	submitsAtOnce = 8
)

// ReportFeedback records what one side of an order says of all others: a response of
// Survey's for each part, under a natural key that the same words always have. Whatever
// becomes of a call, it can be made again.
func (s *Server) ReportFeedback(ctx context.Context, in *reportv1.ReportFeedbackRequest) (*reportv1.ReportFeedbackResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), nil, access.Submit)
	if err != nil {
		return nil, err
	}
	if err := checkFeedback(in); err != nil {
		return nil, err
	}
	if s.from.Survey == nil {
		return nil, fault.Unimplemented(nil, "feedback is kept by Survey, which is no part of this deployment")
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	v := s.visit()
	defer v.leave()
	out := &reportv1.ReportFeedbackResponse{Results: make([]*reportv1.FeedbackResult, len(in.GetParts()))}
	failed := make([]error, len(in.GetParts()))
	places := make(chan struct{}, submitsAtOnce)
	var works sync.WaitGroup
	for i := range in.GetParts() {
		works.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			out.Results[i], failed[i] = s.record(ctx, v.of(fromSurvey), b, in, i)
		})
	}
	works.Wait()
	for _, err := range failed {
		// A caller who may not submit is told so, not each of its parts.
		if code := fault.Code(err); code == codes.PermissionDenied || code == codes.Unauthenticated {
			return nil, err
		}
	}
	out.Complete = !slices.ContainsFunc(out.GetResults(), func(r *reportv1.FeedbackResult) bool { return r.GetError() != nil })
	return out, nil
}

// checkFeedback refuses a call that cannot be told part by part.
func checkFeedback(in *reportv1.ReportFeedbackRequest) error {
	f := fault.Invalid()
	if n := len(in.GetParts()); n == 0 || n > mostParts {
		f.Field("parts", "must be 1 to %d", mostParts)
	}
	return f.Err()
}

// record submits one part. The error is also in the result, in the words of the request.
func (s *Server) record(ctx context.Context, v *visit, b *brand, in *reportv1.ReportFeedbackRequest, i int) (*reportv1.FeedbackResult, error) {
	out := &reportv1.FeedbackResult{Subject: in.GetParts()[i].GetSubject()}
	err := checkPart(in, i)
	var told *surveyv1.SubmitResponseResponse
	if err == nil {
		told, err = s.submit(ctx, v, &surveyv1.SubmitResponseRequest{Brand: b.ID, Response: wordsOf(in, i)})
	}
	if err != nil {
		if fault.Code(err) == codes.Internal {
			s.cfg.Log.WarnContext(ctx, "a part of feedback failed", "part", i, "error", err)
		}
		out.Error = fault.Status(pathed(err, i))
		return out, err
	}
	out.ResponseId, out.Replayed = told.GetId(), told.GetReplayed()
	return out, nil
}

// checkPart refuses a part that is none, or that stands there twice.
func checkPart(in *reportv1.ReportFeedbackRequest, i int) error {
	f := fault.Invalid()
	p := in.GetParts()[i]
	if p.GetSubject().GetKind() == commonv1.SubjectKind_SUBJECT_KIND_UNSPECIFIED || p.GetSubject().GetId() == "" {
		f.Field(fmt.Sprintf("parts[%d].subject", i), "must say who is rated")
	}
	if author := in.GetAuthor().GetSubject(); author != nil && proto.Equal(author, p.GetSubject()) {
		f.Field(fmt.Sprintf("parts[%d].subject", i), "is the author, who rates others")
	}
	first := slices.IndexFunc(in.GetParts(), func(o *reportv1.FeedbackPart) bool {
		return proto.Equal(o.GetSubject(), p.GetSubject()) && o.GetSurveyId() == p.GetSurveyId()
	})
	if first < i {
		f.Field(fmt.Sprintf("parts[%d].subject", i), "is rated by the same survey in part %d", first)
	}
	return f.Err()
}

// submit records a response and tries again, where that may help: unlike other writes
// it may be repeated, since its natural key makes it once of many.
func (s *Server) submit(ctx context.Context, v *visit, in *surveyv1.SubmitResponseRequest) (*surveyv1.SubmitResponseResponse, error) {
	if v.done == nil {
		return nil, fault.Unavailable(nil, "%s did not answer lately and is left alone for a moment", v.service)
	}
	for try := 0; ; try++ {
		var out *surveyv1.SubmitResponseResponse
		err := protected(func() (err error) {
			out, err = s.from.Survey.SubmitResponse(ctx, in)
			return err
		})
		v.note(ctx, err)
		if err == nil || try == repeats || !fault.Retryable(err) || !pause(ctx, try, err) {
			return out, err
		}
	}
}
