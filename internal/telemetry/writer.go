package telemetry

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// flushEvery bounds how long a line waits for company.
	flushEvery = 100 * time.Millisecond
	// flushSize is enough for one write to be worth its system call.
	flushSize = 64 << 10
	// bufferSize bounds the memory of lines that cannot be written yet.
	bufferSize = 4 << 20
	// patience bounds how long a caller waits for a sink that does not move.
	patience = time.Second
)

// Writer collects lines in memory and writes many at once, from a goroutine of
// its own: a log line then costs a copy, not a system call.
//
// A sink that does not move, such as the pipe of a stopped reader, must not stop
// the service. Once the buffer is full a caller waits for a while; if the sink is
// still stuck its line, and those after it, are dropped and counted until the
// sink moves, and the count is written then.
type Writer struct {
	out  io.Writer
	wake chan struct{} // there is something to write
	now  chan struct{} // write without waiting for company
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu      sync.Mutex
	buf     []byte
	spare   []byte
	written chan struct{} // closed and replaced after each write
	writing bool
	stuck   bool
	dropped int
	closed  bool
	err     error
}

// NewWriter starts writing to out.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{
		out:     out,
		wake:    make(chan struct{}, 1),
		now:     make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
		written: make(chan struct{}),
	}
	go w.run()
	return w
}

// Write takes one line. It always reports success: nobody can act on a log that
// fails, and Close tells the last error.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		// Whoever logs after the end still gets his line out.
		_, _ = w.out.Write(line)
		return len(line), nil
	}
	if len(w.buf)+len(line) > bufferSize && len(w.buf) > 0 && !w.room(len(line)) {
		w.dropped++
		return len(line), nil
	}
	first := len(w.buf) == 0
	w.buf = append(w.buf, line...)
	if first {
		signal(w.wake)
	}
	if len(w.buf) >= flushSize {
		signal(w.now)
	}
	return len(line), nil
}

// room waits, with the lock given back meanwhile, until n bytes fit.
func (w *Writer) room(n int) bool {
	if w.stuck {
		return false
	}
	signal(w.now)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for len(w.buf)+n > bufferSize && len(w.buf) > 0 {
		if !w.wait(timer.C) {
			w.stuck = true
			return false
		}
	}
	return true
}

// wait waits for the next write to end; false if the timer was first.
func (w *Writer) wait(timer <-chan time.Time) bool {
	next := w.written
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-next:
		return true
	case <-timer:
		return false
	}
}

// Flush returns when everything taken so far is written, or after a second if
// the sink does not move.
func (w *Writer) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	// Two writes at most hold what was taken before: the one that runs and the next.
	for i := 0; i < 2 && (len(w.buf) > 0 || w.writing) && !w.stuck; i++ {
		signal(w.now)
		if !w.wait(timer.C) {
			return
		}
	}
}

// Close writes what is left and reports the last error of the sink.
func (w *Writer) Close() error {
	w.once.Do(func() { close(w.stop) })
	select {
	case <-w.done:
	case <-time.After(5 * patience):
		return fmt.Errorf("write the log: the sink does not move")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *Writer) run() {
	defer close(w.done)
	company := time.NewTimer(flushEvery)
	defer company.Stop()
	for {
		select {
		case <-w.wake:
			company.Reset(flushEvery)
			select {
			case <-company.C:
			case <-w.now:
			case <-w.stop:
			}
		case <-w.now:
		case <-w.stop:
			for !w.finished() {
				w.flush()
			}
			return
		}
		w.flush()
	}
}

// finished closes the writer once nothing is left, in one step: a line is either
// in the last write or after it.
func (w *Writer) finished() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = len(w.buf) == 0
	return w.closed
}

// flush writes the buffer while callers fill the other one.
func (w *Writer) flush() {
	w.mu.Lock()
	lines := w.buf
	w.buf, w.spare = w.spare[:0], nil
	w.writing = true
	w.mu.Unlock()
	var err error
	if len(lines) > 0 {
		_, err = w.out.Write(lines)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
	}
	// A buffer grown by a burst is not kept for ever.
	if cap(lines) <= 4*flushSize {
		w.spare = lines
	}
	w.writing, w.stuck = false, false
	if w.dropped > 0 {
		w.buf = fmt.Appendf(w.buf, `{"time":%q,"level":"WARN","msg":"log lines dropped","count":%d}`+"\n",
			time.Now().Format(time.RFC3339Nano), w.dropped)
		w.dropped = 0
		signal(w.wake)
	}
	close(w.written)
	w.written = make(chan struct{})
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
