// Package rfm cuts persons into fifths by how lately, how often and for how much
// they bought.
//
// The cuts, scores and grid are pure functions of rows, one a person. A run is a
// fact of the log with its cuts; its rows lie packed in a table, so that what a run
// says of somebody never changes: purchases are told late, and persons are merged.
package rfm

import (
	"slices"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Row is what one person bought until a run's day.
type Row struct {
	Person int64
	// Days are those since the last purchase.
	Days      int64
	Purchases int64
	Spent     int64
}

// Cuts are where fifths end, ascending.
type Cuts [4]int64

// Cut finds the cuts of at least one value by nearest rank: cut k is the value at
// rank ⌈n·k/5⌉ of the ascending list. It sorts the values.
func Cut(values []int64) (c Cuts) {
	slices.Sort(values)
	for k := range c {
		c[k] = values[(len(values)*(k+1)+4)/5-1]
	}
	return c
}

// Top is the value that the top so many percent of at least one value are strictly above,
// by the same rule: the one at rank ⌈n·(100−percent)/100⌉. It sorts the values.
func Top(values []int64, percent int64) int64 {
	slices.Sort(values)
	return values[max(1, (int64(len(values))*(100-percent)+99)/100)-1]
}

// exceeded is how many cuts a value is strictly greater than: the same for equal
// values, wherever a cut falls among them.
func (c *Cuts) exceeded(value int64) (n uint8) {
	for _, cut := range c {
		if value > cut {
			n++
		}
	}
	return n
}

// Measure are the cuts of all three.
type Measure struct{ Recency, Frequency, Monetary Cuts }

// MeasureOf cuts rows. It needs one slice of numbers beside them.
func MeasureOf(rows []Row) Measure {
	values := make([]int64, len(rows))
	by := func(value func(*Row) int64) Cuts {
		for i := range rows {
			values[i] = value(&rows[i])
		}
		return Cut(values)
	}
	return Measure{
		Recency:   by(func(r *Row) int64 { return r.Days }),
		Frequency: by(func(r *Row) int64 { return r.Purchases }),
		Monetary:  by(func(r *Row) int64 { return r.Spent }),
	}
}

// MeasureIn are the cuts that a run has on record.
func MeasureIn(run *segmentationv1.RfmRun) (m Measure) {
	copy(m.Recency[:], run.GetRecencyCuts())
	copy(m.Frequency[:], run.GetFrequencyCuts())
	copy(m.Monetary[:], run.GetMonetaryCuts())
	return m
}

// Note puts the cuts on a run's record.
func (m *Measure) Note(run *segmentationv1.RfmRun) {
	run.RecencyCuts = slices.Clone(m.Recency[:])
	run.FrequencyCuts = slices.Clone(m.Frequency[:])
	run.MonetaryCuts = slices.Clone(m.Monetary[:])
}

// Score is a person's place, 1 to 5 each; 5 is the best.
type Score struct{ Recency, Frequency, Monetary uint8 }

// Score places a row. Fewer days are a higher score of recency.
func (m *Measure) Score(r *Row) Score {
	return Score{5 - m.Recency.exceeded(r.Days), 1 + m.Frequency.exceeded(r.Purchases), 1 + m.Monetary.exceeded(r.Spent)}
}
