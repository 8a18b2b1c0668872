package importer

import (
	"fmt"

	"github.com/schollz/progressbar/v3"
)

// progress tells how far a file is, by its bytes: how many rows there are is
// only known at the end.
type progress struct {
	run   *run
	name  string
	bar   *progressbar.ProgressBar
	tenth int64
}

func (r *run) progress(name string) *progress {
	return &progress{run: r, name: name}
}

// at tells that so much was read.
func (p *progress) at(read, size, rows int64) {
	out := p.run.opts.Progress
	if out == nil || size == 0 {
		return
	}
	if !p.run.opts.Terminal {
		// What is read ahead is not done yet: the end has a line of its own.
		if tenth := read * 10 / size; tenth > p.tenth && tenth < 10 {
			p.tenth = tenth
			fmt.Fprintf(out, "%s: %d %%, %d rows\n", p.name, tenth*10, rows)
		}
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(size, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(barEvery), progressbar.OptionSetDescription(p.name))
	}
	_ = p.bar.Set64(read) // a terminal that cannot be written to stops nothing
}

// end tells that the file is done, and leaves a bar full on a line of its own.
func (p *progress) end(rows int64) {
	switch out := p.run.opts.Progress; {
	case out == nil:
	case p.bar != nil:
		_ = p.bar.Finish() // as above
		fmt.Fprintln(out)
	case !p.run.opts.Terminal:
		fmt.Fprintf(out, "%s: done, %d rows\n", p.name, rows)
	}
}
