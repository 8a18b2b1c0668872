package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
)

// serveCustomers serves Segmentation and Journey as `rapport serve segmentation
// journey` does: each asks and follows the other. With BENCH_PROFILE=PATH each process
// leaves profiles in PATH.PID and PATH.PID.heap.
func serveCustomers(ctx context.Context) (err error) {
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		stop, err := profile(fmt.Sprintf("%s.%d", path, os.Getpid()))
		if err != nil {
			return err
		}
		defer stop()
	}
	brands, err := config.LoadBrands("")
	if err != nil {
		return err
	}
	guard, err := access.New(access.Config{}, brands, true)
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "rapport", "bench", io.Discard)
	if err != nil {
		return err
	}
	tel.Install()
	cfg := floor.Config{Data: os.Getenv("BENCH_DATA"), FoldMemory: 1 << 30, NoResults: os.Getenv("BENCH_NO_RESULTS") != ""}
	app.Memory(int64(cfg.FoldMemory))
	a, err := app.New(app.Config{GRPC: os.Getenv("BENCH_LISTEN"), MaxMessage: 16 << 20, MaxStreams: 1024, Deadline: time.Hour, Grace: deadline}, guard, tel)
	if err != nil {
		return err
	}
	inside, err := a.Dial()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inside.Close()) }()
	cfg.DB = os.Getenv("BENCH_DB_SEGMENTATION")
	_, customers, err := segmentation.Bind(ctx, cfg, segmentation.Config{}, brands, guard, tel,
		segmentation.Neighbours{Journey: journeyv1.NewJourneyServiceClient(inside)})
	if err != nil {
		return err
	}
	cfg.DB = os.Getenv("BENCH_DB_JOURNEY")
	_, events, err := journey.Bind(ctx, cfg, journey.Config{LakeMemory: 512 << 20}, brands, guard, tel,
		journey.Neighbours{Segmentation: segmentationv1.NewSegmentationServiceClient(inside)})
	if err != nil {
		return err
	}
	a.Bind(customers, events, app.Service{Name: "echo", Register: func(r grpc.ServiceRegistrar) {
		r.RegisterService(echo(func(context.Context) error { return nil }), nil)
	}})
	return a.Run(ctx)
}

// profile begins to measure processor time; stop also looks at the memory.
func profile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	heap, err := os.Create(path + ".heap")
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close(), heap.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		runtime.GC() // the heap's profile is as of the last collection
		if err := errors.Join(pprof.WriteHeapProfile(heap), f.Close(), heap.Close()); err != nil {
			fmt.Fprintln(os.Stderr, "profile:", err)
		}
	}, nil
}

// kept is where a pair of services keeps its facts, so that it can be launched again.
type kept struct {
	engine string
	env    []string
	// data has the lake in it.
	data string
}

// engines are fresh databases on both engines.
func engines(b *testing.B) []kept {
	b.Helper()
	out := []kept{{engine: "SQLite", data: b.TempDir()}, {engine: "PostgreSQL", data: b.TempDir()}}
	for i := range out {
		out[i].env = []string{"BENCH_DATA=" + out[i].data, "BENCH_NO_RESULTS=1"}
	}
	out[1].env = append(out[1].env, "BENCH_DB_SEGMENTATION="+sqldbtest.PostgresDurable(b), "BENCH_DB_JOURNEY="+sqldbtest.PostgresDurable(b))
	only := os.Getenv("BENCH_ENGINE")
	for i := range out {
		if strings.EqualFold(out[i].engine, only) {
			return out[i : i+1]
		}
	}
	return out
}

func (k kept) launch(b *testing.B) *process { return launch(b, "customers", k.env...) }

// stop ends a process and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// settle waits until a server has nothing left to do: the consumers of its logs are
// at their ends. It returns how long that took.
func settle(p *process) time.Duration {
	const quiet, look = 0.15, time.Second
	start := time.Now()
	for calm := 0; calm < 2; {
		before := cpu(p)
		time.Sleep(look)
		after := cpu(p)
		if busy := after.server - before.server + after.database - before.database; busy.Seconds() < quiet*look.Seconds() {
			calm++
		} else {
			calm = 0
		}
	}
	return time.Since(start) - 2*look
}
