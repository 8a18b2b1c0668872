package report

import (
	"context"
	"strings"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
)

// Server answers ReportService.
type Server struct {
	reportv1.UnimplementedReportServiceServer
	cfg      Config
	from     Services
	trees    *Store
	brands   map[string]*brand
	circuits map[string]*circuit
	// calls and reports are shared by those who ask for the same.
	calls   *crowd
	reports *crowd
	meter   *meter
}

// New makes the service over others. The store keeps how reports are set up.
func New(cfg Config, from Services, trees *Store) *Server {
	cfg = cfg.filled()
	s := &Server{cfg: cfg, from: from, trees: trees, brands: newBrands(cfg.Brands), circuits: map[string]*circuit{},
		calls: newCrowd(cfg.Patience, 0), reports: newCrowd(cfg.Patience, linger)}
	for _, name := range []string{fromSurvey, fromSegmentation, fromJourney, fromLoyalty} {
		s.circuits[name] = newCircuit(name, cfg.Rest, s.circuitChanged)
	}
	s.meter = newMeter(s.circuits)
	return s
}

// Close ends what the service tells of itself. Nobody may ask any more.
func (s *Server) Close() error { return s.meter.close() }

// circuitChanged tells that a service is left alone, or asked again.
func (s *Server) circuitChanged(service, state string) {
	s.meter.changed(service, state)
	s.cfg.Log.Warn("a service's circuit changed", "service", service, "state", state)
}

// enter is the first line of every method: the brand exists and the caller may do this.
func (s *Server) enter(ctx context.Context, id string, subject *commonv1.SubjectRef, verb access.Verb) (*brand, error) {
	if err := s.cfg.Guard.Check(ctx, access.Request{Brand: id, Subject: subjectName(subject), Verb: verb}); err != nil {
		return nil, err
	}
	return s.brands[id], nil
}

func subjectName(ref *commonv1.SubjectRef) string {
	if ref == nil {
		return ""
	}
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_") + "/" + ref.GetId()
}

// part is a section of a service; it is absent where the service is.
func (s *Server) part(name, source string, fetch func(context.Context, *asking) error) part {
	p := part{name: name, source: source, fetch: fetch}
	there := map[string]bool{fromSurvey: s.from.Survey != nil, fromSegmentation: s.from.Segmentation != nil, fromJourney: s.from.Journey != nil, fromLoyalty: s.from.Loyalty != nil}
	if !there[source] {
		p.absent = source + " is no part of this deployment"
	}
	return p
}

// GetOmnichannelReport tells how a brand is doing, in each channel and in all.
func (s *Server) GetOmnichannelReport(ctx context.Context, in *reportv1.GetOmnichannelReportRequest) (*reportv1.GetOmnichannelReportResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), in.GetSubject(), access.Read)
	if err != nil {
		return nil, err
	}
	return inCrowd(ctx, s.reports, in, func(ctx context.Context) (*reportv1.GetOmnichannelReportResponse, error) {
		return s.omnichannel(ctx, b, in)
	})
}

func (s *Server) omnichannel(ctx context.Context, b *brand, in *reportv1.GetOmnichannelReportRequest) (*reportv1.GetOmnichannelReportResponse, error) {
	names, err := chosen(in.GetSections(), omnichannelSections)
	if err != nil {
		return nil, err
	}
	w, err := b.window(s.cfg.Clock(), in.GetWindow())
	if err != nil {
		return nil, err
	}
	o := &omnichannel{s: s, b: b, w: w, subject: in.GetSubject(), split: byChannel}
	out := &reportv1.GetOmnichannelReportResponse{Zone: b.zone.String()}
	if out.Sections, err = s.gather(ctx, b, o.parts(names)); err != nil {
		return nil, err
	}
	out.Start, out.End = w.ends(b.zone)
	out.Total, out.Channels = o.total(), o.channels()
	return out, nil
}
