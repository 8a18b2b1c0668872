package report

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// margin is what sections leave of the caller's time, to answer with what there is.
const margin = 50 * time.Millisecond

// part is one section of a report.
type part struct {
	name, source string
	// absent says why there is no such section here; empty: there is.
	absent string
	// fetch asks for the section and writes it down once it is whole: a section that
	// fails leaves nothing behind.
	fetch func(ctx context.Context, a *asking) error
}

// visits are what one report asks of the services.
type visits struct {
	s      *Server
	places chan struct{}
	mu     sync.Mutex
	all    map[string]*visit
}

// visit begins one; leave must end it.
func (s *Server) visit() *visits {
	return &visits{s: s, places: make(chan struct{}, atOnce), all: map[string]*visit{}}
}

// of is the visit at a service; it begins when first asked for.
func (v *visits) of(service string) *visit {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all[service] == nil {
		v.all[service] = v.s.circuits[service].visit(service)
	}
	return v.all[service]
}

func (v *visits) leave() {
	for _, one := range v.all {
		one.leave()
	}
}

// gather fetches the parts side by side and tells what became of each. The error is of
// a request that names what does not exist; whatever else goes wrong is told by the
// sections.
func (s *Server) gather(ctx context.Context, b *brand, parts []part) ([]*reportv1.Section, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	v := s.visit()
	sections, failed := make([]*reportv1.Section, len(parts)), make([]error, len(parts))
	var works sync.WaitGroup
	for i, p := range parts {
		works.Go(func() { sections[i], failed[i] = s.section(ctx, p, &asking{brand: b, visits: v}) })
	}
	works.Wait()
	v.leave()
	for _, err := range failed {
		if slices.ContainsFunc(unknown, func(r commonv1.Reason) bool { return fault.Is(err, r) }) {
			return nil, err
		}
	}
	return sections, nil
}

// unknown are the reasons by which a service says that what the request names is not
// there.
var unknown = []commonv1.Reason{
	commonv1.Reason_REASON_SUBJECT_UNKNOWN, commonv1.Reason_REASON_CUSTOMER_UNKNOWN, commonv1.Reason_REASON_METRIC_UNKNOWN,
	commonv1.Reason_REASON_SEGMENT_UNKNOWN, commonv1.Reason_REASON_PROGRAMME_UNKNOWN,
}

// bounded leaves a margin of the caller's time, half of it where there is hardly any.
func (s *Server) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	left := s.cfg.Patience
	if end, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(end))
	}
	return context.WithTimeout(ctx, left-min(margin, left/2))
}

// section fetches one part.
func (s *Server) section(ctx context.Context, p part, a *asking) (*reportv1.Section, error) {
	out := &reportv1.Section{Name: p.name, Source: p.source, Status: reportv1.Section_STATUS_ABSENT, Message: p.absent}
	if p.absent != "" {
		s.meter.section(ctx, out, 0)
		return out, nil
	}
	began := time.Now()
	err := protected(func() error { return p.fetch(ctx, a) })
	took := time.Since(began)
	out.Took = durationpb.New(took)
	defer func() { s.meter.section(ctx, out, took) }()
	if out.Status, out.Message = outcome(ctx, err); err == nil {
		out.AsOf = a.asOf
		return out, nil
	}
	if out.Status == reportv1.Section_STATUS_FAILED {
		s.cfg.Log.WarnContext(ctx, "a section failed", "section", p.name, "error", err)
	}
	return out, err
}

// outcome is how a section went, and why it is not there: in words that may leave.
func outcome(ctx context.Context, err error) (reportv1.Section_Status, string) {
	if err == nil {
		return reportv1.Section_STATUS_OK, ""
	}
	text := status.Convert(fault.Outgoing(err)).Message()
	switch fault.Code(err) {
	case codes.DeadlineExceeded, codes.Canceled:
		if ctx.Err() != nil {
			text = "not answered in time"
		}
		return reportv1.Section_STATUS_MISSING, text
	case codes.Unavailable, codes.Aborted, codes.ResourceExhausted:
		return reportv1.Section_STATUS_MISSING, text
	case codes.PermissionDenied, codes.Unauthenticated:
		return reportv1.Section_STATUS_HIDDEN, "the caller may not see it"
	case codes.Unimplemented:
		return reportv1.Section_STATUS_ABSENT, text
	}
	return reportv1.Section_STATUS_FAILED, text
}
