package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
)

// What `make run` does: fill, report, tell the addresses, serve until interrupted;
// and once more on the same data.
func TestDemoServes(t *testing.T) {
	data := t.TempDir()
	for i, want := range []string{" answers made in ", "demo: holds a demo; "} {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		read, write := io.Pipe()
		cmd := root(nil)
		cmd.SetArgs([]string{"demo", "--serve", "--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0",
			"--stores", "16", "--responses", "300", "--days", "20", "--live", "6000"})
		cmd.SetOut(write)
		ended := make(chan error, 1)
		go func() {
			ended <- cmd.ExecuteContext(ctx)
			write.Close()
		}()
		server, seen := "", ""
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			seen += lines.Text() + "\n"
			if addr, ok := strings.CutPrefix(lines.Text(), "gRPC  "); ok {
				server = addr
			}
			if strings.HasPrefix(lines.Text(), "Ctrl-C") {
				break
			}
		}
		if !strings.Contains(seen, want) || !strings.Contains(seen, "nps.network by channel") || server == "" {
			interrupt()
			t.Fatalf("start %d: %v\n%s", i+1, <-ended, seen)
		}
		if out := must(t, "report", "--server", server); !strings.Contains(out, "csi.visit") {
			t.Error(out)
		}
		interrupt()
		if err := <-ended; err != nil {
			t.Errorf("start %d ended with %v", i+1, err)
		}
	}
}
