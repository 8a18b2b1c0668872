package telemetry

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// sink hands each write to the test, and blocks until it is let go.
type sink struct {
	mu    sync.Mutex
	text  bytes.Buffer
	gate  chan struct{} // nil: never blocks
	wrote chan struct{}
}

func (s *sink) Write(p []byte) (int, error) {
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	s.text.Write(p)
	s.mu.Unlock()
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func TestNoLineIsLostAtACleanExit(t *testing.T) {
	out := &sink{}
	w := NewWriter(out)
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for j := range each {
				fmt.Fprintf(w, "line %d %d of a usual length of a log line, which is some two hundred bytes or so\n", i, j)
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(w, "line after the end")
	if got := strings.Count(out.String(), "line "); got != writers*each+1 {
		t.Errorf("%d lines of %d", got, writers*each+1)
	}
	if err := w.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func TestALineLeavesByItself(t *testing.T) {
	out := &sink{wrote: make(chan struct{}, 1)}
	w := NewWriter(out)
	defer w.Close()
	fmt.Fprintln(w, "alone")
	<-out.wrote
	if out.String() != "alone\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestFlushReturnsWhenWritten(t *testing.T) {
	out := &sink{}
	w := NewWriter(out)
	defer w.Close()
	for i := range 100 {
		fmt.Fprintf(w, "%d\n", i)
		w.Flush()
		if !strings.HasSuffix(out.String(), fmt.Sprintf("%d\n", i)) {
			t.Fatalf("line %d is not out", i)
		}
	}
}

func TestAStuckSinkDoesNotStopTheService(t *testing.T) {
	out := &sink{gate: make(chan struct{})}
	w := NewWriter(out)
	line := bytes.Repeat([]byte("x"), 1<<20)
	line[len(line)-1] = '\n'
	// One buffer is held by the stuck write, one is full; the next lines are
	// dropped, the first after the wait, the others at once.
	for range 15 {
		w.Write(line)
	}
	w.Flush()
	close(out.gate)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	kept := strings.Count(text, "\n") - 1
	if kept < 4 || kept > 9 || !strings.Contains(text, fmt.Sprintf(`"count":%d}`, 15-kept)) {
		t.Errorf("%d kept, the end is %q", kept, text[len(text)-120:])
	}
}
