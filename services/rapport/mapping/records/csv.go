package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csv reads RFC 4180 with the liberties of real exports: a quote inside an
// unquoted cell, or inside a quoted one of a single line where no cell ends, is
// an ordinary character; lines may end in LF or CRLF; empty lines are skipped.
type csv struct {
	lines    *lines
	comma    byte
	encoding Encoding
	names    []string
	bound    []int // index of the column for each bound cell

	buf   []byte   // text of the record being read
	plain []byte   // cells whose doubled quotes were undone
	cells [][]byte // parts of buf and plain
}

func newCSV(in *lines, f Format) (*csv, error) {
	c := &csv{lines: in, comma: f.Delimiter, encoding: f.Encoding, names: f.Columns}
	if c.comma == 0 {
		c.comma = ','
	}
	if c.names != nil {
		return c, nil
	}
	_, err := c.read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("head of the file: %w", err)
	}
	c.names = make([]string, len(c.cells))
	for i, cell := range c.cells {
		name, ok := c.encoding.text(cell)
		if !ok {
			return nil, errors.New("head of the file: the text is not UTF-8; say which encoding it is")
		}
		c.names[i] = strings.TrimSpace(name)
	}
	return c, nil
}

func (c *csv) bind(columns []string) error {
	c.bound = make([]int, len(columns))
	for i, want := range columns {
		c.bound[i] = -1
		for j, have := range c.names {
			switch {
			case have != want:
			case c.bound[i] >= 0:
				return fmt.Errorf("column %q stands twice in the file", want)
			default:
				c.bound[i] = j
			}
		}
		if c.bound[i] < 0 {
			return fmt.Errorf("no column %q; the file has %s", want, strings.Join(c.names, ", "))
		}
	}
	return nil
}

func (c *csv) next() (Record, error) {
	line, err := c.read()
	if err != nil {
		return Record{}, err
	}
	r := Record{Line: line, Raw: trimBreak(c.buf), Cells: make([]string, len(c.bound))}
	for i, column := range c.bound {
		text, ok := c.encoding.text(c.cells[column])
		if !ok {
			return Record{}, &Malformed{Line: line, Reason: ReasonEncoding, Raw: r.Raw,
				Text: fmt.Sprintf("column %q is not UTF-8", c.names[column])}
		}
		r.Cells[i] = text
	}
	return r, nil
}

// read fills buf and cells with the next record and gives its first line.
func (c *csv) read() (int64, error) {
	var err error
	for {
		c.buf, err = c.lines.next(c.buf[:0])
		if err == nil && len(trimBreak(c.buf)) == 0 {
			continue
		}
		break
	}
	start, first := c.lines.number, len(c.buf)
	if errors.Is(err, errLong) {
		return 0, c.malformed(start, first, ReasonRow, err.Error())
	}
	if err != nil {
		return 0, err
	}
	state := c.split()
	for state == open {
		// A quoted cell is still open: it goes on in the next line.
		had := len(c.buf)
		c.buf, err = c.lines.next(c.buf)
		switch {
		case errors.Is(err, io.EOF):
			return 0, c.malformed(start, first, ReasonRow, "a quoted cell is never closed")
		case errors.Is(err, errLong), err == nil && (len(c.buf) > maxRecord || c.lines.number-start >= maxLines):
			return 0, c.malformed(start, first, ReasonRow, "a quoted cell is not closed within 1,000 lines and 1 MiB")
		case err != nil:
			return 0, err
		}
		// Splitting starts over, so it is worth it only where a quote may close.
		if bytes.IndexByte(c.buf[had:], '"') >= 0 {
			state = c.split()
		}
	}
	if state == broken {
		return 0, c.malformed(start, first, ReasonRow, "a quote stands alone in a quoted cell of several lines")
	}
	if c.names != nil && len(c.cells) != len(c.names) {
		text := fmt.Sprintf("%d cells where the head has %d", len(c.cells), len(c.names))
		return 0, c.malformed(start, first, ReasonColumns, text)
	}
	return start, nil
}

// malformed gives up the first line alone and takes the others back: a stray
// quote in one row must not take along the rows behind it.
func (c *csv) malformed(line int64, first int, reason, text string) error {
	raw := bytes.Clone(trimBreak(c.buf[:first]))
	if read := c.lines.number - line; read > 0 {
		c.lines.back(c.buf[first:], read)
	}
	return &Malformed{Line: line, Reason: reason, Text: text, Raw: raw}
}

// state is what a text is as a record.
type state int

const (
	whole  state = iota
	open         // its last cell is quoted and not closed
	broken       // no text behind it can make it whole
)

// split cuts buf into cells.
func (c *csv) split() state {
	c.cells, c.plain = c.cells[:0], c.plain[:0]
	text := trimBreak(c.buf)
	for at := 0; ; {
		var cell []byte
		var end int
		if at < len(text) && text[at] == '"' {
			var s state
			if cell, end, s = c.quoted(text, at+1); s != whole {
				return s
			}
		} else {
			end = len(text)
			if i := bytes.IndexByte(text[at:], c.comma); i >= 0 {
				end = at + i
			}
			cell = text[at:end]
		}
		c.cells = append(c.cells, cell)
		if end == len(text) {
			return whole
		}
		at = end + 1
	}
}

// quoted reads a cell from behind its opening quote to the delimiter or the end.
// A cell of several lines must be quoted by the rules: if it were read as kindly
// as one of a single line, an opening quote that was never meant as one would
// find its end in another row and make one of many.
func (c *csv) quoted(text []byte, start int) (cell []byte, end int, s state) {
	kept, copied := len(c.plain), false // doubled quotes are undone in plain
	lone := false
	for at := start; ; {
		i := bytes.IndexByte(text[at:], '"')
		if i < 0 && lone {
			return nil, 0, broken
		}
		if i < 0 {
			return nil, 0, open
		}
		quote := at + i
		if copied {
			c.plain = append(c.plain, text[at:quote]...)
		}
		at = quote + 1
		switch {
		case at == len(text) || text[at] == c.comma:
			switch {
			case lone && bytes.IndexByte(text[start:quote], '\n') >= 0:
				return nil, 0, broken
			case copied:
				return c.plain[kept:len(c.plain):len(c.plain)], at, whole
			}
			return text[start:quote], at, whole
		case text[at] == '"':
			if !copied {
				c.plain, copied = append(c.plain, text[start:quote]...), true
			}
			at++
		default:
			lone = true
		}
		if copied {
			c.plain = append(c.plain, '"')
		}
	}
}
