package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// reach is how a client command gets at the services: it asks a server, or with
// --embedded opens the database itself, as one more replica that lives for as
// long as the command.
type reach struct {
	// Server is who is asked.
	Server string `flag:"server" default:"127.0.0.1:9090" help:"address of the gRPC server to ask"`
	// TLS is for servers behind a proxy that speaks it.
	TLS bool `flag:"tls" help:"speak TLS to the server"`
	// Certified is for servers whose certificate nobody else knows, or that ask for ours.
	Certified app.Certified
	// Embedded asks no server.
	Embedded bool `flag:"embedded" help:"ask no server: open --data, or --db, in this process"`
	Access   access.Shown
	// Kept is what --embedded opens; a server has its own.
	Kept keeping
}

// patience is how long a server may take to answer the telephone.
const patience = 5 * time.Second

// dial connects, and tells what to do if nobody is there. Embedded are the
// services that the command needs.
func (r *reach) dial(ctx context.Context, needed ...string) (*grpc.ClientConn, func() error, error) {
	if r.Embedded {
		return r.embed(ctx, needed)
	}
	token, err := r.Access.TokenFile.Read()
	if err != nil {
		return nil, nil, err
	}
	line := insecure.NewCredentials()
	if secret := r.Certified.Client(); secret != nil {
		line = secret
	} else if r.TLS {
		line = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(line), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64 << 20))}
	if len(token) > 0 {
		options = append(options, grpc.WithPerRPCCredentials(bearer(token)))
	}
	conn, err := grpc.NewClient(r.Server, options...)
	if err != nil {
		return nil, nil, fmt.Errorf("--server %s: %w", r.Server, err)
	}
	if !answers(ctx, conn) {
		return nil, nil, errors.Join(fmt.Errorf("no server answers at %s: start one with `rapport serve`, name another with --server, or add --embedded to open the database in this process", r.Server), conn.Close())
	}
	return conn, conn.Close, nil
}

// answers waits until the connection stands or has failed once.
func answers(ctx context.Context, conn *grpc.ClientConn) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn.Connect()
	for {
		switch s := conn.GetState(); s {
		case connectivity.Ready:
			return true
		case connectivity.TransientFailure, connectivity.Shutdown:
			return false
		default:
			if !conn.WaitForStateChange(ctx, s) {
				return false
			}
		}
	}
}

// bearer shows the token, also over a private network without TLS.
type bearer string

// GetRequestMetadata is the header of one call.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity leaves that to --tls.
func (bearer) RequireTransportSecurity() bool { return false }

// embed starts services in this process, without listeners.
func (r *reach) embed(ctx context.Context, needed []string) (*grpc.ClientConn, func() error, error) {
	cfg := &serving{
		App:       app.Config{MaxMessage: 4 << 20, MaxStreams: 1024, Deadline: 10 * time.Minute, Grace: 15 * time.Second},
		Telemetry: telemetry.Config{LogLevel: slog.LevelWarn},
		Kept:      r.Kept,
	}
	s, err := start(ctx, cfg, needed)
	if err != nil {
		return nil, nil, err
	}
	conn, err := s.app.Dial()
	if err != nil {
		return nil, nil, s.stop(ctx, err)
	}
	return conn, func() error { return s.stop(ctx, conn.Close()) }, nil
}

// stop drains at once. What went wrong before comes first in the error.
func (s *served) stop(ctx context.Context, before error) error {
	return errors.Join(before, s.app.Stop(), s.tel.Close(context.WithoutCancel(ctx)))
}

// zoneOf is the zone of a brand's days. Every answer about a metric names it, and
// low.share is there for every brand.
func zoneOf(ctx context.Context, client surveyv1.SurveyServiceClient, brand string) (*time.Location, error) {
	resp, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: brand, Metric: "low.share", Window: &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 1}},
	})
	if err != nil {
		return nil, err
	}
	return time.LoadLocation(resp.GetZone())
}

// plain tells an error to a person: without gRPC's own wording, and with the
// fields that were wrong.
func plain(err error) string {
	text := err.Error()
	for {
		before, rest, found := strings.Cut(text, "rpc error: code = ")
		if !found {
			break
		}
		code, rest, _ := strings.Cut(rest, " desc = ")
		if code == "NotFound" {
			rest = "not found: " + rest
		}
		text = before + rest
	}
	for _, f := range fault.From(err).Fields {
		if !strings.Contains(text, f.Text) {
			text += "; " + f.Path + " " + f.Text
		}
	}
	return text
}
