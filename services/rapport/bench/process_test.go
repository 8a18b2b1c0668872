package bench

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const deadline = time.Minute

type sequence struct{ n atomic.Int64 }

func (s *sequence) next() int64 { return s.n.Add(1) }

// process is a server in a process of its own.
type process struct {
	cmd  *exec.Cmd
	addr string
}

// launch starts this binary in a role and waits until it answers.
func launch(tb testing.TB, role string, env ...string) *process {
	tb.Helper()
	p := &process{addr: freePort(tb)}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), append(env, roleEnv+"="+role, "BENCH_LISTEN="+p.addr)...)
	p.cmd.Stdout, p.cmd.Stderr = os.Stderr, os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
	})
	for until := time.Now().Add(deadline); ; {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			_ = c.Close()
			return p
		}
		if time.Now().After(until) {
			tb.Fatalf("%s does not answer: %v", role, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// dial opens the number of connections that load is spread over.
func (p *process) dial(tb testing.TB, n int) []*grpc.ClientConn {
	tb.Helper()
	conns := make([]*grpc.ClientConn, n)
	for i := range conns {
		c, err := grpc.NewClient(p.addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = c.Close() })
		conns[i] = c
	}
	return conns
}

// ticksPerSecond is what Linux counts processor time in.
const ticksPerSecond = 100

// usage is processor time by who used it.
type usage struct{ client, server, database time.Duration }

func (u usage) total() time.Duration { return u.client + u.server + u.database }

func (u usage) since(before usage, calls int) usage {
	n := time.Duration(calls)
	return usage{(u.client - before.client) / n, (u.server - before.server) / n, (u.database - before.database) / n}
}

// cpu is the processor time used so far by this process, the servers, and the
// databases and caches that this process started.
func cpu(servers ...*process) usage {
	u := usage{client: selfCPU()}
	for _, p := range servers {
		u.server += ticks(strconv.Itoa(p.cmd.Process.Pid))
	}
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		pid := filepath.Base(filepath.Dir(name))
		if c := string(bytes.TrimSpace(comm)); (c == "postgres" || c == "redis-server") && ours(pid) {
			u.database += ticks(pid)
		}
	}
	return u
}

func selfCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ticks reads the user and system time of a process and of its children that ended.
func ticks(pid string) time.Duration {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var n int64
	for _, f := range fields[11:15] {
		v, _ := strconv.ParseInt(f, 10, 64)
		n += v
	}
	return time.Duration(n) * time.Second / ticksPerSecond
}

// ours tells whether a process descends from this one.
func ours(pid string) bool {
	self := strconv.Itoa(os.Getpid())
	for pid != "" && pid != "0" && pid != "1" {
		if pid == self {
			return true
		}
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return false
		}
		pid = strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[1]
	}
	return false
}

// resident is the memory a process holds, in MiB.
func (p *process) resident() int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	return pages * int64(os.Getpagesize()) >> 20
}

// call makes one empty call.
func call(ctx context.Context, c *grpc.ClientConn, in, out any) error {
	return c.Invoke(ctx, "/bench.Echo/Call", in, out)
}
