package sqldb

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// replacement stands for what a TEXT cannot hold.
const replacement = "\uFFFD"

// storable is a text as both engines take it. PostgreSQL refuses NUL and broken
// UTF-8, which a customer may well have typed: were it an error, one comment
// would stop whoever works through a log for good. What is written and what is
// asked for is changed alike, so that it is found again.
func storable(text string) string {
	if strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, replacement), "\x00", replacement)
}

// storableArgs makes the texts among args storable. The caller's slice stays as
// it is: a closure may run twice.
func storableArgs(args []any) []any {
	out := args
	for i, a := range args {
		text, ok := a.(string)
		if !ok {
			continue
		}
		if fit := storable(text); fit != text {
			if &out[0] == &args[0] {
				out = slices.Clone(args)
			}
			out[i] = fit
		}
	}
	return out
}

// storable makes the insert's texts storable.
func (in Insert) storable() Insert {
	in.Args = storableArgs(in.Args)
	odd := func(text string) bool { return storable(text) != text }
	for i, c := range in.Columns {
		texts, ok := c.Data.([]string)
		if !ok || !slices.ContainsFunc(texts, odd) {
			continue
		}
		out := make([]string, len(texts))
		for r, text := range texts {
			out[r] = storable(text)
		}
		in.Columns = slices.Clone(in.Columns)
		in.Columns[i].Data = out
	}
	return in
}
