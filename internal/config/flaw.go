package config

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// flaw is something wrong with a value that YAML itself takes, and the way to it
// through keys (string) and list places (int), so that the line can be told.
type flaw struct {
	path []any
	text string
}

func (f *flaw) Error() string { return f.text }

// wrong makes a flaw of the value at path.
func wrong(path []any, format string, args ...any) error {
	return &flaw{path: path, text: fmt.Sprintf(format, args...)}
}

// within puts steps before the way to a flaw; other errors stay what they are.
func within(err error, steps ...any) error {
	var f *flaw
	if errors.As(err, &f) {
		return &flaw{path: append(steps, f.path...), text: f.text}
	}
	return err
}

// lined says the line before the text of a flaw; other errors stay what they are.
func lined(root *yaml.Node, err error, steps ...any) error {
	var f *flaw
	if !errors.As(within(err, steps...), &f) {
		return err
	}
	return fmt.Errorf("line %d: %s", lineOf(root, f.path), f.text)
}

// lineOf is the line of the node a path leads to, or of the last one on its way
// that is there: a value that is missing is told at what it is missing from.
func lineOf(node *yaml.Node, path []any) int {
	for node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, step := range path {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}
