package records

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errLong is a physical line that no record may have.
var errLong = errors.New("the line is longer than 1 MiB")

// lines gives physical lines, each with its line break, and takes them back.
type lines struct {
	in      *bufio.Reader
	pending []byte // taken back, given out again before in
	number  int64  // of the line given last
}

// next appends the next line to buf. At the end it is io.EOF. A line that is too
// long is read to its end, and only its beginning is appended.
func (l *lines) next(buf []byte) ([]byte, error) {
	if len(l.pending) > 0 {
		cut := bytes.IndexByte(l.pending, '\n') + 1
		if cut == 0 {
			cut = len(l.pending)
		}
		buf = append(buf, l.pending[:cut]...)
		l.pending = l.pending[cut:]
		l.number++
		return buf, nil
	}
	start, long := len(buf), false
	for {
		piece, err := l.in.ReadSlice('\n')
		if len(buf)-start+len(piece) <= maxRecord {
			buf = append(buf, piece...)
		} else {
			long = true
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(buf) > start || long):
			// The last line has no line break.
		case err != nil:
			return buf, err
		}
		l.number++
		if long {
			return buf, errLong
		}
		return buf, nil
	}
}

// back takes back what was read last: text holds n lines.
func (l *lines) back(text []byte, n int64) {
	rest := make([]byte, 0, len(text)+len(l.pending))
	l.pending = append(append(rest, text...), l.pending...)
	l.number -= n
}

// trimBreak drops a line break at the end.
func trimBreak(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}
