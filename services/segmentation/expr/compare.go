package expr

import (
	"cmp"
	"math"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/rapport-cx/rapport/services/segmentation/field"
)

func (b *builder) comparison(call ast.CallExpr) truth {
	op, x, y := call.FunctionName(), call.Args()[0], call.Args()[1]
	left, right := b.typeOf(x).Kind(), b.typeOf(y).Kind()
	switch {
	case left == types.BoolKind:
		p, q, same := b.truth(x), b.truth(y), op == operators.Equals
		return func(v *field.Values, item string) bool { return (p(v, item) == q(v, item)) == same }
	case left == types.StringKind:
		return compare(op, b.word(x), b.word(y))
	case left == types.DoubleKind && right == types.DoubleKind:
		return compare(op, b.double(x), b.double(y))
	case left == types.DoubleKind:
		return mixed(turned(op), b.whole(y), b.double(x))
	case right == types.DoubleKind:
		return mixed(op, b.whole(x), b.double(y))
	}
	if t := b.age(op, x, y); t != nil {
		return t
	}
	if t := b.age(turned(op), y, x); t != nil {
		return t
	}
	return compare(op, b.whole(x), b.whole(y))
}

// age is a comparison of the days since something with a number that is
// written out: it turns on one or two days alone, so that not every midnight needs to
// look at it. Nil if it is another comparison.
func (b *builder) age(op string, x, y ast.Expr) truth {
	f := b.field(x)
	k, known := b.known(y)
	if f == nil || !f.Counts() || !known {
		return nil
	}
	after := plus(k, 1)
	switch op {
	case operators.Less, operators.GreaterEquals:
		b.watch = b.watch.Or(field.WatchAge(f, k))
	case operators.LessEquals, operators.Greater:
		b.watch = b.watch.Or(field.WatchAge(f, after))
	default:
		b.watch = b.watch.Or(field.WatchAge(f, k, after))
	}
	return compare(op, func(v *field.Values, _ string) int64 { return v.Integer(f) }, constant(k))
}

// turned is the operator for the operands the other way round.
func turned(op string) string {
	switch op {
	case operators.Less:
		return operators.Greater
	case operators.LessEquals:
		return operators.GreaterEquals
	case operators.Greater:
		return operators.Less
	case operators.GreaterEquals:
		return operators.LessEquals
	}
	return op
}

// compare compares what Go compares as CEL does, NaN included: nothing is less than
// it, nor more, nor the same.
func compare[T cmp.Ordered](op string, x, y of[T]) truth {
	switch op {
	case operators.Equals:
		return func(v *field.Values, item string) bool { return x(v, item) == y(v, item) }
	case operators.NotEquals:
		return func(v *field.Values, item string) bool { return x(v, item) != y(v, item) }
	case operators.Less:
		return func(v *field.Values, item string) bool { return x(v, item) < y(v, item) }
	case operators.LessEquals:
		return func(v *field.Values, item string) bool { return x(v, item) <= y(v, item) }
	case operators.Greater:
		return func(v *field.Values, item string) bool { return x(v, item) > y(v, item) }
	}
	return func(v *field.Values, item string) bool { return x(v, item) >= y(v, item) }
}

// mixed compares a whole number with another number by what they are, not by what
// one of them becomes as the other's type.
func mixed(op string, x whole, y double) truth {
	return func(v *field.Values, item string) bool {
		order, comparable := against(x(v, item), y(v, item))
		switch {
		case !comparable:
			return op == operators.NotEquals
		case op == operators.Equals:
			return order == 0
		case op == operators.NotEquals:
			return order != 0
		case op == operators.Less:
			return order < 0
		case op == operators.LessEquals:
			return order <= 0
		case op == operators.Greater:
			return order > 0
		}
		return order >= 0
	}
}

// against is how x lies to y, -1, 0 or 1; false if y is not a number.
func against(x int64, y float64) (int, bool) {
	switch {
	case math.IsNaN(y):
		return 0, false
	case y >= 1<<63:
		return -1, true
	case y < -1<<63:
		return 1, true
	}
	floor := math.Floor(y)
	if order := cmp.Compare(x, int64(floor)); order != 0 || y == floor {
		return order, true
	}
	return -1, true
}
