package expr

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// literal is a text that the expression itself has.
func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func (b *builder) word(e ast.Expr) word {
	if s, ok := literal(e); ok {
		return constant(s)
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Conditional {
		return choose(b, e, b.word)
	}
	if f := b.watched(e); f != nil {
		return func(v *field.Values, _ string) string { return v.Text(f) }
	}
	// The reader let no other name pass than that of what a comprehension looks at.
	return func(_ *field.Values, item string) string { return item }
}

// words is a list of texts.
func (b *builder) words(e ast.Expr) words {
	if f := b.watched(e); f != nil {
		return func(v *field.Values, _ string) []string { return v.Texts(f) }
	}
	if e.Kind() != ast.ListKind {
		return unfit[[]string](b, e, "is no list of texts")
	}
	list := values(b, e, literal)
	return constant(list)
}

// values are the values of a list that is written out.
func values[T string | int64 | float64](b *builder, e ast.Expr, read func(ast.Expr) (T, bool)) []T {
	if e.Kind() != ast.ListKind {
		b.reader.refuse(e, "is no list")
		return nil
	}
	var out []T
	for _, x := range e.AsList().Elements() {
		value, ok := read(x)
		if !ok {
			b.reader.refuse(x, "a list has values alone that are written out")
		}
		out = append(out, value)
	}
	return out
}

func (b *builder) search(call ast.CallExpr) truth {
	x, y := b.word(call.Target()), b.word(call.Args()[0])
	find := strings.Contains
	switch call.FunctionName() {
	case callStartsWith:
		find = strings.HasPrefix
	case callEndsWith:
		find = strings.HasSuffix
	}
	return func(v *field.Values, item string) bool { return find(x(v, item), y(v, item)) }
}

// few is how many values are looked through one by one.
const few = 8

func (b *builder) in(x, list ast.Expr) truth {
	switch b.typeOf(x).Kind() {
	case types.StringKind:
		if f := b.watched(list); f != nil {
			text := b.word(x)
			return func(v *field.Values, item string) bool {
				_, found := slices.BinarySearch(v.Texts(f), text(v, item))
				return found
			}
		}
		return among(b.word(x), values(b, list, literal))
	case types.IntKind:
		return among(b.whole(x), values(b, list, b.known))
	}
	return among(b.double(x), values(b, list, b.number))
}

// number is the value of a number that the text itself has.
func (b *builder) number(e ast.Expr) (float64, bool) {
	if k, ok := b.known(e); ok {
		return float64(k), true
	}
	if e.Kind() != ast.LiteralKind {
		return 0, false
	}
	d, ok := e.AsLiteral().(types.Double)
	return float64(d), ok
}

func among[T string | int64 | float64](x of[T], list []T) truth {
	if len(list) <= few {
		return func(v *field.Values, item string) bool { return slices.Contains(list, x(v, item)) }
	}
	all := make(map[T]bool, len(list))
	for _, value := range list {
		all[value] = true
	}
	return func(v *field.Values, item string) bool { return all[x(v, item)] }
}
