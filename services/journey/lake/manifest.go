package lake

import (
	"cmp"
	"slices"
	"sort"

	"github.com/rapport-cx/rapport/internal/calendar"
)

// File is one file of the lake.
type File struct {
	// Path within the folder, with slashes.
	Path string
	// Days of its events: all of this bucket are in it.
	Days   calendar.Days
	Bucket int32
	Events int64
	// UptoSeq is the last fact of the log that it includes for its days.
	UptoSeq int64
	Size    int64
	// SealedAt is in Unix microseconds.
	SealedAt int64
}

// manifest is the live files of a brand at one moment. It is never changed.
type manifest struct {
	version int64
	files   []File
	// spans are the runs of days that have files, ascending; they do not overlap.
	spans []span
}

// span is days that were sealed together. A bucket without a file has no events.
type span struct {
	calendar.Days
	upto  int64
	files []File
}

// newManifest puts files in order.
func newManifest(version int64, files []File) *manifest {
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Days.From, b.Days.From), cmp.Compare(a.Bucket, b.Bucket))
	})
	m := &manifest{version: version, files: files}
	for i, f := range files {
		if n := len(m.spans); n == 0 || m.spans[n-1].Days != f.Days {
			m.spans = append(m.spans, span{Days: f.Days, upto: f.UptoSeq, files: files[i:i:len(files)]})
		}
		s := &m.spans[len(m.spans)-1]
		s.files = s.files[:len(s.files)+1]
	}
	return m
}

// of is the span that has a day; nil if none does.
func (m *manifest) of(day calendar.Day) *span {
	i := sort.Search(len(m.spans), func(i int) bool { return m.spans[i].Until > day })
	if i == len(m.spans) || !m.spans[i].Has(day) {
		return nil
	}
	return &m.spans[i]
}

// upto is the last fact that files include of a day; 0 if it has none.
func (m *manifest) upto(day calendar.Day) int64 {
	if s := m.of(day); s != nil {
		return s.upto
	}
	return 0
}

// within are the spans that share a day with a window.
func (m *manifest) within(days calendar.Days) []span {
	from := sort.Search(len(m.spans), func(i int) bool { return m.spans[i].Until > days.From })
	until := sort.Search(len(m.spans), func(i int) bool { return m.spans[i].From >= days.Until })
	return m.spans[from:max(from, until)]
}

// without is m as if a span had never been sealed.
func (m *manifest) without(days calendar.Days) *manifest {
	return newManifest(m.version, slices.DeleteFunc(slices.Clone(m.files), func(f File) bool { return f.Days == days }))
}

// swap is one change of the manifest: dead files leave, born ones come, and those of
// days that stay are true up to upto from now on.
type swap struct {
	days calendar.Days
	upto int64
	dead []File
	born []File
}

// after is the manifest behind a change.
func (m *manifest) after(s swap) *manifest {
	files := slices.DeleteFunc(slices.Clone(m.files), func(f File) bool {
		return slices.ContainsFunc(s.dead, func(d File) bool { return d.Path == f.Path })
	})
	files = append(files, s.born...)
	for i := range files {
		if files[i].Days == s.days {
			files[i].UptoSeq = s.upto
		}
	}
	return newManifest(m.version+1, files)
}
