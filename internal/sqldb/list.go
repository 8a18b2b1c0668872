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
	last := any(values[len(values)-1])
	return repeated(first, values, form, ", ", last)
}

// Branches writes query, which looks for one value at %d, once for each value, with
// UNION ALL between them. What makes up a power of two looks for NULL, which finds
// nothing.
func Branches[T any](first int, values []T, query string) (string, []any) {
	return repeated(first, values, query, " UNION ALL ", nil)
}

// repeated writes form for each value, and for fill up to a power of two.
func repeated[T any](first int, values []T, form, between string, fill any) (string, []any) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	before, behind, _ := strings.Cut(form, "%d")
	var w strings.Builder
	args := make([]any, n)
	for i := range n {
		if i > 0 {
			w.WriteString(between)
		}
		w.WriteString(before + strconv.Itoa(first+i) + behind)
		if args[i] = fill; i < len(values) {
			args[i] = values[i]
		}
	}
	return w.String(), args
}

// Grown is a comment to begin a text with whose tables grow from nothing, as with an
// import: n rows, more or less. A plan that PostgreSQL prepared while they were small
// reads all of them, and goes on to until it next looks at their sizes; the comment
// makes another text, planned afresh, each time n has doubled.
func Grown(n int64) string { return fmt.Sprintf("/* 2^%d */ ", bits.Len64(uint64(n))) }
