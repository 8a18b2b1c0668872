package record

import (
	"encoding/binary"
	"fmt"

	"github.com/rapport-cx/rapport/internal/feed"
)

// AppendDays packs days, ascending and distinct.
func AppendDays(b []byte, days []int32) []byte {
	last := int32(0)
	for _, d := range days {
		b, last = binary.AppendVarint(b, int64(d-last)), d
	}
	return b
}

// Days are the days whose events an ERASED fact says were blanked, ascending.
// Whoever keeps copies of events must make those days' anew.
func Days(f *feed.Fact) ([]int32, error) {
	r := reader{b: f.Data}
	var days []int32
	last := int32(0)
	for len(r.b) > 0 {
		last += int32(r.int())
		days = append(days, last)
	}
	if r.bad {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, errPacked)
	}
	return days, nil
}
