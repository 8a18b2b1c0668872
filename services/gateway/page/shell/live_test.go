package shell_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// TestWhoMayNotWatchMayLook: a page whose stream is refused stays true by being looked at;
// one whose service is away ends, and comes back by itself; past the seats there is none.
func TestWhoMayNotWatchMayLook(t *testing.T) {
	draining := make(chan struct{})
	cfg := &shell.Config{
		Seats: make(shell.Seats, 1), Draining: draining, Log: slog.New(slog.DiscardHandler),
		Outgoing: func(r *http.Request, _ string) (context.Context, error) { return r.Context(), nil },
	}
	stage := &shell.Stage[string]{
		Config: cfg, Prepare: func(context.Context, string) error { return nil },
		Read: func(_ *http.Request, q url.Values) (string, error) { return q.Get("brand"), nil },
		Refuse: func(w http.ResponseWriter, _ string, err error) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		},
	}
	serve := func(told error) *httptest.Server {
		server := httptest.NewServer(stage.Live(shell.Watch[string]{
			Told: func(context.Context, string) (func() error, error) { return nil, told },
			Draw: func(context.Context, string) []shell.Drawing { return []shell.Drawing{{ID: "x", Version: "1"}} },
		}))
		t.Cleanup(server.Close)
		return server
	}
	get := func(ctx context.Context, at string) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		_, err = io.Copy(io.Discard, got.Body)
		return got.StatusCode, err
	}
	if code, err := get(t.Context(), serve(nil).URL+"/live"); code != http.StatusBadRequest || err != nil {
		t.Errorf("no brand: %d, %v", code, err)
	}
	if code, err := get(t.Context(), serve(fault.Unavailable(nil, "gone")).URL+"/live?brand=demo"); code != http.StatusOK || err != nil {
		t.Errorf("a service that is away: %d, %v", code, err)
	}
	open, shut := context.WithTimeout(t.Context(), 2*time.Second)
	defer shut()
	refused := serve(fault.Denied(nil, "no"))
	ended := make(chan error, 1)
	go func() { _, err := get(open, refused.URL+"/live?brand=demo"); ended <- err }()
	for len(cfg.Seats) == 0 {
		time.Sleep(time.Millisecond)
	}
	if code, _ := get(t.Context(), refused.URL+"/live?brand=demo"); code != http.StatusServiceUnavailable {
		t.Errorf("past the seats: %d", code)
	}
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who may not watch ended: %v", err)
	}
}
