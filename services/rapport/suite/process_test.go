package suite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/journey"
	"github.com/rapport-cx/rapport/services/segmentation"
	"github.com/rapport-cx/rapport/services/survey"
)

// serviceEnv makes this binary a server of the service it names, to be killed.
const (
	serviceEnv = "SUITE_TEST_SERVICE"
	dataEnv    = "SUITE_TEST_DATA"
	dbEnv      = "SUITE_TEST_DB"
	redisEnv   = "SUITE_TEST_REDIS"
	// atEnv has the addresses of all services, in the order of names.
	atEnv = "SUITE_TEST_AT"
)

// names are the services of the suite.
var names = []string{"segmentation", "journey", "survey"}

func TestMain(m *testing.M) {
	if os.Getenv(serviceEnv) == "" {
		os.Exit(m.Run())
	}
	if err := serve(os.Getenv(serviceEnv)); err != nil {
		fmt.Fprintln(os.Stderr, os.Getenv(serviceEnv), err)
		os.Exit(1)
	}
}

// serve is one service as a process serves it. It says when it is ready, and drains
// and ends with its standard input, so that it never outlives its test.
func serve(name string) error {
	ctx := context.Background()
	brands, err := config.LoadBrands("")
	if err != nil {
		return err
	}
	at := map[string]string{}
	for i, address := range strings.Split(os.Getenv(atEnv), ",") {
		at[names[i]] = address
	}
	cfg := app.Config{GRPC: at[name], MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: time.Second}
	guard, err := access.New(access.Config{}, brands, cfg.Loopback())
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	if err != nil {
		return err
	}
	a, err := app.New(cfg, guard, tel)
	if err != nil {
		return err
	}
	near, err := reach(a.DialService, at)
	if err != nil {
		return err
	}
	service, err := bind(ctx, name, ground(os.Getenv(dataEnv), os.Getenv(dbEnv), os.Getenv(redisEnv)), brands, guard, tel, near)
	if err != nil {
		return err
	}
	a.Bind(service)
	if err := a.Start(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return a.Stop()
}

func ground(data, db, redis string) floor.Config {
	return floor.Config{DB: db, Data: data, Redis: redis, FoldMemory: 64 << 20}
}

func bind(ctx context.Context, name string, on floor.Config, brands *config.Brands, guard *access.Guard, tel *telemetry.Telemetry, near clients) (s app.Service, err error) {
	switch name {
	case "segmentation":
		_, s, err = segmentation.Bind(ctx, on, segmentation.Config{}, brands, guard, tel, segmentation.Neighbours{Survey: near.survey, Journey: near.journey})
	case "journey":
		_, s, err = journey.Bind(ctx, on, lake, brands, guard, tel, journey.Neighbours{Segmentation: near.segmentation, Survey: near.survey})
	case "survey":
		_, s, err = survey.Bind(ctx, on, brands, guard, tel, survey.Neighbours{Segmentation: near.segmentation, Journey: near.journey})
	}
	return s, err
}

var lake = journey.Config{LakeMemory: 32 << 20}

// clients are ways to the three services.
type clients struct {
	segmentation segmentationv1.SegmentationServiceClient
	journey      journeyv1.JourneyServiceClient
	survey       surveyv1.SurveyServiceClient
}

// reach connects to the services, whether or not they are there yet.
func reach(dial func(string) (*grpc.ClientConn, error), at map[string]string) (c clients, err error) {
	conns := map[string]*grpc.ClientConn{}
	for _, name := range names {
		if conns[name], err = dial(at[name]); err != nil {
			return c, err
		}
	}
	return clients{
		segmentation: segmentationv1.NewSegmentationServiceClient(conns["segmentation"]),
		journey:      journeyv1.NewJourneyServiceClient(conns["journey"]),
		survey:       surveyv1.NewSurveyServiceClient(conns["survey"]),
	}, nil
}

// process is a server that can be killed as nothing can be cleaned up after.
type process struct {
	// kill is kill -9, stop lets it finish what it is at.
	kill, stop func()
}

// start runs a service and waits until it serves.
func start(t *testing.T, name string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), serviceEnv+"="+name), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	end := func(how func() error) func() {
		return func() {
			once.Do(func() { _ = how(); _ = cmd.Wait(); _ = in.Close() })
		}
	}
	p := &process{kill: end(cmd.Process.Kill), stop: end(in.Close)}
	t.Cleanup(p.kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%s said %q and not that it is ready: %v", name, line, err)
	}
	return p
}

// plainDial connects to a service; one that comes back is found at once.
func plainDial(address string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	soon := grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, MaxDelay: 200 * time.Millisecond},
		MinConnectTimeout: 5 * time.Second,
	}
	return grpc.NewClient(address, append(opts, grpc.WithConnectParams(soon), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}
