package expr

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// path is where clients wrote the expression.
const path = "segment.rule.expression"

// Compile reads an expression over the fields of a catalogue. What is wrong with it
// is told with line and column, all of it at once as far as that can be seen.
func Compile(c *field.Catalogue, text string) (*Rule, error) {
	env, err := language()
	if err != nil {
		return nil, fmt.Errorf("declare the language of rules: %w", err)
	}
	if len(text) > maxBytes {
		return nil, fault.Invalid().Field(path, "must be at most %d bytes", maxBytes).Err()
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, wrong(issues)
	}
	r := &reader{env: env, text: text, catalogue: c, info: parsed.NativeRep().SourceInfo(), faults: fault.Invalid(),
		used: map[string]*field.Field{}, begins: map[int64]common.Location{}}
	r.read(parsed.NativeRep().Expr(), "")
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	if env, err = env.Extend(r.variables()...); err != nil {
		return nil, fmt.Errorf("declare the fields of a rule: %w", err)
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, wrong(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, fault.Invalid().Field(path, "line 1, column 1: must give true or false, and gives %s", checked.OutputType()).Err()
	}
	return build(checked.NativeRep(), r)
}

// build makes the rule of a checked tree.
func build(tree *ast.AST, r *reader) (*Rule, error) {
	b := &builder{tree: tree, used: r.used, reader: r}
	rule := &Rule{holds: b.truth(tree.Expr())}
	if err := r.faults.Err(); err != nil {
		return nil, err
	}
	text, err := parts(r.env, r.text, tree)
	if err != nil {
		return nil, err
	}
	for i, e := range leaves(tree.Expr(), nil, nil) {
		rule.parts = append(rule.parts, part{text[i], b.truth(e)})
	}
	rule.watch = b.watch
	rule.fields = slices.SortedFunc(maps.Values(r.used), func(a, b *field.Field) int { return cmp.Compare(a.Name, b.Name) })
	return rule, nil
}

// What CEL says, in its words: of types that do not fit, and of a text that has no
// grammar.
var (
	noOverload = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)
	unexpected = regexp.MustCompile(`^(?:mismatched|extraneous) input '(.*)' expecting .*$`)
)

// wrong puts what CEL found into our words.
func wrong(issues *cel.Issues) error {
	f := fault.Invalid()
	for _, e := range issues.Errors() {
		message := strings.TrimPrefix(e.Message, "Syntax error: ")
		if m := noOverload.FindStringSubmatch(message); m != nil {
			message = fmt.Sprintf("%s does not take %s", spoken(m[1]), m[2])
		} else if m := unexpected.FindStringSubmatch(message); m != nil && m[1] == "<EOF>" {
			message = "more is expected where the expression ends"
		} else if m != nil {
			message = fmt.Sprintf("%s is not expected here", m[1])
		}
		f.Field(path, "%s", at(e.Location.Line(), e.Location.Column(), message))
	}
	return f.Err()
}

// at puts a place before a text; CEL counts columns from 0.
func at(line, column int, message string) string {
	return fmt.Sprintf("line %d, column %d: %s", max(line, 1), max(column, 0)+1, message)
}

// spoken is a function's name as it is written.
func spoken(function string) string {
	if name, ok := operators.FindReverse(function); ok && name != "" {
		return name
	}
	return strings.TrimLeft(function, "@")
}
