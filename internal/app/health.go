package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// check is the health of one service, under all of its names.
type check struct {
	service Service
	names   []string
	ready   atomic.Bool
}

func registerHealth(r grpc.ServiceRegistrar, s *health.Server) { healthpb.RegisterHealthServer(r, s) }

// poll asks all services until ctx ends. Checks then answer from memory: a
// thousand load balancers cost one ping a second.
func (a *App) poll(ctx context.Context) {
	a.askAll(ctx)
	for _, c := range a.checks {
		a.checking.Go(func() {
			tick := time.NewTicker(a.pollEvery)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					a.ask(ctx, c)
				}
			}
		})
	}
}

// askAll asks each service once, side by side.
func (a *App) askAll(ctx context.Context) {
	done := make(chan struct{})
	for _, c := range a.checks {
		go func() {
			a.ask(ctx, c)
			done <- struct{}{}
		}()
	}
	for range a.checks {
		<-done
	}
}

// ask pings one service and tells the outcome, and the process's own under "".
func (a *App) ask(ctx context.Context, c *check) {
	var err error
	if c.service.Ready != nil {
		ping, cancel := context.WithTimeout(ctx, 2*a.pollEvery)
		err = c.service.Ready(ping)
		cancel()
	}
	// A ping that the drain cut short says nothing.
	if ctx.Err() != nil {
		return
	}
	// Together, or an older view of the whole could be told after a newer.
	a.telling.Lock()
	defer a.telling.Unlock()
	if was := c.ready.Swap(err == nil); was && err != nil {
		a.tel.Log.Warn("not ready", "service", c.service.Name, "cause", err.Error())
	}
	for _, name := range c.names {
		if name != "" {
			a.health.SetServingStatus(name, serving(err == nil))
		}
	}
	all := true
	for _, other := range a.checks {
		all = all && other.ready.Load()
	}
	a.health.SetServingStatus("", serving(all))
}

func serving(yes bool) healthpb.HealthCheckResponse_ServingStatus {
	if yes {
		return healthpb.HealthCheckResponse_SERVING
	}
	return healthpb.HealthCheckResponse_NOT_SERVING
}

// healthz tells the health of each service as JSON; 503 unless all are well.
func (a *App) healthz(w http.ResponseWriter, _ *http.Request) {
	code, draining := http.StatusOK, a.steps.draining.Err() != nil
	services := make(map[string]string)
	for _, c := range a.checks {
		up := c.ready.Load() && !draining
		if !up {
			code = http.StatusServiceUnavailable
		}
		if c.service.Name != "" {
			services[c.service.Name] = serving(up).String()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"services": services})
}
