package loyalty_test

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

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/telemetry"
	"github.com/rapport-cx/rapport/services/loyalty"
)

// dataEnv makes this binary a server on the folder it names, to be killed.
const (
	dataEnv = "LOYALTY_TEST_DATA"
	dbEnv   = "LOYALTY_TEST_DB"
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

// serve is the service as a process serves it. It tells its address and ends with its
// standard input, so that it never outlives its test.
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
	base := floor.Config{DB: os.Getenv(dbEnv), Data: os.Getenv(dataEnv), FoldMemory: 64 << 20}
	_, service, err := loyalty.Bind(ctx, base, loyalty.Config{SweepEvery: 5 * time.Millisecond}, brands, guard, tel, loyalty.Neighbours{})
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

// process is a server that can be killed as nothing can be cleaned up after.
type process struct {
	loyaltyv1.LoyaltyServiceClient
	// kill is kill -9.
	kill func()
}

// startProcess runs a server; replicas of one database share the folder.
func startProcess(t *testing.T, data, db string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dataEnv+"="+data, dbEnv+"="+db)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	var conn *grpc.ClientConn
	p := &process{}
	p.kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
		if conn != nil {
			_ = conn.Close()
		}
	})
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "address ")
	if !ok {
		t.Fatalf("the server told no address but %q: %v", line, err)
	}
	if conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		t.Fatal(err)
	}
	p.LoyaltyServiceClient = loyaltyv1.NewLoyaltyServiceClient(conn)
	return p
}
