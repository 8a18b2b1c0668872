package lake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// Ever is all days.
var Ever = calendar.Days{From: -1 << 30, Until: 1 << 30}

// orphaned is how old a file must be that no manifest names before it is taken for
// one that a crash left behind and not for one that is about to be named.
const orphaned = time.Hour

// Sweep removes files that were replaced longer than the grace ago, and what crashes
// left behind. It returns how many.
func (l *Lake) Sweep(ctx context.Context, brand string) (int, error) {
	// First the folder, then the table: a file that is named meanwhile is seen there.
	found, err := l.walk(brand)
	if err != nil {
		return 0, err
	}
	died, err := l.store.all(ctx, brand)
	if err != nil {
		return 0, err
	}
	removed := 0
	var gone []string
	before := l.clock().Add(-l.cfg.Grace).UnixMicro()
	for p, at := range died {
		if at == 0 || at > before {
			continue
		}
		if err := os.Remove(l.local(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		gone = append(gone, p)
		removed++
	}
	for p, changed := range found {
		if _, named := died[p]; named || l.clock().Sub(changed) < max(orphaned, l.cfg.Grace) {
			continue
		}
		if err := os.Remove(l.local(p)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, err
		}
		removed++
	}
	if len(gone) == 0 {
		return removed, nil
	}
	return removed, l.store.forget(ctx, brand, gone)
}

// walk are the files of ours in a brand's folder, and when they were last changed.
func (l *Lake) walk(brand string) (map[string]time.Time, error) {
	found := map[string]time.Time{}
	root := l.local(folder(brand))
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed by another sweep, or nothing was ever sealed
		}
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(root, at)
		if err != nil || !strings.HasSuffix(at, written) && !strings.HasSuffix(at, unfinished) {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			found[path.Join(folder(brand), filepath.ToSlash(inside))] = info.ModTime()
		}
		return err
	})
	return found, err
}
