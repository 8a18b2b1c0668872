package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"
)

// leaves are what the outermost && and || put together, in order; joint is told of
// each of those operators.
func leaves(e ast.Expr, out []ast.Expr, joint func(ast.Expr)) []ast.Expr {
	if e.Kind() == ast.CallKind {
		if call := e.AsCall(); call.FunctionName() == operators.LogicalAnd || call.FunctionName() == operators.LogicalOr {
			if joint != nil {
				joint(e)
			}
			for _, arg := range call.Args() {
				out = leaves(arg, out, joint)
			}
			return out
		}
	}
	return append(out, e)
}

// parts are the texts of the leaves, as they were written.
func parts(env *cel.Env, text string, tree *ast.AST) ([]string, error) {
	letters := []rune(text)
	var cuts []int
	all := leaves(tree.Expr(), nil, func(e ast.Expr) {
		if at, ok := tree.SourceInfo().GetOffsetRange(e.ID()); ok {
			cuts = append(cuts, int(at.Start))
		}
	})
	slices.Sort(cuts)
	cuts = append(cuts, len(letters))
	out := make([]string, len(all))
	from := 0
	for i, e := range all {
		if len(cuts) == len(all) && from <= cuts[i] && cuts[i] <= len(letters) {
			out[i] = unwrap(env, string(letters[from:cuts[i]]))
			from = cuts[i] + 2 // past the operator
		}
		if out[i] != "" {
			continue
		}
		// CEL did not say where it was: its own writing means the same.
		var err error
		if out[i], err = parser.Unparse(e, tree.SourceInfo(), parser.WrapOnColumn(2*maxBytes)); err != nil {
			return nil, fmt.Errorf("write a part of a rule: %w", err)
		}
	}
	return out, nil
}

// unwrap takes off the parentheses that are one part's but close in another; "" if
// what is left is no expression. They are all on one side: on both they would close
// each other.
func unwrap(env *cel.Env, piece string) string {
	piece = strings.TrimSpace(piece)
	left, right := piece, piece
	for range maxDepth {
		for _, try := range []string{left, right} {
			if _, issues := env.Parse(try); issues.Err() == nil {
				return try
			}
		}
		left = strings.TrimSpace(strings.TrimPrefix(left, "("))
		right = strings.TrimSpace(strings.TrimSuffix(right, ")"))
		if left == piece && right == piece {
			return ""
		}
	}
	return ""
}
