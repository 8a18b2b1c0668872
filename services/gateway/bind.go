package gateway

import (
	"time"

	"google.golang.org/grpc"

	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Bind serves the gateway on the process's HTTP port. Remote is the address of
// the services; empty: they are in this process.
func Bind(a *app.App, cfg app.Config, remote string, brands *config.Brands, tel *telemetry.Telemetry) error {
	dial := a.Dial
	if remote != "" {
		dial = func() (*grpc.ClientConn, error) { return a.DialService(remote) }
	}
	conn, err := dial()
	if err != nil {
		return err
	}
	s, err := New(Config{
		Brands: brands, MaxBody: int64(cfg.MaxMessage), Clock: time.Now, Draining: a.Draining(), Log: tel.Log,
	}, conn)
	if err != nil {
		return err
	}
	a.Handle("/", s)
	return nil
}
