package importer

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

// rejects writes the rows that did not get in, ours and the server's alike. The
// head is written with the first of them, so that an empty file means none.
type rejects struct {
	mu  sync.Mutex
	out *csv.Writer
	any bool
}

func newRejects(w io.Writer) *rejects {
	if w == nil {
		return &rejects{}
	}
	return &rejects{out: csv.NewWriter(w)}
}

// add writes one row. An error of the file is told by flush.
func (r *rejects) add(bad *mapping.Reject) {
	if r.out == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.any {
		r.any = true
		_ = r.out.Write([]string{"file", "line", "reason", "field", "message", "row"}) // kept for flush
	}
	_ = r.out.Write([]string{bad.File, strconv.FormatInt(bad.Line, 10), bad.Reason, bad.Field, bad.Text, bad.Raw}) // kept for flush
}

func (r *rejects) flush() error {
	if r.out == nil {
		return nil
	}
	r.out.Flush()
	if err := r.out.Error(); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

// refused is what the server says about a row.
func refused(file string, line int64, raw string, status *spb.Status) *mapping.Reject {
	e := fault.FromStatus(status)
	bad := &mapping.Reject{File: file, Line: line, Reason: e.Reason, Text: e.Text, Raw: raw}
	if bad.Reason == "" {
		bad.Reason = e.Code.String()
	}
	var paths, texts []string
	for _, f := range e.Fields {
		paths, texts = append(paths, f.Path), append(texts, f.Path+" "+f.Text)
	}
	if len(texts) > 0 {
		bad.Field = strings.Join(paths, " ")
		bad.Text += ": " + strings.Join(texts, "; ")
	}
	return bad
}
