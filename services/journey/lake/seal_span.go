package lake

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/record"
)

var errMuch = errors.New("too many events for one go")

// news is what the log says of some days behind their files.
type news struct {
	*tail[Row]
	// rows are the events that hold, and changed the buckets that any fact is about.
	rows    [Buckets][]Row
	changed [Buckets]bool
}

// sealSpan makes days one span, up to the head: what the files of these days have
// and what the log says behind them. Only buckets that change are written, if the
// days are one span already.
func (s *sealing) sealSpan(ctx context.Context, days calendar.Days, limit int) error {
	n, err := s.news(ctx, days, limit)
	if err != nil {
		return err
	}
	c := swap{days: days, upto: s.head.Seq}
	olds := s.at.within(days)
	same := len(olds) == 1 && olds[0].Days == days
	err = s.write(n, olds, same, &c)
	if err == nil && len(c.dead)+len(c.born) == 0 && !same {
		return nil // facts of another kind
	}
	if err == nil {
		err = s.lake.store.swap(ctx, s.brand, s.at.version, c, s.lake.clock())
	}
	var bad *damaged
	if errors.As(err, &bad) {
		// What cannot be read is sealed anew, from the log alone.
		s.lake.discard(c.born)
		if err := s.abandon(ctx, bad); err != nil {
			return err
		}
		return s.sealSpan(ctx, days, limit)
	}
	if err != nil {
		s.lake.discard(c.born)
		return fmt.Errorf("seal %s of %s: %w", days.From, s.brand, err)
	}
	s.at = s.at.after(c)
	for _, f := range c.born {
		s.done.Files++
		s.done.Events += f.Events
	}
	return nil
}

// news reads the log behind the files of days.
func (s *sealing) news(ctx context.Context, days calendar.Days, limit int) (*news, error) {
	n := &news{tail: newTail(func(r *Row) int64 { return r.EventID })}
	for d := days.From; d < days.Until; d++ {
		err := s.lake.versions(ctx, s.brand, d, s.at.upto(d), s.head.Seq, func(f *feed.Fact, p *record.Packed) error {
			if limit > 0 && len(n.events) >= limit {
				return errMuch
			}
			n.add(p.Sign, newRow(f, p))
			n.changed[bucket(p.Who, p.Order)] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	n.each(func(_ int, r *Row) {
		b := bucket(r.CustomerID, r.OrderID)
		n.rows[b] = append(n.rows[b], *r)
	})
	return n, nil
}

// write writes the new files of a change, a bucket at a time.
func (s *sealing) write(n *news, olds []span, same bool, c *swap) error {
	for b := range Buckets {
		rows := n.rows[b]
		n.rows[b] = nil
		var old []File
		for _, o := range olds {
			for _, f := range o.files {
				if int(f.Bucket) == b {
					old = append(old, f)
				}
			}
		}
		if len(rows)+len(old) == 0 || same && !n.changed[b] {
			continue
		}
		for i := range old {
			was, err := s.lake.rows(&old[i])
			if err != nil {
				return err
			}
			for j := range was {
				if !n.drops(was[j].EventID) {
					rows = append(rows, was[j])
				}
			}
		}
		c.dead = append(c.dead, old...)
		if len(rows) == 0 {
			continue
		}
		sortRows(rows)
		f := File{Path: name(s.brand, c.days, b), Days: c.days, Bucket: int32(b), Events: int64(len(rows)),
			UptoSeq: c.upto, SealedAt: s.lake.clock().UnixMicro()}
		var err error
		if f.Size, err = write(s.lake.local(f.Path), rows); err != nil {
			return err
		}
		c.born = append(c.born, f)
	}
	return nil
}

// abandon takes a span with a damaged file out of the manifest.
func (s *sealing) abandon(ctx context.Context, bad *damaged) error {
	o := s.at.of(bad.days.From)
	s.lake.warn.Warn("lake: sealing anew what cannot be read", "brand", s.brand, "error", bad)
	c := swap{days: bad.days, dead: o.files}
	if err := s.lake.store.swap(ctx, s.brand, s.at.version, c, s.lake.clock()); err != nil {
		return err
	}
	s.at = s.at.after(c)
	return nil
}

// discard removes files that no manifest names. What fails is swept later.
func (l *Lake) discard(files []File) {
	for _, f := range files {
		_ = os.Remove(l.local(f.Path))
	}
}
