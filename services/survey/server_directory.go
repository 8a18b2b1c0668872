package survey

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// Largest batches of definitions.
const (
	maxSubjects = 1000
	maxMetrics  = 200
)

// definition packs a definition for the log.
func definition(kind int16, m proto.Message) (feed.Fact, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	return feed.Fact{Kind: kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body}, err
}

// UpsertSubjects takes the good entries of a batch in one commit.
func (s *Server) UpsertSubjects(ctx context.Context, in *surveyv1.UpsertSubjectsRequest) (*surveyv1.UpsertSubjectsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	if n := len(in.GetSubjects()); n == 0 || n > maxSubjects {
		return nil, fault.Invalid().Field("subjects", "must have 1 to %d entries", maxSubjects).Err()
	}
	results := make([]*surveyv1.UpsertSubjectsResult, len(in.GetSubjects()))
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		return subjectFacts(b.book.Load(), in.GetSubjects(), results)
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.UpsertSubjectsResponse{Results: results}, nil
}

// subjectFacts judges a batch; only what changes becomes a fact.
func subjectFacts(book *directory.Book, batch []*surveyv1.Subject, results []*surveyv1.UpsertSubjectsResult) ([]feed.Fact, error) {
	var facts []feed.Fact
	errs := make([]error, len(batch))
	good := make([]*surveyv1.Subject, 0, len(batch))
	place := make([]int, 0, len(batch))
	for i, one := range batch {
		if errs[i] = validate(one); errs[i] == nil {
			good, place = append(good, one), append(place, i)
		}
	}
	for i, err := range book.CheckSubjects(good) {
		errs[place[i]] = err
	}
	for i, one := range batch {
		results[i] = &surveyv1.UpsertSubjectsResult{}
		if errs[i] != nil {
			results[i].Error = fault.Status(errs[i])
			continue
		}
		if results[i].Changed = book.Changes(one); !results[i].Changed {
			continue
		}
		f, err := definition(record.Subject, one)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// GetSubject reads one entry and where it stands today.
func (s *Server) GetSubject(ctx context.Context, in *surveyv1.GetSubjectRequest) (*surveyv1.GetSubjectResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetRef()), access.Read)
	if err != nil {
		return nil, err
	}
	if err := s.sight(ctx, b).One(in.GetRef()); err != nil {
		return nil, err
	}
	book := b.book.Load()
	n, ok := book.Subject(in.GetRef())
	if !ok {
		return nil, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", subjectName(in.GetRef()))
	}
	out := &surveyv1.GetSubjectResponse{Subject: book.Entry(in.GetRef())}
	for _, up := range book.Up(n, s.clock()) {
		out.Path = append(out.Path, book.Ref(up))
	}
	return out, nil
}

// ListSubjects pages through the directory.
func (s *Server) ListSubjects(ctx context.Context, in *surveyv1.ListSubjectsRequest) (*surveyv1.ListSubjectsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), subjectName(in.GetUnder()), access.Read)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if in.GetUnder() != nil && !see.Sees(in.GetUnder()) {
		return nil, access.Denied()
	}
	book := b.book.Load()
	keep := func(n uint32) bool { return see.Holds(n) && book.HasLabels(n, in.GetLabels()) }
	if in.GetUnder() != nil {
		top, ok := book.Subject(in.GetUnder())
		if !ok {
			return nil, fault.NotFound(commonv1.Reason_REASON_SUBJECT_UNKNOWN, "subject %s", subjectName(in.GetUnder()))
		}
		below := members(book.Under(top, s.clock()))
		keep = func(n uint32) bool { return n != top && below[n] && see.Holds(n) && book.HasLabels(n, in.GetLabels()) }
	}
	var after *commonv1.SubjectRef
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := pageSize(in.GetPageSize(), 100)
	found := book.Find(in.GetKind(), in.GetQuery(), after, size+1, keep)
	out := &surveyv1.ListSubjectsResponse{Subjects: found}
	if len(found) > size {
		out.Subjects = found[:size]
		out.NextPageToken, err = s.token(in, found[size-1].GetRef())
	}
	return out, err
}

func members(numbers []uint32) map[uint32]bool {
	out := make(map[uint32]bool, len(numbers))
	for _, n := range numbers {
		out[n] = true
	}
	return out
}

// UpsertMetrics takes the good metrics of a batch in one commit.
func (s *Server) UpsertMetrics(ctx context.Context, in *surveyv1.UpsertMetricsRequest) (*surveyv1.UpsertMetricsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Define)
	if err != nil {
		return nil, err
	}
	if n := len(in.GetMetrics()); n == 0 || n > maxMetrics {
		return nil, fault.Invalid().Field("metrics", "must have 1 to %d entries", maxMetrics).Err()
	}
	results := make([]*surveyv1.UpsertMetricsResult, len(in.GetMetrics()))
	err = s.store.change(ctx, b.ID, func(feed.Reader, time.Time) ([]feed.Fact, error) {
		var facts []feed.Fact
		named := map[string]bool{}
		for i, m := range in.GetMetrics() {
			if named[m.GetName()] {
				// It would be judged by the book as it was before the first.
				twice := fault.Invalid().Field("name", "%q stands twice in this request", m.GetName()).Err()
				results[i] = &surveyv1.UpsertMetricsResult{Error: fault.Status(twice)}
				continue
			}
			named[m.GetName()] = true
			f, err := metricFact(b.book.Load(), m, &results[i])
			if err != nil {
				return nil, err
			}
			if f != nil {
				facts = append(facts, *f)
			}
		}
		return facts, nil
	})
	if err != nil {
		return nil, err
	}
	return &surveyv1.UpsertMetricsResponse{Results: results}, nil
}

// metricFact judges one metric; nil if nothing changes or it is refused.
func metricFact(book *directory.Book, in *surveyv1.Metric, result **surveyv1.UpsertMetricsResult) (*feed.Fact, error) {
	m := directory.WithDefaults(in)
	err := validate(in)
	if err == nil {
		err = book.CheckMetric(m)
	}
	if err != nil {
		*result = &surveyv1.UpsertMetricsResult{Error: fault.Status(err)}
		return nil, nil
	}
	*result = &surveyv1.UpsertMetricsResult{Metric: m}
	if old, ok := book.Metric(m.GetName()); ok && proto.Equal(old.Def, m) {
		return nil, nil
	}
	(*result).Changed = true
	f, err := definition(record.Metric, m)
	return &f, err
}

// ListMetrics reads all metrics.
func (s *Server) ListMetrics(ctx context.Context, in *surveyv1.ListMetricsRequest) (*surveyv1.ListMetricsResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Read)
	if err != nil {
		return nil, err
	}
	out := &surveyv1.ListMetricsResponse{}
	for _, m := range b.book.Load().Metrics() {
		out.Metrics = append(out.Metrics, m.Def)
	}
	return out, nil
}
