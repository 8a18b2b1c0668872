package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// What a node of the tree becomes, by its type: a function of the person and of what
// a comprehension looks at. None can fail.
type (
	of[T any] = func(v *field.Values, item string) T
	truth     = of[bool]
	whole     = of[int64]
	double    = of[float64]
	word      = of[string]
	words     = of[[]string]
)

// builder makes functions of a checked tree.
type builder struct {
	tree   *ast.AST
	reader *reader
	used   map[string]*field.Field
	watch  field.Watch
}

func (b *builder) typeOf(e ast.Expr) *cel.Type { return b.tree.GetType(e.ID()) }

// field is the field that e names; nil if it is something else.
func (b *builder) field(e ast.Expr) *field.Field {
	name, _ := dotted(e)
	if len(name) > 0 && name[0] == '.' {
		name = name[1:]
	}
	return b.used[name]
}

// watched is the field that e names, from now on looked at.
func (b *builder) watched(e ast.Expr) *field.Field {
	f := b.field(e)
	if f != nil {
		b.watch = b.watch.Or(field.WatchOf(f))
	}
	return f
}

func constant[T any](value T) of[T] {
	return func(*field.Values, string) T { return value }
}

// unfit refuses a tree that CEL let through and that has no meaning here.
func unfit[T any](b *builder, e ast.Expr, format string, args ...any) of[T] {
	b.reader.refuse(e, format, args...)
	var zero T
	return constant(zero)
}

func choose[T any](b *builder, e ast.Expr, build func(ast.Expr) of[T]) of[T] {
	args := e.AsCall().Args()
	condition, yes, no := b.truth(args[0]), build(args[1]), build(args[2])
	return func(v *field.Values, item string) T {
		if condition(v, item) {
			return yes(v, item)
		}
		return no(v, item)
	}
}

func (b *builder) truth(e ast.Expr) truth {
	switch e.Kind() {
	case ast.LiteralKind:
		return constant(e.AsLiteral() == types.True)
	case ast.ComprehensionKind:
		return b.quantifier(e)
	case ast.CallKind:
		return b.truthCall(e)
	}
	f := b.watched(e)
	if f == nil {
		return unfit[bool](b, e, "is no field")
	}
	return func(v *field.Values, _ string) bool { return v.Flag(f) }
}

func (b *builder) truthCall(e ast.Expr) truth {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		return b.and(args)
	case operators.LogicalOr:
		return b.or(args)
	case operators.LogicalNot:
		x := b.truth(args[0])
		return func(v *field.Values, item string) bool { return !x(v, item) }
	case operators.Conditional:
		return choose(b, e, b.truth)
	case operators.In:
		return b.in(args[0], args[1])
	case callHas:
		return b.has(args[0])
	case callContains, callStartsWith, callEndsWith:
		return b.search(call)
	}
	return b.comparison(call)
}

func (b *builder) and(args []ast.Expr) truth {
	x, y := b.truth(args[0]), b.truth(args[1])
	return func(v *field.Values, item string) bool { return x(v, item) && y(v, item) }
}

func (b *builder) or(args []ast.Expr) truth {
	x, y := b.truth(args[0]), b.truth(args[1])
	return func(v *field.Values, item string) bool { return x(v, item) || y(v, item) }
}

func (b *builder) has(e ast.Expr) truth {
	f := b.field(e)
	if f == nil {
		return unfit[bool](b, e, "has() takes a field")
	}
	b.watch = b.watch.Or(field.WatchKnown(f))
	return func(v *field.Values, _ string) bool { return v.Known(f) }
}

func (b *builder) quantifier(e ast.Expr) truth {
	c := e.AsComprehension()
	predicate, all := quantified(c)
	if t := b.typeOf(c.IterRange()); !t.IsExactType(cel.ListType(cel.StringType)) {
		return unfit[bool](b, c.IterRange(), "exists and all walk lists of texts, and this is %s", t)
	}
	list, holds := b.words(c.IterRange()), b.truth(predicate)
	return func(v *field.Values, _ string) bool {
		for _, item := range list(v, "") {
			if holds(v, item) != all {
				return !all
			}
		}
		return all
	}
}
