package gateway

import (
	"time"

	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// Bind serves the gateway of services on the process's HTTP port.
func Bind(a *app.App, cfg app.Config, services Services, brands *config.Brands, tel *telemetry.Telemetry) error {
	s, err := New(Config{
		Brands: brands, MaxBody: int64(cfg.MaxMessage), Clock: time.Now, Draining: a.Draining(), Log: tel.Log,
	}, services)
	if err != nil {
		return err
	}
	a.Handle("/", s)
	return nil
}
