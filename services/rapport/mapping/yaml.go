package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxNodes bounds what a mapping may unfold to: aliases of aliases grow
	// without end.
	maxNodes = 50_000
	maxDepth = 60
)

// place is a node of the file and the way to it, for errors.
type place struct {
	node  *yaml.Node
	path  string
	depth int
	file  *yamlFile
}

// yamlFile is what all places of a file share.
type yamlFile struct {
	name    string
	visited int
}

// Error is what is wrong with a mapping, and where.
type Error struct {
	File string
	Line int
	// Field is the way from the top, such as responses[0].response.survey_id.
	Field string
	Text  string
}

// Error names the line and the field.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s:%d: ", e.File, e.Line)
	if e.Field != "" {
		text += e.Field + ": "
	}
	return text + e.Text
}

func parseYAML(text []byte, name string) (place, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var root, more yaml.Node
	err := dec.Decode(&root)
	switch {
	case errors.Is(err, io.EOF):
		return place{}, &Error{File: name, Line: 1, Text: "the mapping is empty"}
	case err != nil:
		return place{}, syntaxError(name, err)
	case !errors.Is(dec.Decode(&more), io.EOF):
		return place{}, &Error{File: name, Line: 1, Text: "a mapping is one document"}
	}
	return place{node: root.Content[0], file: &yamlFile{name: name}}, nil
}

// syntaxError takes the line out of what the YAML reader says.
func syntaxError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{File: name, Line: 1, Text: text}
	if line, rest, ok := strings.Cut(strings.TrimPrefix(text, "line "), ": "); ok {
		if n, err := strconv.Atoi(line); err == nil {
			e.Line, e.Text = n, rest
		}
	}
	return e
}

func (p place) errorf(format string, args ...any) error {
	return &Error{File: p.file.name, Line: p.node.Line, Field: p.path, Text: fmt.Sprintf(format, args...)}
}

// enter steps into a child; aliases are followed.
func (p place) enter(child *yaml.Node, path string) (place, error) {
	inner := place{node: child, path: path, depth: p.depth + 1, file: p.file}
	if child.Kind == yaml.AliasNode {
		inner.node = child.Alias
	}
	p.file.visited++
	if p.file.visited > maxNodes || inner.depth > maxDepth {
		return inner, inner.errorf("the mapping is too large or too deep")
	}
	return inner, nil
}

// field is one key of a map and what stands under it.
type field struct {
	key   string
	value place
}

// fields are the keys of a map, in their order; each stands once.
func (p place) fields() ([]field, error) {
	if p.node.Kind != yaml.MappingNode {
		return nil, p.errorf("a map of fields is needed here")
	}
	seen := make(map[string]bool, len(p.node.Content)/2)
	var out []field
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key := p.node.Content[i]
		path := key.Value
		if p.path != "" {
			path = p.path + "." + key.Value
		}
		inner, err := p.enter(p.node.Content[i+1], path)
		if err != nil {
			return nil, err
		}
		at := place{node: key, path: path, file: p.file}
		switch {
		case key.Kind != yaml.ScalarNode:
			return nil, at.errorf("a key is a word")
		case seen[key.Value]:
			return nil, at.errorf("stands twice")
		}
		seen[key.Value] = true
		out = append(out, field{key: key.Value, value: inner})
	}
	return out, nil
}

// only is fields whose keys are all known.
func (p place) only(known ...string) (map[string]place, error) {
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	out := make(map[string]place, len(fields))
	for _, f := range fields {
		if !contains(known, f.key) {
			return nil, f.value.errorf("unknown key; known are %s", strings.Join(known, ", "))
		}
		out[f.key] = f.value
	}
	return out, nil
}

// items are the elements of a list.
func (p place) items() ([]place, error) {
	if p.node.Kind != yaml.SequenceNode {
		return nil, p.errorf("a list is needed here")
	}
	out := make([]place, len(p.node.Content))
	for i, n := range p.node.Content {
		inner, err := p.enter(n, fmt.Sprintf("%s[%d]", p.path, i))
		if err != nil {
			return nil, err
		}
		out[i] = inner
	}
	return out, nil
}

// text is a scalar as it is written: 1.0 stays 1.0, and no and NULL are words.
func (p place) text() (string, error) {
	if p.node.Kind != yaml.ScalarNode {
		return "", p.errorf("a single value is needed here")
	}
	if p.node.Value == "" && p.node.Tag == "!!null" {
		return "", p.errorf("nothing stands here")
	}
	return p.node.Value, nil
}

// texts is a list of scalars.
func (p place) texts() ([]string, error) {
	items, err := p.items()
	if err != nil {
		return nil, err
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], err = item.text(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// set is a list of scalars as a set.
func (p place) set() (map[string]bool, error) {
	list, err := p.texts()
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(list))
	for _, text := range list {
		out[text] = true
	}
	return out, nil
}

func (p place) isMap() bool { return p.node.Kind == yaml.MappingNode }

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
