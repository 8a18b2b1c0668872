package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// printing is how a command tells what it did.
type printing struct {
	// JSON is for programs.
	JSON bool `flag:"json" help:"print JSON"`
}

// print writes v as JSON or lets a person's form be written.
func (p printing) print(w io.Writer, v any, forPeople func(io.Writer) error) error {
	if !p.JSON {
		return forPeople(w)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// terminal tells whether a person looks at the file right now.
func terminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }

// meter shows how far long work is: a bar on a terminal, elsewhere a line every
// few seconds, since nobody wants a bar in a log.
type meter struct {
	what string
	out  *os.File
	bar  *progressbar.ProgressBar
	next time.Time
}

const meterEvery = 3 * time.Second

func newMeter(what string) *meter {
	return &meter{what: what, out: os.Stderr, next: time.Now().Add(meterEvery)}
}

// at tells that so much of all is done.
func (m *meter) at(done, all int64) {
	if !terminal(m.out) {
		if now := time.Now(); now.After(m.next) && all > 0 {
			m.next = now.Add(meterEvery)
			fmt.Fprintf(m.out, "%s: %d of about %d (%d %%)\n", m.what, done, all, done*100/all)
		}
		return
	}
	if m.bar == nil {
		m.bar = progressbar.NewOptions64(all, progressbar.OptionSetWriter(m.out), progressbar.OptionSetDescription(m.what),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	m.bar.ChangeMax64(all)
	_ = m.bar.Set64(done) // a terminal that cannot be written to stops nothing
}

// end clears the bar away.
func (m *meter) end() {
	if m.bar != nil {
		_ = m.bar.Finish() // as above
	}
}
