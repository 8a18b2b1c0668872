package hottest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestKilledTestLeavesNoServerBehind runs this test binary again, kills it as
// nothing can be cleaned up after, and waits for its server to go.
func TestKilledTestLeavesNoServerBehind(t *testing.T) {
	const child = "HOTTEST_CHILD"
	if os.Getenv(child) != "" {
		fmt.Println("address", Start(t).addr())
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to its parent")
	}
	Start(t) // skips or fails where there is no Redis
	cmd := exec.Command(os.Args[0], "-test.run", t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := readAddress(t, stdout)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); listens(address); {
		if time.Now().After(deadline) {
			t.Fatalf("the server at %s outlived its test", address)
		}
	}
}

func readAddress(t *testing.T, from io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "address "); ok {
			return address
		}
	}
	t.Fatal("the child told no address")
	return ""
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}
