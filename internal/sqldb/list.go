package sqldb

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// In writes "$3, $4, …" for values numbered from first, and gives their arguments:
// what stands in an IN (…). The last value is repeated up to a power of two, so that
// lists of any length make few different texts and stay prepared. values must not be
// empty; more than some 10,000 are too many for either engine.
func In[T any](first int, values []T) (string, []any) { return Values(first, values, "$%d") }

// Values is In with each place written as form says, such as "(CAST($%d AS BIGINT))"
// for the rows of a VALUES.
func Values[T any](first int, values []T, form string) (string, []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	before, behind, _ := strings.Cut(form, "%d")
	var w strings.Builder
	args := make([]any, n)
	for i := range n {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(before + strconv.Itoa(first+i) + behind)
		args[i] = values[min(i, len(values)-1)]
	}
	return w.String(), args
}

// Grown is a comment to begin a text with whose tables grow from nothing, as with an
// import: n rows, more or less. A plan that PostgreSQL prepared while they were small
// reads all of them, and goes on to until it next looks at their sizes; the comment
// makes another text, planned afresh, each time n has doubled.
func Grown(n int64) string { return fmt.Sprintf("/* 2^%d */ ", bits.Len64(uint64(n))) }
