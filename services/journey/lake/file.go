package lake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"github.com/rapport-cx/rapport/internal/calendar"
)

const (
	// table is the folder of events; under it engines see brand and month as columns.
	table = "events"
	// unfinished ends the names of files that are being written, which no engine reads.
	unfinished = ".writing"
	// written ends those of files that are whole.
	written = ".parquet"
)

// name is the path of a new file. It is random, so that a database restored from a
// backup never names by accident what was written after the backup.
func name(brand string, days calendar.Days, bucket int) string {
	what := days.From.String()
	if days.Len() > 1 {
		what = what[:len("2006-01")]
	}
	return path.Join(folder(brand), "month="+days.From.String()[:len("2006-01")],
		fmt.Sprintf("%s-b%02d-%08x%s", what, bucket, rand.Uint32(), written))
}

// folder is where the events of a brand lie.
func folder(brand string) string { return path.Join(table, "brand="+brand) }

// local is a path within the folder as the system writes it.
func (l *Lake) local(path string) string {
	return filepath.Join(l.cfg.Folder, filepath.FromSlash(path))
}

// write makes a file of rows and returns its size: under a name that nobody reads
// until it is whole and on the disk.
func write[T any](to string, rows []T) (size int64, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(to+unfinished, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(to + unfinished)
		}
	}()
	w := newWriter[T](f)
	for len(rows) > 0 {
		n := min(len(rows), 1<<14)
		if _, err := w.Write(rows[:n]); err != nil {
			return 0, err
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if size, err = settle(f); err != nil {
		return 0, err
	}
	return size, os.Rename(to+unfinished, to)
}

func newWriter[T any](to io.Writer) *parquet.GenericWriter[T] {
	return parquet.NewGenericWriter[T](to, parquet.Compression(&parquet.Snappy), parquet.CreatedBy("rapport", "1", ""))
}

// settle waits for the disk and closes a file.
func settle(f *os.File) (int64, error) {
	if err := f.Sync(); err != nil {
		return 0, err
	}
	stat, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return stat.Size(), f.Close()
}

// damaged says that a file of the manifest cannot be read. The log has its events.
type damaged struct {
	days calendar.Days
	path string
	err  error
}

func (d *damaged) Error() string { return fmt.Sprintf("read %s: %v", d.path, d.err) }

func (d *damaged) Unwrap() error { return d.err }

// read calls fn with a file's contents.
func (l *Lake) read(f *File, fn func(*parquet.File) error) error {
	err := func() error {
		file, err := os.Open(l.local(f.Path))
		if err != nil {
			return err
		}
		defer file.Close()
		stat, err := file.Stat()
		if err != nil {
			return err
		}
		if stat.Size() != f.Size {
			return fmt.Errorf("size is %d, not %d: %w", stat.Size(), f.Size, fs.ErrInvalid)
		}
		content, err := parquet.OpenFile(file, stat.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
			parquet.ReadBufferSize(readBuffer))
		if err != nil {
			return err
		}
		if content.NumRows() != f.Events {
			return fmt.Errorf("%d events, not %d: %w", content.NumRows(), f.Events, fs.ErrInvalid)
		}
		return fn(content)
	}()
	if err != nil {
		return &damaged{f.Days, f.Path, err}
	}
	return nil
}

// readBuffer is how much of a column is read from the disk at a time.
const readBuffer = 1 << 18

// rows reads a file whole.
func (l *Lake) rows(f *File) ([]Row, error) {
	rows := make([]Row, f.Events)
	err := l.read(f, func(content *parquet.File) error {
		r := parquet.NewGenericReader[Row](content)
		for read := 0; read < len(rows); {
			n, err := r.Read(rows[read:])
			if read += n; n == 0 {
				return errors.Join(fmt.Errorf("%d of %d events: %w", read, len(rows), err), r.Close())
			}
		}
		return r.Close()
	})
	return rows, err
}
