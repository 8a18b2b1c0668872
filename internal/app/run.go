package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/rapport-cx/rapport/internal/fault"
)

// Run serves until ctx ends or a listener breaks, then drains.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	return a.Wait(ctx)
}

// Wait is the rest of Run, for those who want to tell the addresses after Start.
func (a *App) Wait(ctx context.Context) error {
	var broken error
	select {
	case <-ctx.Done():
	case broken = <-a.failed:
	}
	return errors.Join(broken, a.Stop())
}

// Draining ends the wait of HTTP handlers that push for as long as a page is open:
// a drain would wait for them to the end of its grace.
func (a *App) Draining() <-chan struct{} { return a.steps.draining.Done() }

// Start listens and serves in the background. The first health check is done
// when it returns. Whether it works or not, Stop must follow.
func (a *App) Start(ctx context.Context) error {
	if err := prepareRules(a.outer); err != nil {
		return err
	}
	var err error
	if a.grpcAt, err = listen(ctx, a.cfg.GRPC); err != nil {
		return err
	}
	if a.httpAt, err = listen(ctx, a.cfg.HTTP); err != nil {
		return err
	}
	// Neighbours come first: a service may ask them whether it is ready.
	a.serve(func() error { return a.inner.Serve(a.memory) })
	// The checks outlive ctx: a drain ends them itself, after saying NOT_SERVING.
	checks, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stopChecks = stop
	a.poll(checks)
	if a.grpcAt != nil {
		a.serve(func() error { return a.outer.Serve(a.grpcAt) })
	}
	if a.httpAt != nil {
		a.serve(a.serveWeb)
	}
	a.tel.Log.Info("serving", "grpc", told(a.grpcAt), "http", told(a.httpAt), "open", a.guard.Open())
	return nil
}

func (a *App) serveWeb() error {
	if a.web.TLSConfig = a.cfg.TLS.server(false); a.web.TLSConfig != nil {
		return a.web.ServeTLS(a.httpAt, "", "")
	}
	return a.web.Serve(a.httpAt)
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// told is the address for the log; empty where nothing listens.
func told(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

func (a *App) serve(run func() error) {
	go func() {
		err := run()
		if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
			a.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
}

// prepareRules compiles the validation rules of all requests, so that a rule that
// cannot be compiled stops the start and not the first caller.
func prepareRules(s *grpc.Server) error {
	for service := range s.GetServiceInfo() {
		if err := fault.PrepareValidation(service); err != nil {
			return err
		}
	}
	return nil
}

// Stop drains: health says NOT_SERVING, new calls from outside are refused with
// Unavailable, those in flight finish within the grace period, and then the
// services are closed, the last bound first. A second call waits for the first
// and returns the same.
func (a *App) Stop() error { return a.stop() }

func (a *App) drain() error {
	if a.stopChecks != nil {
		a.stopChecks()
		a.checking.Wait()
	}
	a.health.Shutdown()
	if a.cfg.Linger > 0 {
		time.Sleep(a.cfg.Linger)
	}
	a.steps.drain()
	grace, cancel := context.WithTimeout(context.Background(), a.cfg.Grace)
	defer cancel()
	// Outside first, side by side; then nobody is left to call a neighbour.
	web := make(chan error, 1)
	go func() { web <- a.stopWeb(grace) }()
	errs := []error{stopGRPC(grace, a.outer)}
	errs = append(errs, <-web, stopGRPC(grace, a.inner))
	for _, l := range []net.Listener{a.grpcAt, a.httpAt} {
		if l != nil {
			_ = l.Close() // only a failed start left it open
		}
	}
	closing, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	for i := len(a.checks) - 1; i >= 0; i-- {
		if c := a.checks[i].service; c.Close != nil {
			if err := c.Close(closing); err != nil {
				errs = append(errs, fmt.Errorf("close %s: %w", c.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// closeTime bounds what comes after the grace period: handlers whose callers were
// cut off return, and services write back and close.
const closeTime = 10 * time.Second

// stopGRPC lets calls finish until ctx ends, then cuts them off: their callers
// read Unavailable. It returns when no handler runs.
func stopGRPC(ctx context.Context, s *grpc.Server) error {
	finished := make(chan struct{})
	go func() {
		s.GracefulStop()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
	}
	go s.Stop()
	select {
	case <-finished:
		return nil
	case <-time.After(closeTime):
		return errors.New("a handler does not return after its caller was cut off")
	}
}

func (a *App) stopWeb(ctx context.Context) error {
	if err := a.web.Shutdown(ctx); err == nil {
		return nil
	}
	return a.web.Close()
}
