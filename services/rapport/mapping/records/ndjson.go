package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ndjson reads one JSON object a line. A column is the path of a member, such
// as order.customer.state.
type ndjson struct {
	lines    *lines
	encoding Encoding
	paths    [][]string
	buf      []byte
}

func (j *ndjson) bind(columns []string) {
	j.paths = make([][]string, len(columns))
	for i, c := range columns {
		j.paths[i] = strings.Split(c, ".")
	}
}

func (j *ndjson) next() (Record, error) {
	for {
		var err error
		j.buf, err = j.lines.next(j.buf[:0])
		raw := bytes.TrimSpace(j.buf)
		switch {
		case errors.Is(err, errLong):
			return Record{}, j.malformed(ReasonRow, err.Error())
		case err != nil:
			return Record{}, err
		case len(raw) == 0:
			continue
		}
		return j.record(raw)
	}
}

func (j *ndjson) record(raw []byte) (Record, error) {
	text, ok := j.encoding.text(raw)
	if !ok {
		return Record{}, j.malformed(ReasonEncoding, "the line is not UTF-8")
	}
	var object map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	// Numbers stay as written: 4.50 is no float and 2^60 loses no digit.
	dec.UseNumber()
	if err := dec.Decode(&object); err != nil {
		return Record{}, j.malformed(ReasonRow, "no JSON object: "+err.Error())
	}
	if object == nil || dec.More() {
		return Record{}, j.malformed(ReasonRow, "not exactly one JSON object")
	}
	r := Record{Line: j.lines.number, Raw: trimBreak(j.buf), Cells: make([]string, len(j.paths))}
	for i, path := range j.paths {
		r.Cells[i] = cellText(find(object, path))
	}
	return r, nil
}

func (j *ndjson) malformed(reason, text string) error {
	return &Malformed{Line: j.lines.number, Reason: reason, Text: text, Raw: bytes.Clone(trimBreak(j.buf))}
}

// find follows a path. A member whose own name has dots is found too.
func find(object map[string]any, path []string) any {
	if v, ok := object[strings.Join(path, ".")]; ok {
		return v
	}
	if len(path) < 2 {
		return nil
	}
	inner, _ := object[path[0]].(map[string]any)
	return find(inner, path[1:])
}

// cellText is a member as a cell: null is empty, an array is its elements, one a
// line, an object its JSON.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = cellText(e)
		}
		return strings.Join(parts, "\n")
	case map[string]any:
		text, _ := json.Marshal(v) // it was JSON a moment ago
		return string(text)
	}
	return fmt.Sprint(v)
}
