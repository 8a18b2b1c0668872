package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// reader walks a tree before it is checked: it finds the fields and refuses what is
// not of the language, in words that CEL's checker does not have.
type reader struct {
	env       *cel.Env
	text      string
	catalogue *field.Catalogue
	info      *ast.SourceInfo
	faults    *fault.Fields
	used      map[string]*field.Field
	// begins is where a field's name begins, by its node; CEL says where it ends.
	begins map[int64]common.Location
}

func (r *reader) refuse(e ast.Expr, format string, args ...any) {
	where, ok := r.begins[e.ID()]
	if !ok {
		where = r.info.GetStartLocation(e.ID())
	}
	r.faults.Field(path, "%s", at(where.Line(), where.Column(), fmt.Sprintf(format, args...)))
}

// variables declares the fields that were found.
func (r *reader) variables() (out []cel.EnvOption) {
	for name, f := range r.used {
		out = append(out, cel.Variable(name, typeOf(f)))
	}
	return out
}

// read walks e; item is the name that a comprehension around it gives to what it
// looks at.
func (r *reader) read(e ast.Expr, item string) {
	switch e.Kind() {
	case ast.IdentKind, ast.SelectKind:
		r.name(e, item)
	case ast.CallKind:
		r.call(e, item)
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			r.read(x, item)
		}
		if len(e.AsList().OptionalIndices()) > 0 {
			r.refuse(e, "a list has plain values alone")
		}
	case ast.ComprehensionKind:
		r.comprehension(e, item)
	case ast.LiteralKind:
		switch e.AsLiteral().Type() {
		case types.BoolType, types.IntType, types.DoubleType, types.StringType:
		default:
			r.refuse(e, "%s is no value that rules have", e.AsLiteral().Type().TypeName())
		}
	default:
		r.refuse(e, "maps and messages are not part of the language")
	}
}

// name finds the field that a dotted name is. CEL would read a.b.c as member c of b
// of a; there are no such things here.
func (r *reader) name(e ast.Expr, item string) {
	name, root := dotted(e)
	switch {
	case root == nil:
		r.read(e.AsSelect().Operand(), item)
		r.refuse(e, "no value has members")
	case name == item && item != "":
	case strings.HasPrefix(name, item+".") && item != "":
		r.refuse(root, "%s has no members", item)
	default:
		f := r.catalogue.Get(strings.TrimPrefix(name, "."))
		if f == nil {
			r.refuse(root, "there is no field %s", name)
			return
		}
		r.used[f.Name], r.begins[e.ID()] = f, r.info.GetStartLocation(root.ID())
	}
}

// dotted is the name that a chain of selections spells, and where it begins; nil if
// it begins with something else than a name.
func dotted(e ast.Expr) (string, ast.Expr) {
	if e.Kind() == ast.IdentKind {
		return e.AsIdent(), e
	}
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return "", nil
	}
	name, root := dotted(e.AsSelect().Operand())
	return name + "." + e.AsSelect().FieldName(), root
}

// refused says why a function is not there, for those people may look for.
var refused = map[string]string{
	operators.Divide: "division can fail: multiply the other side instead", operators.Modulo: "the remainder of a division can fail",
	operators.Index: "looking up by index can fail: use in, exists or all",
	"int":           "conversions can fail", "uint": "conversions can fail", "double": "conversions can fail", "string": "conversions are not part of the language",
	"bool": "conversions can fail", "bytes": "conversions are not part of the language", "dyn": "conversions are not part of the language",
	"timestamp": "conversions can fail: compare days with day('2026-03-08')", "duration": "conversions can fail",
	"date": "use day('2026-03-08')", "now": "the current time is not part of the language: use the fields with windows",
	"today":   "the current day is not part of the language: use the fields with windows",
	"matches": "patterns are not part of the language: use contains, startsWith or endsWith",
	"map":     "only exists and all walk lists", "filter": "only exists and all walk lists", "exists_one": "only exists and all walk lists",
}

func (r *reader) call(e ast.Expr, item string) {
	call := e.AsCall()
	name := call.FunctionName()
	if !allowed[name] {
		if why := refused[name]; why != "" {
			r.refuse(e, "%s", why)
		} else {
			r.refuse(e, "there is no function %s", spoken(name))
		}
		return
	}
	if call.IsMemberFunction() {
		r.read(call.Target(), item)
	}
	for _, arg := range call.Args() {
		r.read(arg, item)
	}
}

// comprehension reads exists and all, the only two there are. They cannot be put into
// each other: the work would grow with the product of their lists.
func (r *reader) comprehension(e ast.Expr, item string) {
	c := e.AsComprehension()
	predicate, _ := quantified(c)
	if predicate == nil || c.HasIterVar2() {
		r.refuse(e, "only exists and all walk lists")
		return
	}
	if item != "" {
		r.refuse(e, "exists and all cannot be put into each other")
		return
	}
	r.read(c.IterRange(), "")
	r.read(predicate, c.IterVar())
}

// quantified takes the predicate out of what the macro made of exists or all; nil if
// it is something else.
func quantified(c ast.ComprehensionExpr) (predicate ast.Expr, all bool) {
	if c.AccuInit().Kind() != ast.LiteralKind || c.LoopStep().Kind() != ast.CallKind {
		return nil, false
	}
	step := c.LoopStep().AsCall()
	switch {
	case c.AccuInit().AsLiteral() == types.True && step.FunctionName() == operators.LogicalAnd:
		return step.Args()[1], true
	case c.AccuInit().AsLiteral() == types.False && step.FunctionName() == operators.LogicalOr:
		return step.Args()[1], false
	}
	return nil, false
}
