package expr

import (
	"math"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

func (b *builder) whole(e ast.Expr) whole {
	if k, ok := b.known(e); ok {
		return constant(k)
	}
	if e.Kind() == ast.CallKind {
		return b.wholeCall(e)
	}
	f := b.watched(e)
	if f == nil {
		return unfit[int64](b, e, "is no field")
	}
	return func(v *field.Values, _ string) int64 { return v.Integer(f) }
}

// known is the value of a whole number that the text itself has.
func (b *builder) known(e ast.Expr) (int64, bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		k, ok := e.AsLiteral().(types.Int)
		return int64(k), ok
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == callDay && call.Args()[0].Kind() == ast.LiteralKind {
			s, _ := call.Args()[0].AsLiteral().(types.String)
			d, err := calendar.ParseDay(string(s))
			return int64(d), err == nil
		}
	}
	return 0, false
}

func (b *builder) wholeCall(e ast.Expr) whole {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case callDay:
		return unfit[int64](b, args[0], "day() takes a date that is written out, as in day('2026-03-08')")
	case callCount, callWeeks:
		return b.category(e)
	case callSize:
		return b.size(call)
	case operators.Conditional:
		return choose(b, e, b.whole)
	case operators.Negate:
		x := b.whole(args[0])
		return func(v *field.Values, item string) int64 { return minus(0, x(v, item)) }
	}
	x, y := b.whole(args[0]), b.whole(args[1])
	switch call.FunctionName() {
	case operators.Add:
		return func(v *field.Values, item string) int64 { return plus(x(v, item), y(v, item)) }
	case operators.Subtract:
		return func(v *field.Values, item string) int64 { return minus(x(v, item), y(v, item)) }
	}
	return func(v *field.Values, item string) int64 { return times(x(v, item), y(v, item)) }
}

// category is a number about one category, a field that no catalogue lists.
func (b *builder) category(e ast.Expr) whole {
	call := e.AsCall()
	name, ok := literal(call.Args()[0])
	if !ok || name == "" {
		return unfit[int64](b, e, "takes the name of a category, written out")
	}
	f := field.CategoryWeeks(name)
	if call.FunctionName() == callCount {
		days := int64(0)
		if len(call.Args()) > 1 {
			days, ok = b.known(call.Args()[1])
		}
		if f = field.CategoryCount(name, days); !ok || f == nil {
			return unfit[int64](b, e, "takes 7, 30, 90 or 365 days")
		}
	}
	b.used[f.Name], b.watch = f, b.watch.Or(field.WatchOf(f))
	return func(v *field.Values, _ string) int64 { return v.Integer(f) }
}

func (b *builder) size(call ast.CallExpr) whole {
	target := call.Target()
	if !call.IsMemberFunction() {
		target = call.Args()[0]
	}
	if b.typeOf(target).Kind() == types.ListKind {
		list := b.words(target)
		return func(v *field.Values, item string) int64 { return int64(len(list(v, item))) }
	}
	x := b.word(target)
	return func(v *field.Values, item string) int64 { return int64(utf8.RuneCountInString(x(v, item))) }
}

func (b *builder) double(e ast.Expr) double {
	switch e.Kind() {
	case ast.LiteralKind:
		k, _ := e.AsLiteral().(types.Double)
		return constant(float64(k))
	case ast.CallKind:
		return b.doubleCall(e)
	}
	f := b.watched(e)
	if f == nil {
		return unfit[float64](b, e, "is no field")
	}
	return func(v *field.Values, _ string) float64 { return v.Number(f) }
}

func (b *builder) doubleCall(e ast.Expr) double {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Conditional:
		return choose(b, e, b.double)
	case operators.Negate:
		x := b.double(args[0])
		return func(v *field.Values, item string) float64 { return -x(v, item) }
	}
	x, y := b.double(args[0]), b.double(args[1])
	switch call.FunctionName() {
	case operators.Add:
		return func(v *field.Values, item string) float64 { return x(v, item) + y(v, item) }
	case operators.Subtract:
		return func(v *field.Values, item string) float64 { return x(v, item) - y(v, item) }
	}
	return func(v *field.Values, item string) float64 { return x(v, item) * y(v, item) }
}

// The ends of whole numbers: what would lie beyond them is taken for them, so that a
// sum is a number whatever its parts are.

func plus(x, y int64) int64 {
	switch {
	case y > 0 && x > math.MaxInt64-y:
		return math.MaxInt64
	case y < 0 && x < math.MinInt64-y:
		return math.MinInt64
	}
	return x + y
}

func minus(x, y int64) int64 {
	switch {
	case y < 0 && x > math.MaxInt64+y:
		return math.MaxInt64
	case y > 0 && x < math.MinInt64+y:
		return math.MinInt64
	}
	return x - y
}

func times(x, y int64) int64 {
	if x == 0 || y == 0 {
		return 0
	}
	product := x * y
	if product/y == x && (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64) {
		return product
	}
	if (x < 0) == (y < 0) {
		return math.MaxInt64
	}
	return math.MinInt64
}
