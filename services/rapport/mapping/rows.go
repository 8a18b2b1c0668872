package mapping

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/rapport-cx/rapport/services/rapport/mapping/records"
)

// Reject is a row that did not become a message, or that was refused later.
type Reject struct {
	// File is the name of the file in the mapping, Line its first physical line.
	File string
	Line int64
	// Reason is for a program, Field the way to what is wrong, Text for people.
	Reason, Field, Text string
	// Raw is the row as it stands in the file.
	Raw string
}

// Error says where and why.
func (r *Reject) Error() string {
	text := fmt.Sprintf("%s:%d: ", r.File, r.Line)
	if r.Field != "" {
		text += r.Field + ": "
	}
	return text + r.Text
}

// Reasons of rows that were readable; those of others are in package records.
const (
	ReasonField  = "FIELD_INVALID"
	ReasonLookup = "LOOKUP_MISSING"
	ReasonGroup  = "GROUP_BROKEN"
)

// Data is the folder a mapping reads from. Tables are loaded when first looked
// into and stay in memory. It is for one goroutine.
type Data struct {
	m     *Mapping
	dir   string
	paths map[string]string
	told  func(*Reject)
	index map[*table]map[string][][]string
}

// Data opens a folder for a mapping. Paths replace those of files by name, as
// for an export that has another name every week; told gets each record of a
// table that cannot be read.
func (m *Mapping) Data(dir string, paths map[string]string, told func(*Reject)) (*Data, error) {
	for name := range paths {
		if _, ok := m.files[name]; !ok {
			return nil, fmt.Errorf("the mapping has no file %q", name)
		}
	}
	return &Data{m: m, dir: dir, paths: paths, told: told, index: map[*table]map[string][][]string{}}, nil
}

// open opens a file of the mapping for the columns given.
func (d *Data) open(f *file, columns []string) (*records.Reader, error) {
	path, ok := d.paths[f.name]
	if !ok {
		path = filepath.Join(d.dir, f.path)
		if filepath.IsAbs(f.path) {
			path = f.path
		}
	}
	format := f.format
	plain := strings.TrimSuffix(path, ".gz")
	format.JSON = f.kind == "ndjson" ||
		f.kind == "" && (strings.HasSuffix(plain, ".ndjson") || strings.HasSuffix(plain, ".jsonl"))
	r, err := records.Open(path, format)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", f.name, err)
	}
	if err := r.Bind(columns); err != nil {
		r.Close()
		return nil, fmt.Errorf("file %s (%s): %w", f.name, path, err)
	}
	return r, nil
}

// Row is one row, or one group of rows, and its message; nil if the mapping skips
// it. Of a row that becomes several messages each comes by itself.
type Row struct {
	// Line is the first physical line, Raw what stands in the file; "" if the row is
	// skipped.
	Line    int64
	Raw     string
	Message proto.Message
}

// Rows are the rows of a block's file, in order.
type Rows struct {
	block *Block
	made  func() proto.Message
	in    *records.Reader
	data  *Data
	scope scope
	seen  map[string]bool // values of first_of
	// queue is what came of the rows read, given out from next on.
	queue  []came
	next   int
	ended  bool
	groups groups
	alone  [1][]string // the row at hand as a group of its own
}

// came is what came of a row.
type came struct {
	row Row
	err error
}

// Open begins a block of the mapping; made gives it empty messages of the
// block's kind.
func (d *Data) Open(b *Block, made func() proto.Message) (*Rows, error) {
	r := &Rows{block: b, made: made, data: d, seen: map[string]bool{}}
	r.scope.lookups, r.scope.index = b.lookups, d.index
	r.scope.found = make([][][]string, len(b.lookups))
	r.scope.at = make([]int, len(b.lookups))
	r.groups.begin()
	for _, l := range b.lookups {
		if l.table == nil {
			continue
		}
		if err := d.load(l.table); err != nil {
			return nil, err
		}
	}
	if b.from == nil {
		return r, nil
	}
	var err error
	r.in, err = d.open(b.from, b.columns)
	return r, err
}

// Next is the next row; io.EOF at the end, *Reject for a row that cannot be
// used (call again for the next). Any other error is final.
func (r *Rows) Next() (Row, error) {
	for r.next == len(r.queue) {
		if r.ended {
			return Row{}, io.EOF
		}
		r.queue, r.next = r.queue[:0], 0
		if err := r.read(); err != nil {
			return Row{}, err
		}
	}
	out := r.queue[r.next]
	r.queue[r.next] = came{}
	r.next++
	return out.row, out.err
}

// read takes one row of the file and queues what came of it, if anything did yet.
func (r *Rows) read() error {
	if r.in == nil {
		r.ended = true
		m, err := r.make(nil)
		r.push(Row{Message: m}, err)
		return nil
	}
	rec, err := r.in.Next()
	if errors.Is(err, io.EOF) {
		r.ended = true
		r.closeAll()
		return nil
	}
	if err != nil {
		return r.data.unread(r.block.from, err)
	}
	blankOut(r.block.from, rec.Cells)
	r.at(rec.Line, rec.Cells)
	if r.block.group {
		r.alone[0] = rec.Cells
		r.scope.found[0], r.scope.lines = r.alone[:], nil
	}
	wanted, err := r.wanted()
	switch {
	case err != nil:
		r.fail(rec, err)
	case !wanted:
		r.push(Row{Line: rec.Line}, nil)
	case r.block.group:
		r.gather(rec)
	default:
		r.emit(Row{Line: rec.Line, Raw: string(rec.Raw)})
	}
	return nil
}

func (r *Rows) push(row Row, err error) { r.queue = append(r.queue, came{row, err}) }

// at makes a row the one at hand.
func (r *Rows) at(line int64, cells []string) { r.scope.line, r.scope.cells = line, cells }

// reject makes an error about a row, if there is one, a Reject that tells where
// it is.
func (r *Rows) reject(row Row, err error) error {
	if err == nil {
		return nil
	}
	line := row.Line
	var told *Reject
	if !errors.As(err, &told) {
		told = &Reject{Reason: ReasonField, Text: err.Error()}
		var field *fieldError
		if errors.As(err, &field) {
			told.Field, told.Text = field.path, field.err.Error()
			if field.line > 0 {
				line = field.line
			}
		}
	}
	told.File, told.Line, told.Raw = r.block.From(), line, row.Raw
	return told
}

// Progress is how many bytes of the file were read, and how many it has.
func (r *Rows) Progress() (read, size int64) {
	if r.in == nil {
		return 0, 0
	}
	return r.in.Progress()
}

// Close closes the file.
func (r *Rows) Close() error {
	if r.in == nil {
		return nil
	}
	return r.in.Close()
}

// unread makes what the reader says a Reject, unless it is the end or final.
func (d *Data) unread(f *file, err error) error {
	var bad *records.Malformed
	switch {
	case errors.As(err, &bad):
		return &Reject{File: f.name, Line: bad.Line, Reason: bad.Reason, Text: bad.Text, Raw: string(bad.Raw)}
	case errors.Is(err, io.EOF):
		return err
	}
	return fmt.Errorf("read file %s: %w", f.name, err)
}

// blankOut empties the cells whose text means nothing in this file.
func blankOut(f *file, cells []string) {
	if len(f.blank) == 0 {
		return
	}
	for i, cell := range cells {
		if f.blank[strings.TrimSpace(cell)] {
			cells[i] = ""
		}
	}
}
