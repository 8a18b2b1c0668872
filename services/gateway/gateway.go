// Package gateway is the suite over HTTP. It owns no fact: every answer is asked
// of the services over gRPC, with the caller's deadline and credentials.
//
//	/v1/…          JSON for every public RPC, errors as google.rpc.Status
//	/openapi.json  what those are
//	/              the page, /live what moves it
package gateway

import (
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/config"
)

// Config is what the gateway is told when it is made. It has no settings of its
// own: bounds are those of the process.
type Config struct {
	// Brands are the brands shown, in order of preference.
	Brands *config.Brands
	// MaxBody bounds a request's body; of an import, each chunk of it.
	MaxBody int64
	// Clock tells which day it is.
	Clock func() time.Time
	// Draining ends pages that watch, so that they reconnect to another replica.
	Draining <-chan struct{}
	Log      *slog.Logger
}
