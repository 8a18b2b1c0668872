package compact_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/rapport-cx/rapport/internal/compact"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	numbers := []int64{0, -1, 1, 63, -64, 64, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64}
	b := compact.AppendInts(compact.AppendText(compact.AppendText(nil, ""), "shop 7"), numbers...)
	r := compact.Reader{Rest: string(b)}
	if a, b := r.Text(), r.Text(); a != "" || b != "shop 7" {
		t.Errorf("texts %q and %q", a, b)
	}
	for _, want := range numbers {
		if got := r.Int(); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
	if r.End() != nil {
		t.Errorf("%+v is left", r)
	}
}

// Whatever is damaged is said to be, and yields zeros from there on.
func TestDamageIsSaid(t *testing.T) {
	long := binary.AppendUvarint(nil, math.MaxUint64)
	for name, c := range map[string]struct {
		rest string
		read func(r *compact.Reader) bool
	}{
		"nothing":             {"", func(r *compact.Reader) bool { return r.Uint() == 0 }},
		"cut off":             {"\x80", func(r *compact.Reader) bool { return r.Uint() == 0 }},
		"not the shortest":    {"\x80\x00", func(r *compact.Reader) bool { return r.Uint() == 0 }},
		"above 64 bits":       {string(long[:9]) + "\x02", func(r *compact.Reader) bool { return r.Uint() == 0 }},
		"above the top":       {"\x05", func(r *compact.Reader) bool { return r.AtMost(4) == 0 }},
		"above 32 bits":       {string(long), func(r *compact.Reader) bool { return r.Int32() == 0 }},
		"more than there are": {"\x03ab", func(r *compact.Reader) bool { return r.Text() == "" }},
		"elements too big":    {"\x02abc", func(r *compact.Reader) bool { return r.Count(2) == 0 }},
		"an unknown flag":     {"\x02", func(r *compact.Reader) bool { return r.Flags(1) == 0 }},
	} {
		r := compact.Reader{Rest: c.rest}
		if !c.read(&r) || !r.Bad || r.End() == nil || r.Int() != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := (compact.Reader{Rest: "\x01\x01"}); r.Uint() != 1 || r.Bad || r.End() == nil {
		t.Error("a rest was passed over")
	}
}
