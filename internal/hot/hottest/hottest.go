// Package hottest gives tests a real Redis that they may starve, stop and lie
// through. It reaches no binary.
package hottest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis gives the address of an empty Redis for one test: a database of the
// one RAPPORT_TEST_REDIS names, else a private server.
func Redis(t testing.TB) string {
	t.Helper()
	shared := os.Getenv("RAPPORT_TEST_REDIS")
	if shared == "" {
		return Start(t).URL()
	}
	return database(t, shared)
}

// databases are given out in turn; another process that does the same begins
// elsewhere.
var databases atomic.Int64

func database(t testing.TB, address string) string {
	t.Helper()
	opts, err := redis.ParseURL(address)
	if err != nil {
		t.Fatalf("RAPPORT_TEST_REDIS: %v", err)
	}
	opts.DB = 1 + int((int64(os.Getpid())+databases.Add(1))%15)
	client := redis.NewClient(opts)
	defer client.Close()
	if err := client.FlushDB(context.Background()).Err(); err != nil {
		t.Fatalf("RAPPORT_TEST_REDIS: %v", err)
	}
	base, _, _ := strings.Cut(address, "?")
	if scheme, rest, _ := strings.Cut(base, "://"); strings.Contains(rest, "/") {
		base = scheme + "://" + rest[:strings.IndexByte(rest, '/')]
	}
	return fmt.Sprintf("%s/%d", base, opts.DB)
}

// Server is a private Redis of one test. It keeps nothing on disk and ends
// with the test, or with the test process if that is killed.
type Server struct {
	t      testing.TB
	dir    string
	args   []string
	port   int
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has ended
	client *redis.Client
}

// Start starts a server on a free port. Where redis-server is not installed
// the test is skipped, except in CI, where it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	return start(t)
}

// StartCluster starts a Cluster of one node, which refuses what a Cluster
// refuses: commands whose keys lie in different slots.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := start(t, "--cluster-enabled", "yes")
	ctx := context.Background()
	if err := s.client.ClusterAddSlotsRange(ctx, 0, 16383).Err(); err != nil {
		t.Fatalf("redis cluster: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		info, err := s.client.ClusterInfo(ctx).Result()
		if err == nil && strings.Contains(info, "cluster_state:ok") {
			return s
		}
	}
	t.Fatal("redis cluster: not ready")
	return nil
}

func start(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is not installed")
		}
		t.Skip("redis-server is not installed")
	}
	s := &Server{t: t, dir: t.TempDir(), args: args}
	t.Cleanup(s.kill)
	// Somebody may take the free port before the server does: then another.
	for range 5 {
		s.port = freePort(t)
		s.client = redis.NewClient(&redis.Options{
			Addr: s.addr(), MaxRetries: -1, DialerRetries: 1, Protocol: 2, DisableIdentity: true,
		})
		if s.run() {
			return s
		}
		_ = s.client.Close()
	}
	t.Fatal("redis-server does not start")
	return nil
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *Server) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL is the server's address; it survives Restart.
func (s *Server) URL() string { return "redis://" + s.addr() + "/0" }

// run starts the process and waits until it answers.
func (s *Server) run() bool {
	s.t.Helper()
	args := append([]string{
		"--port", fmt.Sprint(s.port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--dir", s.dir, "--logfile", "redis.log",
	}, s.args...)
	s.cmd = exec.Command("redis-server", args...)
	if err := startTied(s.cmd); err != nil {
		s.t.Fatalf("redis-server: %v", err)
	}
	cmd, ended := s.cmd, make(chan struct{})
	s.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		select {
		case <-ended:
			return false
		case <-time.After(2 * time.Millisecond):
		}
		// A bare connection first: go-redis tells standard error of every refusal.
		conn, err := net.Dial("tcp", s.addr())
		if err != nil {
			continue
		}
		_ = conn.Close()
		if s.client.Ping(context.Background()).Err() == nil {
			return true
		}
	}
	return false
}

func (s *Server) kill() {
	if s.client != nil {
		_ = s.client.Close()
	}
	if s.ended != nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// Shutdown ends the server as an operator would, and returns when it has ended.
func (s *Server) Shutdown() {
	s.t.Helper()
	_ = s.client.ShutdownNoSave(context.Background())
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		s.t.Fatal("redis-server does not shut down")
	}
}

// Restart starts it again, empty, at the same address.
func (s *Server) Restart() {
	s.t.Helper()
	if !s.run() {
		s.t.Fatal("redis-server does not start again")
	}
}

// Pause makes it accept connections and answer nothing, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("redis-server: %v: %v", sig, err)
	}
}
