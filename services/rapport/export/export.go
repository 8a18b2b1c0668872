// Package export writes what services tell as Parquet files in the layout of the
// lake: FOLDER/TABLE/brand=B/month=2025-03/2025-03-07.parquet. Any engine that reads
// the lake's events reads them beside it.
//
// A day's file is replaced when the new one is whole, and files of days that have no
// rows any more are taken away at the end, so an export run again is the same as one
// made afresh. Customers are numbers; nothing else in a row is personal.
package export

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/lake"
)

// Ask says what to export and where to.
type Ask struct {
	Brand, Folder string
	// Zone is the brand's: what a day is.
	Zone *calendar.Zone
	// Comments also exports what people wrote. It may name people.
	Comments bool
	// Progress is told how many rows were read, of about how many; nil: nobody.
	Progress func(read, about int64)
}

func (a *Ask) progress(read, about int64) {
	if a.Progress != nil {
		a.Progress(read, max(read, about))
	}
}

// Summary is what was written.
type Summary struct {
	Brand string `json:"brand"`
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Files int    `json:"files"`
	// Removed are files of an earlier export whose days have no rows any more.
	Removed int `json:"removed"`
	// First and Last are the days of the first and the last row, empty without any.
	First    string        `json:"first_day,omitempty"`
	Last     string        `json:"last_day,omitempty"`
	Duration time.Duration `json:"duration_nanos"`
}

// table writes the files of one table, a day after the other.
type table[T any] struct {
	ask  *Ask
	name string
	// open is the day that is being written, day.
	open *lake.Days[T]
	day  calendar.Day
	// files are the paths of those that are whole.
	files map[string]bool
	days  calendar.Days
	rows  int64
}

func newTable[T any](ask *Ask, name string) *table[T] {
	return &table[T]{ask: ask, name: name, files: map[string]bool{}}
}

// add writes a row of a day. All rows of a day come together.
func (t *table[T]) add(day calendar.Day, row T) error {
	if t.open != nil && day != t.day {
		if err := t.finish(); err != nil {
			return err
		}
	}
	if t.open == nil {
		t.open, t.day = lake.NewDays[T](t.ask.Folder, t.name, t.ask.Brand), day
		if t.rows == 0 {
			t.days = calendar.Days{From: day, Until: day + 1}
		}
		t.days = calendar.Days{From: min(t.days.From, day), Until: max(t.days.Until, day+1)}
	}
	t.rows++
	return t.open.Add(day, row)
}

// finish makes the file of the open day whole.
func (t *table[T]) finish() error {
	if t.open == nil {
		return nil
	}
	written, err := t.open.Close()
	t.open = nil
	for _, path := range written {
		if t.files[path] {
			return fmt.Errorf("rows of %s came twice: run the export again", t.day)
		}
		t.files[path] = true
	}
	return err
}

// abort leaves the open day unwritten: its former file stays.
func (t *table[T]) abort() {
	if t.open != nil {
		t.open.Abort()
	}
}

// close ends the export: what was there of other days goes.
func (t *table[T]) close(start time.Time) (Summary, error) {
	if err := t.finish(); err != nil {
		return Summary{}, err
	}
	out := Summary{Brand: t.ask.Brand, Table: t.name, Rows: t.rows, Files: len(t.files)}
	if t.rows > 0 {
		out.First, out.Last = t.days.From.String(), (t.days.Until - 1).String()
	}
	root := filepath.Join(t.ask.Folder, t.name, "brand="+t.ask.Brand)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == root {
			return filepath.SkipAll // there never was a row
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".parquet") || t.files[path] {
			return err
		}
		out.Removed++
		return os.Remove(path)
	})
	out.Duration = time.Since(start)
	return out, err
}

// channelText is the name of a channel as the lake writes it.
func channelText(c commonv1.Channel) string {
	if c == commonv1.Channel_CHANNEL_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(c.String(), "CHANNEL_")
}

// modeText is the name of a contact mode in the same manner.
func modeText(m commonv1.ContactMode) string {
	if m == commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(m.String(), "CONTACT_MODE_")
}

// subjectsText is a JSON array of texts such as "STORE:17", as in the lake.
func subjectsText(subjects []*commonv1.SubjectRef) string {
	texts := make([]string, len(subjects))
	for i, s := range subjects {
		texts[i] = strings.TrimPrefix(s.GetKind().String(), "SUBJECT_KIND_") + ":" + s.GetId()
	}
	return jsonText(texts)
}

// jsonText writes texts, or texts by name, which never fails.
func jsonText[T []string | map[string]string](v T) string {
	out, _ := json.Marshal(v)
	return string(out)
}
