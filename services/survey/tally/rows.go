package tally

import (
	"fmt"
	"slices"
)

// NoScore stands in the score column of a response that low.share does not count.
const NoScore uint8 = 255

// Rows are the answers of one metric on one day, as columns of equal length in
// the order of the log. A question reads them where histograms do not tell
// enough. Readers must not change or keep the columns.
type Rows struct {
	metric uint32
	live   bool

	// Row is the log number of the version counted.
	Row []int64
	// Set and FacetSet are indexes into Sets and FacetSets.
	Set, FacetSet []uint32
	// Survey is the number of the survey, Customer of the customer (0: unknown).
	Survey   []uint32
	Customer []int64
	// The rest is as in Tally.
	Channel, Mode, Quarter, Hour, Score, Importance []uint8
	// Commented is 1 for a response with a comment, otherwise 0.
	Commented []uint8

	sets   dict[Set]
	facets dict[[]Facet]
	// owed are rows taken out before they came, which only a fold out of order
	// does; each waits for its row.
	owed []int64
}

// NewRows returns the empty rows of a metric, by day of experience or live.
func NewRows(metric uint32, live bool) *Rows {
	r := &Rows{metric: metric, live: live}
	r.sets.pack, r.facets.pack = packSet, packFacets
	return r
}

// Len is the number of rows.
func (r *Rows) Len() int { return len(r.Row) }

// Sets are the distinct sets of subjects; some may be out of use.
func (r *Rows) Sets() []Set { return r.sets.entries }

// FacetSets are the distinct sets of facets; some may be out of use.
func (r *Rows) FacetSets() [][]Facet { return r.facets.entries }

// Apply adds the rows of t or takes them out.
func (r *Rows) Apply(_ int32, t *Tally) {
	if t.Sign < 0 {
		r.remove(t.Row)
		return
	}
	if i, ok := slices.BinarySearch(r.owed, t.Row); ok {
		r.owed = slices.Delete(r.owed, i, i+1)
		return
	}
	scored := false
	for _, s := range t.Scores {
		if s.Metric == r.metric {
			r.insert(t, s.Score, s.Importance)
			scored = true
		}
	}
	if !scored && r.metric == LowShare {
		r.insert(t, NoScore, 0)
	}
}

// insert puts a row in its place, which is the end but for folds out of order.
func (r *Rows) insert(t *Tally, score, importance uint8) {
	i, _ := slices.BinarySearch(r.Row, t.Row+1)
	set := r.sets.number(Set{t.Named, t.Path}, func(s Set) Set {
		return Set{slices.Clone(s.Named), slices.Clone(s.Path)}
	})
	facets := r.facets.number(t.Facets, slices.Clone[[]Facet])
	r.Row = slices.Insert(r.Row, i, t.Row)
	r.Set = slices.Insert(r.Set, i, set)
	r.FacetSet = slices.Insert(r.FacetSet, i, facets)
	r.Survey = slices.Insert(r.Survey, i, t.Survey)
	r.Customer = slices.Insert(r.Customer, i, t.Customer)
	commented := uint8(0)
	if t.Commented {
		commented = 1
	}
	values := [...]uint8{t.Channel, t.Mode, t.Quarter, t.Hour, score, importance, commented}
	for c, column := range r.small() {
		*column = slices.Insert(*column, i, values[c])
	}
}

// small are the columns of a byte, in the order in which they are packed.
func (r *Rows) small() [7]*[]uint8 {
	return [...]*[]uint8{&r.Channel, &r.Mode, &r.Quarter, &r.Hour, &r.Score, &r.Importance, &r.Commented}
}

// remove takes out all rows of the number.
func (r *Rows) remove(row int64) {
	i, ok := slices.BinarySearch(r.Row, row)
	if !ok {
		at, _ := slices.BinarySearch(r.owed, row)
		r.owed = slices.Insert(r.owed, at, row)
		return
	}
	j := i + 1
	for j < len(r.Row) && r.Row[j] == row {
		j++
	}
	r.Row, r.Customer = slices.Delete(r.Row, i, j), slices.Delete(r.Customer, i, j)
	for _, column := range [...]*[]uint32{&r.Set, &r.FacetSet, &r.Survey} {
		*column = slices.Delete(*column, i, j)
	}
	for _, column := range r.small() {
		*column = slices.Delete(*column, i, j)
	}
}

// Check reports a row that was taken out and never put in.
func (r *Rows) Check() error {
	if len(r.owed) > 0 {
		return fmt.Errorf("metric %d: row %d was taken out and never put in", r.metric, r.owed[0])
	}
	return nil
}

// Size is the memory held, in bytes.
func (r *Rows) Size() int {
	return 600 + 8*(cap(r.Row)+cap(r.Customer)+cap(r.owed)) +
		4*(cap(r.Set)+cap(r.FacetSet)+cap(r.Survey)) + 7*cap(r.Channel) +
		r.sets.bytes + r.facets.bytes
}
