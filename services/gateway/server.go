package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page"
	"github.com/rapport-cx/rapport/services/gateway/page/audience"
	"github.com/rapport-cx/rapport/services/gateway/page/board"
	points "github.com/rapport-cx/rapport/services/gateway/page/loyalty"
	"github.com/rapport-cx/rapport/services/gateway/page/outbox"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
	journeygw "github.com/rapport-cx/rapport/services/gateway/stub/rapport/journey/v1"
	loyaltygw "github.com/rapport-cx/rapport/services/gateway/stub/rapport/loyalty/v1"
	reportgw "github.com/rapport-cx/rapport/services/gateway/stub/rapport/report/v1"
	segmentationgw "github.com/rapport-cx/rapport/services/gateway/stub/rapport/segmentation/v1"
	surveygw "github.com/rapport-cx/rapport/services/gateway/stub/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/survey"
)

// Server answers HTTP.
type Server struct {
	cfg      Config
	services Services
	routes   *http.ServeMux
	calls    *runtime.ServeMux
	// survey is what customers answer on; nil: there is no Survey.
	survey *survey.Page
}

// New makes the gateway of services.
func New(cfg Config, services Services) (*Server, error) {
	s := &Server{cfg: cfg, services: services, routes: http.NewServeMux()}
	refuseUnknownParameters()
	s.calls = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newCodec()),
		runtime.WithMarshalerOption(mimeEvents, eventCodec{newCodec()}),
		runtime.WithErrorHandler(s.callFailed),
		runtime.WithStreamErrorHandler(func(_ context.Context, err error) *status.Status { return outgoing(err) }),
		runtime.WithRoutingErrorHandler(s.routeFailed),
		runtime.WithIncomingHeaderMatcher(traceHeaders),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithDisablePathLengthFallback(), runtime.WithDisableHTTPMethodOverride(),
	)
	if err := s.register(); err != nil {
		return nil, err
	}
	if err := s.pages(); err != nil {
		return nil, err
	}
	s.routes.Handle("GET /openapi.json", newDocument(openAPI, "application/json"))
	s.routes.Handle("/v1/", validated(s.bounded(s.calls)))
	s.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fault.NotFound(nil, "nothing is at %s %s", r.Method, r.URL.Path))
	})
	return s, nil
}

// pages routes what people look at.
func (s *Server) pages() error {
	services := shell.Services{Survey: s.services.Survey, Segmentation: s.services.Segmentation, Journey: s.services.Journey, Loyalty: s.services.Loyalty, Report: s.services.Report}
	cfg := shell.Config{
		Brands: s.cfg.Brands, SurveyURL: s.cfg.SurveyURL, Clock: s.cfg.Clock, Draining: s.cfg.Draining, Log: s.cfg.Log, Outgoing: s.outgoingContext, Seats: shell.NewSeats(),
		Nav: shell.Ordered(page.Nav(services), board.Nav(services), outbox.Nav(services), audience.Nav(services), points.Nav(services)),
	}
	shown, err := page.New(cfg, services)
	if err != nil {
		return err
	}
	shown.Route(s.routes)
	whom, err := audience.New(cfg, services)
	if err != nil {
		return err
	}
	whom.Route(s.routes)
	health, err := points.New(cfg, services)
	if err != nil {
		return err
	}
	health.Route(s.routes)
	run, err := board.New(cfg, services)
	if err != nil {
		return err
	}
	run.Route(s.routes)
	sent, err := outbox.New(cfg, services)
	if err != nil {
		return err
	}
	sent.Route(s.routes)
	if s.services.Survey != nil {
		s.survey, err = survey.New(survey.Config{Survey: s.services.Survey, Brands: s.cfg.Brands, Clock: s.cfg.Clock, Log: s.cfg.Log})
	}
	return err
}

// register routes the methods of the services that there are. The context is only of
// use to stubs that dial.
func (s *Server) register() error {
	var err error
	if c := s.services.Survey; c != nil {
		s.routes.HandleFunc("POST /v1/responses:import", importing[surveyv1.ImportResponsesRequest](s, surveyv1.SurveyService_ImportResponses_FullMethodName, c.ImportResponses))
		err = errors.Join(err, surveygw.RegisterSurveyServiceHandlerClient(context.Background(), s.calls, c))
	}
	if c := s.services.Segmentation; c != nil {
		s.routes.HandleFunc("POST /v1/customers:upsert", importing[segmentationv1.UpsertCustomersRequest](s, segmentationv1.SegmentationService_UpsertCustomers_FullMethodName, c.UpsertCustomers))
		err = errors.Join(err, segmentationgw.RegisterSegmentationServiceHandlerClient(context.Background(), s.calls, c))
	}
	if c := s.services.Journey; c != nil {
		s.routes.HandleFunc("POST /v1/events:import", importing[journeyv1.ImportEventsRequest](s, journeyv1.JourneyService_ImportEvents_FullMethodName, c.ImportEvents))
		err = errors.Join(err, journeygw.RegisterJourneyServiceHandlerClient(context.Background(), s.calls, c))
	}
	if c := s.services.Loyalty; c != nil {
		s.routes.HandleFunc("POST /v1/points:post", importing[loyaltyv1.BatchPostRequest](s, loyaltyv1.LoyaltyService_BatchPost_FullMethodName, c.BatchPost))
		err = errors.Join(err, loyaltygw.RegisterLoyaltyServiceHandlerClient(context.Background(), s.calls, c))
	}
	if c := s.services.Report; c != nil {
		err = errors.Join(err, reportgw.RegisterReportServiceHandlerClient(context.Background(), s.calls, c))
	}
	return err
}

// ServeHTTP routes one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	shell.Revalidated(s.routes).ServeHTTP(w, r)
}

// traceHeaders lets a caller's trace go on; all else a caller must not set.
func traceHeaders(key string) (string, bool) {
	switch key = strings.ToLower(key); key {
	case "traceparent", "tracestate":
		return key, true
	}
	return "", false
}

// outgoingContext carries what the services must know of an HTTP request: who
// asks, and until when. It ends when the caller leaves.
func (s *Server) outgoingContext(r *http.Request, method string) (context.Context, error) {
	return runtime.AnnotateContext(r.Context(), s.calls, r, method)
}

// bounded reads the body before it is parsed, so that one that is too large is
// refused whole and told from one that is malformed.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
		if err != nil {
			code, err := bodyFault(err, s.cfg.MaxBody)
			refuse(w, code, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// callFailed answers for a call that was refused, by a service or on its way.
func (s *Server) callFailed(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	where := "body"
	if r.Method == http.MethodGet {
		where = "query"
	}
	refuse(w, 0, ofParser(err, where))
}

// routeFailed answers for a path or method that no RPC has.
func (s *Server) routeFailed(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	switch code {
	case http.StatusNotFound:
		refuse(w, code, fault.NotFound(nil, "nothing is at %s %s", r.Method, r.URL.Path))
	case http.StatusMethodNotAllowed:
		refuse(w, code, fault.Unimplemented(nil, "%s is not for %s", r.URL.Path, r.Method))
	default:
		refuse(w, code, fault.Invalid().Reason(commonv1.Reason_REASON_FIELD_INVALID).Field("path", "cannot be read").Err())
	}
}

// outgoing is what of err may leave: what is internal stays inside, but the id
// under which the service's log tells of it goes along.
func outgoing(err error) *status.Status {
	out := fault.Outgoing(err)
	if id := fault.RequestID(err); id != "" {
		out = fault.WithRequestID(out, id)
	}
	return status.Convert(out)
}
