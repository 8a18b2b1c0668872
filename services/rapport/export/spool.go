package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/encoding/protodelim"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// spool puts events aside by day, in files that are gone afterwards: what is exported
// need not fit into memory, but a day.
type spool struct {
	folder string
	// held is what is not in the files yet; bytes is how much that is.
	held  map[calendar.Day]*bytes.Buffer
	bytes int
}

// spoolMemory is how much is held at most.
const spoolMemory = 64 << 20

// newSpool lies beside what is exported, since that is where there is room.
func newSpool(folder string) (*spool, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp(folder, ".aside-")
	return &spool{folder: aside, held: map[calendar.Day]*bytes.Buffer{}}, err
}

func (s *spool) remove() error { return os.RemoveAll(s.folder) }

func (s *spool) file(day calendar.Day) string { return filepath.Join(s.folder, day.String()) }

func (s *spool) add(day calendar.Day, e *journeyv1.Event) error {
	b := s.held[day]
	if b == nil {
		b = &bytes.Buffer{}
		s.held[day] = b
	}
	n, err := protodelim.MarshalTo(b, e)
	if s.bytes += n; err == nil && s.bytes >= spoolMemory {
		err = s.flush()
	}
	return err
}

// flush appends what is held to the files.
func (s *spool) flush() error {
	for day, b := range s.held {
		if b.Len() == 0 {
			continue
		}
		f, err := os.OpenFile(s.file(day), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = b.WriteTo(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("put %s aside: %w", day, err)
		}
		s.held[day] = &bytes.Buffer{} // what it had grown to is let go of
	}
	s.bytes = 0
	return nil
}

// days are those that have events, ascending.
func (s *spool) days() []calendar.Day { return slices.Sorted(maps.Keys(s.held)) }

// read calls fn with the events of a day, in the order in which they came.
func (s *spool) read(day calendar.Day, fn func(*journeyv1.Event)) error {
	f, err := os.Open(s.file(day))
	if err != nil {
		return err
	}
	defer f.Close()
	from := bufio.NewReader(f)
	for {
		e := &journeyv1.Event{}
		err := protodelim.UnmarshalOptions{MaxSize: math.MaxInt}.UnmarshalFrom(from, e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", day, err)
		}
		fn(e)
	}
}
