package tally

import (
	"strings"

	"github.com/rapport-cx/rapport/internal/fold"
)

// Kinds and Orders are the measures that every day has; a kind's own measure is
// KindMeasure of it.
const (
	KindsMeasure  = "kinds"
	OrdersMeasure = "orders"
	kindPrefix    = "kind:"
)

// KindMeasure is the measure of the events of this very kind.
func KindMeasure(kind string) string { return kindPrefix + kind }

// Measures appends the measures that the fact moves, each once. Events and
// outcomes stand on one day.
func Measures(f *Fact, _ int32, into []string) []string {
	if f.packedKind == "" {
		return append(into, f.measure)
	}
	return append(into, KindsMeasure, f.measure)
}

// New returns an empty slab of a measure.
func New(measure string) fold.Slab[*Fact] {
	switch {
	case measure == KindsMeasure:
		return NewKinds()
	case measure == OrdersMeasure:
		return NewOrders()
	case strings.HasPrefix(measure, kindPrefix):
		return NewEvents()
	}
	return void{}
}

// void stands for a measure of another release, met in a table or cache. It
// counts nothing and believes nothing.
type void struct{}

func (void) Apply(int32, *Fact)           {}
func (void) AppendBinary(b []byte) []byte { return b }
func (void) UnmarshalBinary([]byte) error { return errSlab }
func (void) Size() int                    { return 0 }
