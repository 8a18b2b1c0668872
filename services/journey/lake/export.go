package lake

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// Days writes rows of any struct with parquet tags as files of the lake's layout, one
// a day: FOLDER/TABLE/brand=BRAND/month=2025-03/2025-03-07.parquet. Engines read it
// beside the events. What was exported of a day before is replaced when the new file
// is whole. It is used by one goroutine.
type Days[T any] struct {
	folder, table, brand string

	open map[calendar.Day]*dayFile[T]
	done []string
}

// dayFile is a day that is being written.
type dayFile[T any] struct {
	path   string
	file   *os.File
	writer *parquet.GenericWriter[T]
	rows   []T
}

// NewDays begins to export a table of a brand.
func NewDays[T any](folder, table, brand string) *Days[T] {
	return &Days[T]{folder: folder, table: table, brand: brand, open: map[calendar.Day]*dayFile[T]{}}
}

const (
	// rowsAtOnce is how many rows of a day are handed on together.
	rowsAtOnce = 1 << 10
	// openAtMost bounds how many days are written at the same time. A day that comes
	// again after it was closed would replace itself, so rows should come about in the
	// order of their days.
	openAtMost = 400
)

// Add takes a row of a day. Rows of up to 400 days may come mixed; of more, each day's
// must come before those of days 400 later.
func (d *Days[T]) Add(day calendar.Day, row T) error {
	f := d.open[day]
	if f == nil {
		if len(d.open) == openAtMost {
			if err := d.closeOldest(); err != nil {
				return err
			}
		}
		var err error
		if f, err = d.begin(day); err != nil {
			return err
		}
		d.open[day] = f
	}
	if f.rows = append(f.rows, row); len(f.rows) == rowsAtOnce {
		return f.flush()
	}
	return nil
}

func (d *Days[T]) begin(day calendar.Day) (*dayFile[T], error) {
	inside := path.Join(d.table, "brand="+d.brand, "month="+day.String()[:len("2006-01")], day.String()+written)
	to := filepath.Join(d.folder, filepath.FromSlash(inside))
	if slices.Contains(d.done, to) {
		return nil, fmt.Errorf("rows of %s come too late: its file is whole", day)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(to + unfinished)
	if err != nil {
		return nil, err
	}
	return &dayFile[T]{path: to, file: file, writer: newWriter[T](file)}, nil
}

func (f *dayFile[T]) flush() error {
	_, err := f.writer.Write(f.rows)
	f.rows = f.rows[:0]
	return err
}

func (d *Days[T]) closeOldest() error {
	oldest := calendar.Day(1 << 30)
	for day := range d.open {
		oldest = min(oldest, day)
	}
	return d.finish(oldest)
}

// finish makes a day's file whole and gives it its name.
func (d *Days[T]) finish(day calendar.Day) error {
	f := d.open[day]
	delete(d.open, day)
	err := f.flush()
	if err == nil {
		err = f.writer.Close()
	}
	if err == nil {
		_, err = settle(f.file)
	}
	if err == nil {
		err = os.Rename(f.path+unfinished, f.path)
	}
	if err != nil {
		_ = f.file.Close()
		_ = os.Remove(f.path + unfinished)
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	d.done = append(d.done, f.path)
	return nil
}

// Close makes all files whole and returns their paths.
func (d *Days[T]) Close() ([]string, error) {
	for len(d.open) > 0 {
		if err := d.closeOldest(); err != nil {
			return d.done, err
		}
	}
	return d.done, nil
}

// Abort leaves what is not whole unwritten.
func (d *Days[T]) Abort() {
	for day, f := range d.open {
		_ = f.file.Close()
		_ = os.Remove(f.path + unfinished)
		delete(d.open, day)
	}
}
