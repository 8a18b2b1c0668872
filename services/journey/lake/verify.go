package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// Verify reads every live file of a brand and compares it, event by event, with what
// the log up to its number says. It reports what differs and returns how many files
// it examined. Sealing may go on meanwhile.
func (l *Lake) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	m, err := l.store.manifest(ctx, brand)
	if err != nil {
		return 0, err
	}
	for i := range m.spans {
		if err := l.verifySpan(ctx, brand, &m.spans[i], report); err != nil {
			return 0, err
		}
	}
	return len(m.files), nil
}

// verifySpan compares the files of some days.
func (l *Lake) verifySpan(ctx context.Context, brand string, s *span, report func(floor.Drift)) error {
	want, err := l.fold(ctx, brand, s)
	if err != nil {
		return err
	}
	drift := func(where, reason string) {
		report(floor.Drift{Day: s.From.String(), Fold: "lake", Where: where, Seq: s.upto, Reason: reason})
	}
	for i := range s.files {
		f := &s.files[i]
		rows, err := l.rows(f)
		var bad *damaged
		if errors.As(err, &bad) {
			if live, err := l.live(ctx, brand, f.Path); err != nil || !live {
				delete(want, int(f.Bucket))
				continue // it was replaced meanwhile
			}
			drift(f.Path, bad.err.Error())
		} else if reason := differs(want[int(f.Bucket)], rows); reason != "" {
			drift(f.Path, reason)
		}
		delete(want, int(f.Bucket))
	}
	for b, rows := range want {
		drift("manifest", fmt.Sprintf("no file has the %d events of bucket %d", len(rows), b))
	}
	return nil
}

// live tells if the manifest still names a file.
func (l *Lake) live(ctx context.Context, brand, path string) (bool, error) {
	died, err := l.store.all(ctx, brand)
	at, ok := died[path]
	return ok && at == 0, err
}

// fold is what the log says of a span, by bucket and in the order of files.
func (l *Lake) fold(ctx context.Context, brand string, s *span) (map[int][]Row, error) {
	t := newTail(func(r *Row) int64 { return r.EventID })
	for d := s.From; d < s.Until; d++ {
		err := l.versions(ctx, brand, d, 0, s.upto, func(f *feed.Fact, p *record.Packed) error {
			t.add(p.Sign, newRow(f, p))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	by := map[int][]Row{}
	t.each(func(_ int, r *Row) {
		b := bucket(r.CustomerID, r.OrderID)
		by[b] = append(by[b], *r)
	})
	for _, rows := range by {
		sortRows(rows)
	}
	return by, nil
}

// differs says what is wrong with the rows of a file; empty if nothing is.
func differs(want, got []Row) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d events, the log has %d", len(got), len(want))
	}
	for i := range want {
		if want[i] != got[i] {
			return fmt.Sprintf("event %d is not as the log has event %d", got[i].EventID, want[i].EventID)
		}
	}
	return ""
}

// Forget takes all files of a brand out of the manifest: the next sealing makes them
// anew from the log. Readers notice nothing but that they have to wait.
func (l *Lake) Forget(ctx context.Context, brand string) error {
	m, err := l.store.manifest(ctx, brand)
	if err != nil || len(m.files) == 0 {
		return err
	}
	return l.store.swap(ctx, brand, m.version, swap{dead: m.files}, l.clock())
}
