package report_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// sectioned is any answer of ReportService.
type sectioned interface {
	proto.Message
	GetSections() []*reportv1.Section
}

// asks are the reports, all of what one brand has.
var asks = map[string]func(context.Context, *world) (sectioned, error){
	"omnichannel": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetOmnichannelReport(ctx, &reportv1.GetOmnichannelReportRequest{Brand: brand})
	},
	"scorecard": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetSubjectScorecard(ctx, &reportv1.GetSubjectScorecardRequest{Brand: brand, Subject: shop, MinN: 1})
	},
	"customer": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetCustomer360(ctx, &reportv1.GetCustomer360Request{Brand: brand, Customer: anna})
	},
	"heat": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetHeatMap(ctx, &reportv1.GetHeatMapRequest{Brand: brand, Under: north, ClassLabel: "class", MinN: 1})
	},
	"segment": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetSegmentPanel(ctx, &reportv1.GetSegmentPanelRequest{Brand: brand, SegmentId: "us"})
	},
	"impact": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetLoyaltyImpact(ctx, &reportv1.GetLoyaltyImpactRequest{Brand: brand})
	},
	"tree": func(ctx context.Context, w *world) (sectioned, error) {
		return w.reports.GetMetricTree(ctx, &reportv1.GetMetricTreeRequest{Brand: brand})
	},
}

// ask asks for one within a time, which it must be answered in whatever is wrong.
func (w *world) ask(t *testing.T, name string, within time.Duration) sectioned {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	out, err := asks[name](ctx, w)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// states are the sections' by name.
func states(of sectioned) map[string]reportv1.Section_Status {
	out := map[string]reportv1.Section_Status{}
	for _, s := range of.GetSections() {
		out[s.GetName()] = s.GetStatus()
	}
	return out
}

// without are the states of a report while one service is away.
func without(whole sectioned, service string) map[string]reportv1.Section_Status {
	out := states(whole)
	for _, s := range whole.GetSections() {
		if s.GetSource() == service && s.GetStatus() == reportv1.Section_STATUS_OK {
			out[s.GetName()] = reportv1.Section_STATUS_MISSING
		}
	}
	return out
}

// heals asks until a report says again what it said when all was well.
func (w *world) heals(t *testing.T, name string, whole sectioned) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		got := w.ask(t, name, 10*time.Second)
		diff := cmp.Diff(bare(whole), bare(got), protocmp.Transform())
		if diff == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not heal (-whole +now):\n%s", name, diff)
		}
	}
}

// bare is a report without what differs each time.
func bare(of sectioned) proto.Message {
	out := proto.CloneOf(of)
	for _, s := range out.GetSections() {
		s.Took, s.AsOf = nil, nil
	}
	return out
}

// Each service is stopped in turn, then all of them, and brought back.
func TestServiceStopped(t *testing.T) {
	w := newWorld(t, monday, report.Config{Rest: 50 * time.Millisecond})
	w.live(t)
	whole := map[string]sectioned{}
	for name := range asks {
		whole[name] = w.ask(t, name, 10*time.Second)
		for _, s := range whole[name].GetSections() {
			if s.GetStatus() != reportv1.Section_STATUS_OK {
				t.Fatalf("%s: %v", name, s)
			}
		}
	}
	for _, service := range []string{"survey", "segmentation", "journey", "loyalty"} {
		w.served[service].stop()
		for name := range asks {
			want := without(whole[name], service)
			if name == "segment" && service == "segmentation" {
				want["loyalty"] = reportv1.Section_STATUS_MISSING // it asks who the members are
			}
			got := w.ask(t, name, 2*time.Second)
			if diff := cmp.Diff(want, states(got)); diff != "" {
				t.Errorf("%s without %s: %s", name, service, diff)
			}
		}
		w.served[service].start()
		for name := range asks {
			w.heals(t, name, whole[name])
		}
	}
	for _, s := range w.served {
		s.stop()
	}
	for name := range asks {
		for _, s := range w.ask(t, name, 2*time.Second).GetSections() {
			if s.GetStatus() == reportv1.Section_STATUS_OK || s.GetMessage() == "" {
				t.Errorf("%s without anybody: %v", name, s)
			}
		}
	}
	for _, s := range w.served {
		s.start()
	}
	for name := range asks {
		w.heals(t, name, whole[name])
	}
}

// slow answers as late as a service does that is hardly alive.
func slow(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	late := time.NewTimer(2 * time.Second)
	defer late.Stop()
	select {
	case <-late.C:
		return next(ctx, method, req, reply, conn, opts...)
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

// Each service in turn takes two seconds; callers have one, whatever report they ask
// for. Each of them is answered in time, names what is missing of that service and has the
// rest.
func TestServiceSlow(t *testing.T) {
	w := newWorld(t, monday, report.Config{Rest: 200 * time.Millisecond})
	w.live(t)
	whole := map[string]sectioned{}
	for name := range asks {
		whole[name] = w.ask(t, name, 10*time.Second)
	}
	for _, service := range []string{"survey", "segmentation", "journey", "loyalty"} {
		w.served[service].fault.set(slow)
		left := 0
		for range 5 {
			for name := range asks {
				began := time.Now()
				got := w.ask(t, name, time.Second)
				if diff := cmp.Diff(without(whole[name], service), states(got)); diff != "" {
					t.Errorf("%s, %s slow: %s", name, service, diff)
				}
				if time.Since(began) < 500*time.Millisecond {
					left++
				}
			}
		}
		if left == 0 {
			t.Errorf("%s is waited for by every report", service)
		}
		w.served[service].fault.set(nil)
		for name := range asks {
			w.heals(t, name, whole[name])
		}
	}
}

// flaky fails some of the calls: unreachable, which may be tried again, or broken.
type flaky struct {
	mu     sync.Mutex
	random *rand.Rand
	failed int
}

func (f *flaky) in(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	f.mu.Lock()
	luck := f.random.IntN(100)
	if luck < 20 {
		f.failed++
	}
	f.mu.Unlock()
	switch {
	case luck < 15:
		return status.Error(codes.Unavailable, "connection refused at 10.0.0.7")
	case luck < 20:
		return status.Error(codes.Internal, "disk of 10.0.0.7")
	}
	return next(ctx, method, req, reply, conn, opts...)
}

// Every service fails at random: what is answered is right, what is not is named.
func TestServicesFailAtRandom(t *testing.T) {
	w := newWorld(t, monday, report.Config{Rest: 20 * time.Millisecond})
	w.live(t)
	whole := map[string]sectioned{}
	for name := range asks {
		whole[name] = w.ask(t, name, 10*time.Second)
	}
	f := &flaky{random: rand.New(rand.NewPCG(1, 2))}
	for _, s := range w.served {
		s.fault.set(f.in)
	}
	good, bad := 0, 0
	for range 20 {
		for name := range asks {
			got := w.ask(t, name, 5*time.Second)
			for i, s := range got.GetSections() {
				switch {
				case s.GetStatus() == whole[name].GetSections()[i].GetStatus():
					good++
				case s.GetMessage() == "" || s.GetStatus() == reportv1.Section_STATUS_ABSENT:
					t.Errorf("%s: %v", name, s)
				default:
					bad++
				}
			}
			holdWhatIsThere(t, name, whole[name], got)
		}
	}
	if good == 0 || bad == 0 || f.failed == 0 {
		t.Errorf("%d sections answered, %d not, %d calls failed: nothing was tried", good, bad, f.failed)
	}
	for _, s := range w.served {
		s.fault.set(nil)
	}
	for name := range asks {
		w.heals(t, name, whole[name])
	}
}
