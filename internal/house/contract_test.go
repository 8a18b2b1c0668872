package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

// literal is the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// reasonsOf lists the reasons that a file spells as text: constants named
// Reason…, and literals given to fault. Values of the enum need no check.
func reasonsOf(f *file) []string {
	var found []string
	add := func(e ast.Expr) {
		if s, ok := literal(e); ok && s != "" {
			found = append(found, s)
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if strings.HasPrefix(name.Name, "Reason") && i < len(n.Values) {
					add(n.Values[i])
				}
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 {
				return true
			}
			x, _ := sel.X.(*ast.Ident)
			// DataLoss has no reason: its text stays inside.
			if sel.Sel.Name == "Reason" || x != nil && x.Name == "fault" && len(n.Args) > 1 && sel.Sel.Name != "DataLoss" && sel.Sel.Name != "Is" {
				add(n.Args[0])
			}
		}
		return true
	})
	return found
}

// A reason that is not in the contract is one no client can test for. What
// services/rapport tells of rows it rejects never leaves the machine.
func TestReasonsAreInTheContract(t *testing.T) {
	seen := 0
	for _, f := range ours(t).files {
		if f.test || f.generated() || service(f.pkg.room()) == "rapport" {
			continue
		}
		for _, reason := range reasonsOf(f) {
			seen++
			if _, ok := commonv1.Reason_value["REASON_"+reason]; !ok {
				t.Errorf("%s: reason %s is not in rapport.common.v1.Reason", f.name, reason)
			}
		}
	}
	if seen == 0 {
		t.Error("no reason was found: the test looks at the wrong places")
	}
}

var (
	protoPackage = regexp.MustCompile(`(?m)^package ([\w.]+);`)
	protoService = regexp.MustCompile(`(?m)^service (\w+) \{`)
	protoMethod  = regexp.MustCompile(`(?m)^  rpc (\w+)\(`)
)

// methods lists every rpc of the contract by its full name.
func methods(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "proto/rapport/*/v*/*_service.proto"))
	if err != nil || len(names) == 0 {
		t.Fatal("no services in proto", err)
	}
	all := map[string]bool{}
	for _, name := range names {
		rel, _ := filepath.Rel(root, name)
		text := read(t, rel)
		service := protoPackage.FindStringSubmatch(text)[1] + "." + protoService.FindStringSubmatch(text)[1]
		for _, m := range protoMethod.FindAllStringSubmatch(text, -1) {
			all[service+"."+m[1]] = true
		}
	}
	return all
}

func TestEveryMethodHasARoute(t *testing.T) {
	var routes struct {
		HTTP struct {
			Rules []map[string]any `yaml:"rules"`
		} `yaml:"http"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "proto/gateway.yaml")), &routes); err != nil {
		t.Fatal(err)
	}
	all, given, taken := methods(t), map[string]bool{}, map[string]string{}
	for _, rule := range routes.HTTP.Rules {
		selector, _ := rule["selector"].(string)
		if !all[selector] {
			t.Errorf("%s has a route and is no method", selector)
		}
		if given[selector] {
			t.Errorf("%s has two rules; further routes belong to additional_bindings", selector)
		}
		given[selector] = true
		for _, verb := range []string{"get", "put", "post", "patch", "delete"} {
			where, ok := rule[verb].(string)
			if other := taken[verb+where]; ok && other != "" {
				t.Errorf("%s and %s share %s %s", other, selector, verb, where)
			}
			taken[verb+where] = selector
			if ok && !strings.HasPrefix(where, "/v1/") {
				t.Errorf("%s is at %s, outside of /v1/", selector, where)
			}
		}
	}
	for name := range all {
		if !given[name] {
			t.Errorf("%s has no route in proto/gateway.yaml", name)
		}
	}
}
