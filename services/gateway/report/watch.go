package report

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// WatchReport tells a report at once and again whenever it may have changed: when a
// questionnaire comes in or leaves, and else when a look now and then finds so.
func (s *Server) WatchReport(in *reportv1.WatchReportRequest, stream grpc.ServerStreamingServer[reportv1.WatchReportResponse]) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	woken := make(chan struct{}, 1)
	var last *reportv1.GetOmnichannelReportResponse
	for listening := false; ; {
		began := time.Now()
		report, err := s.GetOmnichannelReport(ctx, in.GetReport())
		if err != nil {
			return err
		}
		if last == nil || !sameReport(report, last) {
			if err := stream.Send(&reportv1.WatchReportResponse{Report: report}); err != nil {
				return err
			}
			last = report
		}
		if !listening {
			// Not before the request is known to be good.
			listening = true
			go s.listen(ctx, in.GetReport(), woken)
		}
		if err := rest(ctx, s.cfg.Pace-time.Since(began), nil); err != nil {
			return err
		}
		if err := rest(ctx, s.cfg.Refresh, woken); err != nil {
			return err
		}
	}
}

// sameReport ignores what differs each time: what sections took, and up to when they
// hold, which moves with every fact whether or not it counts here.
func sameReport(x, y *reportv1.GetOmnichannelReportResponse) bool {
	bare := func(r *reportv1.GetOmnichannelReportResponse) *reportv1.GetOmnichannelReportResponse {
		r = proto.CloneOf(r)
		for _, section := range r.GetSections() {
			section.Took, section.AsOf = nil, nil
		}
		return r
	}
	return proto.Equal(bare(x), bare(y))
}

// rest waits for a time, or until woken.
func rest(ctx context.Context, d time.Duration, woken <-chan struct{}) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-woken:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// listen wakes a watch whenever the number of questionnaires in its window changes,
// until ctx ends. Survey may go away meanwhile and come back.
func (s *Server) listen(ctx context.Context, in *reportv1.GetOmnichannelReportRequest, woken chan<- struct{}) {
	if s.from.Survey == nil {
		return
	}
	window := in.GetWindow()
	if window == nil {
		window = &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: usualDays}}
	}
	query := &surveyv1.GetMetricRequest{
		Brand: in.GetBrand(), Metric: lowShare, Window: window, Scope: scope(in.GetSubject()),
		Clock: surveyv1.Clock_CLOCK_EXPERIENCE, GroupBy: byChannel,
	}
	for ctx.Err() == nil {
		if changes, err := s.from.Survey.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: query}); err == nil {
			for err == nil {
				if _, err = changes.Recv(); err == nil {
					select {
					case woken <- struct{}{}:
					default: // it wakes anyway
					}
				}
			}
		}
		_ = rest(ctx, s.cfg.Rest, nil) // an error ends the loop
	}
}
