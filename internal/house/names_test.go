package house

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Names that say nothing of what is in there. common is the proto package that
// every service speaks.
var empty = []string{"util", "utils", "common", "helper", "helpers", "shared", "types", "models", "base", "manager", "impl", "misc"}

func TestNames(t *testing.T) {
	for _, name := range tracked(t) {
		if under(name, "proto") || under(name, "gen") || underAny(name, "services/gateway/stub", "third_party") {
			continue
		}
		parts := strings.Split(name, "/")
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		stem := strings.TrimSuffix(strings.TrimSuffix(parts[len(parts)-1], ".go"), "_test")
		for _, part := range append(parts[:len(parts)-1], strings.Split(stem, "_")...) {
			if slices.Contains(empty, part) {
				t.Errorf("%s: %q says nothing of what is in it", name, part)
			}
		}
	}
}

const (
	maxRows     = 400
	maxTestRows = 600
	maxFunction = 60
)

// wiring may be longer than a function should be: it is a list and has no turns.
var wiring = regexp.MustCompile(`^services/[a-z]+/(bind|server)\.go$`)

func TestSizes(t *testing.T) {
	for _, f := range ours(t).files {
		if f.generated() {
			continue
		}
		limit := maxRows
		if f.test {
			limit = maxTestRows
		}
		if f.rows > limit {
			t.Errorf("%s has %d lines, more than %d", f.name, f.rows, limit)
		}
		if f.test || wiring.MatchString(f.name) {
			continue
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := f.at.Position(fn.End()).Line - f.at.Position(fn.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, more than %d", f.name, fn.Name.Name, n, maxFunction)
			}
		}
	}
}

// An interface named after one implementation, in the fashion of other languages.
var hungarian = regexp.MustCompile(`^I[A-Z][a-z]`)

func TestInterfaces(t *testing.T) {
	for _, f := range ours(t).files {
		if f.generated() {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if _, is := spec.Type.(*ast.InterfaceType); is && hungarian.MatchString(spec.Name.Name) {
				t.Errorf("%s: interface %s: name it for what it does", f.name, spec.Name.Name)
			}
			return true
		})
	}
}

// Paths of the machine that something was written on mean nothing elsewhere. Put
// together here, or this file would not pass.
var machine = regexp.MustCompile(`(^|[^\w.$}/-])/(wo` + `rk|ro` + `ot)/`)

func TestNoMachinePaths(t *testing.T) {
	for _, name := range tracked(t) {
		switch path.Ext(name) {
		case ".gz", ".png", ".ico", ".woff2", ".sum":
			continue
		}
		for i, line := range strings.Split(read(t, name), "\n") {
			if machine.MatchString(line) {
				t.Errorf("%s:%d names a path of one machine: %.120s", name, i+1, line)
			}
		}
	}
}
