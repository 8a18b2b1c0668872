package survey_test

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
	"google.golang.org/grpc/credentials/insecure"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/survey"
)

// dataEnv makes this binary a server on the folder it names, to be killed.
const (
	dataEnv  = "SURVEY_TEST_DATA"
	dbEnv    = "SURVEY_TEST_DB"
	redisEnv = "SURVEY_TEST_REDIS"
)

func TestMain(m *testing.M) {
	if os.Getenv(dataEnv) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve is the service as a process serves it. It tells its address and ends
// with its standard input, so that it never outlives its test.
func serve() error {
	ctx := context.Background()
	brands, err := config.LoadBrands("")
	if err != nil {
		return err
	}
	cfg := app.Config{GRPC: "127.0.0.1:0", MaxMessage: 4 << 20, MaxStreams: 1000, Deadline: time.Minute, Grace: time.Second}
	guard, err := access.New(access.Config{}, brands, cfg.Loopback())
	if err != nil {
		return err
	}
	tel, err := telemetry.New(ctx, telemetry.Config{}, "test", "test", io.Discard)
	if err != nil {
		return err
	}
	_, service, err := survey.Bind(ctx, processConfig(os.Getenv(dataEnv), os.Getenv(dbEnv), os.Getenv(redisEnv)), brands, guard, tel, survey.Neighbours{})
	if err != nil {
		return err
	}
	a, err := app.New(cfg, guard, tel)
	if err != nil {
		return err
	}
	a.Bind(service)
	if err := a.Start(ctx); err != nil {
		return err
	}
	fmt.Println("address", a.GRPCAddr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

func processConfig(data, db, redis string) floor.Config {
	return floor.Config{DB: db, Data: data, Redis: redis, FoldMemory: 64 << 20}
}

// process is a server that can be killed as nothing can be cleaned up after.
type process struct {
	surveyv1.SurveyServiceClient
	cmd  *exec.Cmd
	conn *grpc.ClientConn
	in   io.Closer
	end  func()
}

// startProcess runs a server; replicas of one database share the folder.
func startProcess(t *testing.T, data, db, redis string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dataEnv+"="+data, dbEnv+"="+db, redisEnv+"="+redis)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, in: in}
	p.end = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
		if p.conn != nil {
			_ = p.conn.Close()
		}
	})
	t.Cleanup(p.end)
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "address ")
	if !ok {
		t.Fatalf("the server told no address but %q: %v", line, err)
	}
	p.conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	p.SurveyServiceClient = surveyv1.NewSurveyServiceClient(p.conn)
	return p
}

// kill is kill -9.
func (p *process) kill() { p.end() }

// endLeases lets another replica take up at once what a killed one was at, as
// it may anyway after ten seconds.
func endLeases(t *testing.T, url string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE consumer_cursor SET until = 0`)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
