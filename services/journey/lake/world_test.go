package lake

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey/record"
)

const brand = "acme"

// start is the first day that tests live in: the last of a month.
var start = calendar.DayOn(2025, time.January, 31)

// world is a log, lakes over it and a clock that tests move.
type world struct {
	t      testing.TB
	db     *sqldb.DB
	log    *feed.Log
	folder string

	mu     sync.Mutex
	now    time.Time
	people *people.Mapping
}

func newWorld(t testing.TB, db *sqldb.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, log: feed.New(db), folder: t.TempDir(), people: &people.Mapping{}}
	w.today(start)
	if err := feed.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := w.lake(0).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	sqldbtest.Each(t, func(t *testing.T, db *sqldb.DB) { fn(t, newWorld(t, db)) })
}

// lake is another replica's.
func (w *world) lake(memory int64) *Lake {
	l := New(Config{
		Folder: w.folder, Memory: memory,
		Zone:   func(string) *calendar.Zone { return calendar.UTC },
		People: func(string) *people.Mapping { w.mu.Lock(); defer w.mu.Unlock(); return w.people },
	}, w.db, w.log, w.clock, slog.New(slog.DiscardHandler))
	l.bounds = bounds{apart: 6, few: 30, atOnce: 50}
	return l
}

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) today(d calendar.Day) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = calendar.UTC.StartOf(d).Add(time.Hour)
}

func (w *world) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// happening is an event on a day, some minutes after its beginning.
func happening(who int64, kind string, day calendar.Day, minute int) record.Packed {
	return record.Packed{Who: who, Kind: kind, Channel: commonv1.Channel_CHANNEL_WEB,
		Subjects: []record.Subject{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, ID: fmt.Sprint("s", minute%3)}},
		Order:    fmt.Sprintf("o%d", who), At: calendar.UTC.StartOf(day).UnixMicro() + int64(minute)*60e6, Amount: int64(minute)}
}

// fact is a version of an event, or what takes it out; of is 0 for a first one.
func fact(p record.Packed, kind int16, of int64) feed.Fact {
	d := int32(calendar.UTC.DayOf(time.UnixMicro(p.At)))
	return feed.Fact{Kind: kind, Day: d, Day2: d, Who: p.Who, Of: of, Data: p.Append(nil)}
}

// record commits facts at once.
func (w *world) record(facts ...feed.Fact) []feed.Fact {
	w.t.Helper()
	if _, _, err := w.log.Append(w.t.Context(), brand, facts, w.clock()); err != nil {
		w.t.Fatal(err)
	}
	return facts
}

func (w *world) seal(l *Lake, compact bool) Sealed {
	w.t.Helper()
	done, err := l.Seal(w.t.Context(), brand, compact)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

func (w *world) files(l *Lake) []File {
	w.t.Helper()
	files, err := l.Files(w.t.Context(), brand)
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}
