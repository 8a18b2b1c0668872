// Package records reads files of records, CSV or NDJSON, packed with gzip or
// not, one record at a time: a file of any size needs the memory of its longest
// record.
//
// Files of other people are never quite right. A record that cannot be read is
// told with its line and its text and the reader goes on with the next line, so
// that one stray quote never swallows what stands behind it.
package records

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// maxRecord bounds a physical line, and with it a record.
	maxRecord = 1 << 20
	// maxLines bounds the lines of one record: a stray opening quote is given up
	// after so many.
	maxLines = 1000
)

// Format says how a file is to be read. The zero value is CSV as RFC 4180 has
// it: comma, UTF-8, names in the first line.
type Format struct {
	// JSON: every line is one JSON object; otherwise CSV.
	JSON bool
	// Delimiter stands between the cells; 0 is a comma.
	Delimiter byte
	// Encoding of the text and the one tried where a cell is not UTF-8.
	Encoding Encoding
	// Columns are the names of the columns if the file itself has none.
	Columns []string
}

// Record is one row of a file: the cells of the columns that were bound, in
// their order.
type Record struct {
	// Line is the first physical line of the record, from 1.
	Line int64
	// Cells are as they stand in the file, neither trimmed nor changed.
	Cells []string
	// Raw is the text of the record without its last line break. It is valid
	// until the next call of Next.
	Raw []byte
}

// Malformed is a record that cannot be read; those behind it can.
type Malformed struct {
	Line   int64
	Reason string
	Text   string
	Raw    []byte
}

// Error says where and why.
func (m *Malformed) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.Text) }

// Reasons of a Malformed, for a program.
const (
	ReasonRow      = "ROW_MALFORMED"
	ReasonColumns  = "ROW_COLUMNS"
	ReasonEncoding = "ROW_ENCODING"
)

// Reader reads one file. It is for one goroutine.
type Reader struct {
	lines  *lines
	format Format
	parse  interface{ next() (Record, error) }
	names  []string
	file   *os.File
	meter  *meter
	size   int64
}

// Open opens a file and reads its head.
func Open(path string, f Format) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	stat, err := file.Stat()
	if err == nil && stat.IsDir() {
		err = errors.New("is a folder")
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r, err := New(file, f)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file, r.size = file, stat.Size()
	return r, nil
}

// New reads from in, unpacking it if it is packed, and reads the head.
func New(in io.Reader, f Format) (*Reader, error) {
	r := &Reader{format: f, meter: &meter{in: in}}
	buffered := bufio.NewReaderSize(r.meter, 64<<10)
	// Known by what it is, not by its name: exports are renamed by hand.
	if head, _ := buffered.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, err
		}
		buffered = bufio.NewReaderSize(unpacked, 64<<10)
	}
	if err := skipMark(buffered); err != nil {
		return nil, err
	}
	r.lines = &lines{in: buffered}
	if f.JSON {
		r.parse = &ndjson{lines: r.lines, encoding: f.Encoding}
		return r, nil
	}
	parse, err := newCSV(r.lines, f)
	if err != nil {
		return nil, err
	}
	r.parse, r.names = parse, parse.names
	return r, nil
}

// Bind chooses the columns that Next gives. A CSV file must have each of them
// exactly once; a JSON object may lack any.
func (r *Reader) Bind(columns []string) error {
	if j, ok := r.parse.(*ndjson); ok {
		j.bind(columns)
		return nil
	}
	return r.parse.(*csv).bind(columns)
}

// Next is the next record; io.EOF at the end, *Malformed for a record that
// cannot be read (call again for the next). Any other error is final.
func (r *Reader) Next() (Record, error) { return r.parse.next() }

// Progress is how many bytes of the file were read, and how many it has; 0 if
// that is not known.
func (r *Reader) Progress() (read, size int64) { return r.meter.read, r.size }

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// skipMark drops the mark some programs write before UTF-8.
func skipMark(in *bufio.Reader) error {
	head, _ := in.Peek(3)
	switch s := string(head); {
	case s == "\xef\xbb\xbf":
		_, err := in.Discard(3)
		return err
	case strings.HasPrefix(s, "\xff\xfe"), strings.HasPrefix(s, "\xfe\xff"):
		return errors.New("the file is UTF-16; save it as UTF-8")
	}
	return nil
}

// meter counts the bytes taken from a file.
type meter struct {
	in   io.Reader
	read int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.read += int64(n)
	return n, err
}
