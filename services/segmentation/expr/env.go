package expr

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Names of functions that are no operators.
const (
	callHas        = "@has"
	callDay        = "day"
	callSize       = "size"
	callContains   = "contains"
	callStartsWith = "startsWith"
	callEndsWith   = "endsWith"
	// callCount and callWeeks are of one category, whose names no catalogue has.
	callCount = "category_count"
	callWeeks = "category_weeks"
)

// allowed are all the functions there are.
var allowed = map[string]bool{
	operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.Conditional: true,
	operators.Equals: true, operators.NotEquals: true, operators.Less: true, operators.LessEquals: true,
	operators.Greater: true, operators.GreaterEquals: true, operators.In: true,
	operators.Add: true, operators.Subtract: true, operators.Multiply: true, operators.Negate: true,
	callHas: true, callDay: true, callSize: true, callContains: true, callStartsWith: true, callEndsWith: true,
	callCount: true, callWeeks: true,
}

// language is the environment that expressions are read and checked in, without
// fields: each expression brings those that it names. There is no standard library in
// it, so that what is not declared here is not there.
var language = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewCustomEnv(append(functions(),
		cel.Macros(has, cel.ExistsMacro, cel.AllMacro), cel.EnableMacroCallTracking(), cel.EnableIdentifierEscapeSyntax(),
		cel.ParserRecursionLimit(maxDepth), cel.ParserErrorRecoveryLimit(maxRecovery))...)
})

// has of a field is a plain function here: CEL's own asks messages for their members,
// and fields are not those. The checker keeps the name for itself.
var has = cel.GlobalMacro("has", 1, func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return eh.NewCall(callHas, args[0]), nil
})

// Limits of a text, which has at most 4,000 bytes.
const (
	maxBytes    = 4000
	maxDepth    = 100
	maxRecovery = 10
)

// functions declares what expressions can call.
func functions() []cel.EnvOption {
	b, i, d, s, texts := cel.BoolType, cel.IntType, cel.DoubleType, cel.StringType, cel.ListType(cel.StringType)
	a := cel.TypeParamType("A")
	out := []cel.EnvOption{
		declare(operators.LogicalAnd, b, takes(b, b)), declare(operators.LogicalOr, b, takes(b, b)),
		declare(operators.LogicalNot, b, takes(b)), declare(operators.NotStrictlyFalse, b, takes(b)),
		declare(operators.Conditional, a, takes(b, a, a)),
		declare(operators.In, b, takes(s, texts), takes(i, cel.ListType(i)), takes(d, cel.ListType(d)), takes(d, cel.ListType(i))),
		declare(callHas, b, takes(b), takes(i), takes(d), takes(s), takes(texts)),
		declare(callDay, i, takes(s)),
		declare(callCount, i, takes(s), takes(s, i)), declare(callWeeks, i, takes(s)),
		cel.Function(callSize, cel.Overload("size_text", takes(s), i), cel.Overload("size_texts", takes(texts), i),
			cel.MemberOverload("text_size", takes(s), i), cel.MemberOverload("texts_size", takes(texts), i)),
	}
	for _, op := range []string{operators.Equals, operators.NotEquals} {
		out = append(out, declare(op, b, takes(b, b), takes(s, s), takes(i, i), takes(d, d), takes(i, d), takes(d, i)))
	}
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		out = append(out, declare(op, b, takes(s, s), takes(i, i), takes(d, d), takes(i, d), takes(d, i)))
	}
	for _, call := range []string{callContains, callStartsWith, callEndsWith} {
		out = append(out, cel.Function(call, cel.MemberOverload("text_"+call, takes(s, s), b)))
	}
	for _, op := range []string{operators.Add, operators.Subtract, operators.Multiply} {
		out = append(out, arithmetic(op, 2))
	}
	return append(out, arithmetic(operators.Negate, 1))
}

// arithmetic declares an operator whose result is of its operands' type.
func arithmetic(op string, operands int) cel.EnvOption {
	of := func(t *cel.Type) []*cel.Type { return []*cel.Type{t, t}[:operands] }
	return cel.Function(op, cel.Overload(op+"int", of(cel.IntType), cel.IntType), cel.Overload(op+"double", of(cel.DoubleType), cel.DoubleType))
}

// takes are the types that one overload takes.
func takes(types ...*cel.Type) []*cel.Type { return types }

// declare is a function of several overloads with one result.
func declare(name string, result *cel.Type, overloads ...[]*cel.Type) cel.EnvOption {
	var opts []cel.FunctionOpt
	for _, args := range overloads {
		id := name
		for _, t := range args {
			id += "_" + t.String()
		}
		opts = append(opts, cel.Overload(id, args, result))
	}
	return cel.Function(name, opts...)
}

// typeOf is how CEL sees a field.
func typeOf(f *field.Field) *cel.Type {
	switch f.Type {
	case segmentationv1.FieldType_FIELD_TYPE_TEXT:
		return cel.StringType
	case segmentationv1.FieldType_FIELD_TYPE_NUMBER:
		return cel.DoubleType
	case segmentationv1.FieldType_FIELD_TYPE_BOOL:
		return cel.BoolType
	case segmentationv1.FieldType_FIELD_TYPE_TEXTS:
		return cel.ListType(cel.StringType)
	}
	return cel.IntType
}
