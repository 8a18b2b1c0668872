package segment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// History reads what the log says of the current version of a segment.
type History struct {
	Brand string
	DB    *sqldb.DB
	Log   feed.Reader
	Live  *Live
}

// version is what is being looked at: a segment's current version and its base.
func (h *History) version(id string) (version int32, base int64) {
	h.Live.mu.RLock()
	defer h.Live.mu.RUnlock()
	s := h.Live.segments[id]
	if s == nil {
		return 0, 0
	}
	return s.Def.GetVersion(), s.base
}

// On is who was in a segment at the end of a day, and the last fact until then.
func (h *History) On(ctx context.Context, id string, day calendar.Day) (*roaring64.Bitmap, int64, error) {
	version, base := h.version(id)
	members, seq, err := h.start(ctx, id, version, base, day)
	if err != nil {
		return nil, 0, err
	}
	err = h.Log.ReadOf(ctx, h.Brand, base, seq, func(f *feed.Fact) error {
		m, err := record.MembershipOf(f)
		if err != nil {
			return err
		}
		if m.Day > day {
			return errLater
		}
		members.Or(m.Entered)
		members.AndNot(m.Left)
		seq = f.Seq
		return nil
	})
	if errors.Is(err, errLater) {
		err = nil
	}
	return members, seq, err
}

// NotYetError says that a day is before the current version of a segment.
type NotYetError struct{ Began calendar.Day }

func (e *NotYetError) Error() string {
	return fmt.Sprintf("this version of the segment began on %s", e.Began)
}

// errLater ends a walk along the log.
var errLater = errors.New("a later day begins")

// start is the newest set that is not later than a day.
func (h *History) start(ctx context.Context, id string, version int32, base int64, day calendar.Day) (*roaring64.Bitmap, int64, error) {
	row, err := baseOn(ctx, h.DB, h.Brand, id, version, day)
	if err != nil {
		return nil, 0, err
	}
	if row != nil {
		// One that cannot be read is passed over: the log has all that it says.
		if members, err := row.set(); err == nil {
			return members, row.changed, nil
		}
	}
	first, err := h.Log.Get(ctx, h.Brand, base)
	if err != nil {
		return nil, 0, err
	}
	if len(first) == 0 {
		return nil, 0, fmt.Errorf("segment %q: its base %d is not in the log", id, base)
	}
	m, err := record.MembershipOf(&first[0])
	if err != nil {
		return nil, 0, err
	}
	if m.Day > day {
		return nil, 0, &NotYetError{Began: m.Day}
	}
	return m.Entered, base, nil
}

// Since is when a person last entered or left a segment; the zero time if neither
// happened in the current version.
func (h *History) Since(ctx context.Context, id string, person int64) (since time.Time, err error) {
	_, base := h.version(id)
	err = h.Log.ReadOf(ctx, h.Brand, base, 0, func(f *feed.Fact) error {
		m, err := record.MembershipOf(f)
		if err == nil && (m.Entered.Contains(uint64(person)) || m.Left.Contains(uint64(person))) {
			since = time.UnixMicro(f.At)
		}
		return err
	})
	return since, err
}
