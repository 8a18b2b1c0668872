package house

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// under reports whether a path is a package or lies in it.
func under(importPath, parent string) bool {
	return importPath == parent || strings.HasPrefix(importPath, parent+"/")
}

func underAny(importPath string, parents ...string) bool {
	return slices.ContainsFunc(parents, func(p string) bool { return under(importPath, p) })
}

// service is the name of the service that a room belongs to; "" if none.
func service(room string) string {
	name, ok := strings.CutPrefix(room, "services/")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, "/")
	return name
}

// Test-only rooms start processes and hold assertions. Only tests know them.
var testOnly = []string{"internal/sqldb/sqldbtest", "internal/hot/hottest", "services/survey/segments/segmentstest",
	"services/gateway/page/shell/shelltest"}

// rule is one thing a file must not import. Tests stand outside of their rooms:
// they start whatever they test against.
type rule struct {
	name      string
	withTests bool
	broken    func(f *file, imported string) bool
}

var rules = []rule{
	{"gen imports none of ours", true, func(f *file, imported string) bool {
		return under(f.pkg.room(), "gen") && under(imported+"/", strings.TrimSuffix(module, "/")) && !under(imported, module+"gen")
	}},
	{"internal never imports services", true, func(f *file, imported string) bool {
		return under(f.pkg.room(), "internal") && under(imported, module+"services")
	}},
	// Its tests do: other services are the real ones, not mocks.
	{"a service imports no other; only services/rapport imports all", false, func(f *file, imported string) bool {
		from, to := service(f.pkg.room()), service(strings.TrimPrefix(imported, module))
		return from != "" && to != "" && from != to && from != "rapport"
	}},
	{"gRPC is known to internal/app, internal/fault, internal/follow, server*.go, bind.go and clients", false, func(f *file, imported string) bool {
		return under(imported, "google.golang.org/grpc") && !mayKnowGRPC(f)
	}},
	{"database/sql only in internal/sqldb and store*.go", false, func(f *file, imported string) bool {
		return under(imported, "database/sql") && !mayKnowSQL(f)
	}},
	{"drivers and migrations only in internal/sqldb", false, func(f *file, imported string) bool {
		return underAny(imported, "github.com/jackc", "modernc.org", "github.com/pressly/goose") && !under(f.pkg.room(), "internal/sqldb")
	}},
	{"go-redis only in internal/hot", false, func(f *file, imported string) bool {
		return under(imported, "github.com/redis") && !under(f.pkg.room(), "internal/hot")
	}},
	{"internal/fold and internal/hot know nothing of any service", true, func(f *file, imported string) bool {
		return underAny(f.pkg.room(), "internal/fold", "internal/hot", "internal/feed", "internal/commit", "internal/sqldb") &&
			under(imported, module+"gen") && !under(imported, module+"gen/rapport/common")
	}},
	{"test-only packages never reach the binary", false, func(f *file, imported string) bool {
		helper := underAny(f.pkg.room(), testOnly...)
		return !helper && (imported == "testing" || underAny(strings.TrimPrefix(imported, module), testOnly...) ||
			underAny(imported, "github.com/google/go-cmp", "github.com/chromedp"))
	}},
}

func mayKnowGRPC(f *file) bool {
	room, name := f.pkg.room(), path.Base(f.name)
	switch {
	case underAny(room, "gen", "internal/app", "internal/fault", "internal/follow"):
		return true
	case under(room, "services/gateway"), under(room, "services/rapport"):
		return true // clients of every service
	case underAny(room, testOnly...):
		return true // serves what the tests stand before
	}
	// A service's face, in the room that bears the service's name.
	return room == "services/"+service(room) && (strings.HasPrefix(name, "server") || name == "bind.go")
}

func mayKnowSQL(f *file) bool {
	return under(f.pkg.room(), "internal/sqldb") || strings.HasPrefix(path.Base(f.name), "store")
}

func TestRooms(t *testing.T) {
	for _, f := range ours(t).files {
		for _, imported := range f.imports() {
			for _, r := range rules {
				if (r.withTests || !f.test) && r.broken(f, imported) {
					t.Errorf("%s imports %s: %s", f.name, imported, r.name)
				}
			}
		}
	}
}

// What the binary holds follows from all it imports, not from ours alone.
func TestBinary(t *testing.T) {
	p := ours(t).packages[module+"services/rapport"]
	if p == nil {
		t.Fatal("services/rapport is gone")
	}
	for _, dep := range p.Deps {
		if underAny(strings.TrimPrefix(dep, module), testOnly...) || underAny(dep, "testing", "net/http/httptest", "github.com/google/go-cmp", "github.com/chromedp") {
			t.Errorf("services/rapport depends on %s", dep)
		}
	}
}

// Teams import gen alone, so what it drags in is part of the contract.
func TestGenIsLight(t *testing.T) {
	allowed := []string{"google.golang.org/grpc", "google.golang.org/protobuf", "google.golang.org/genproto", "buf.build/gen/go", "golang.org/x", strings.TrimSuffix(module, "/") + "/gen"}
	for _, p := range ours(t).packages {
		if !under(p.room(), "gen") {
			continue
		}
		for _, dep := range p.Deps {
			first, _, _ := strings.Cut(dep, "/")
			if strings.Contains(first, ".") && !underAny(dep, allowed...) {
				t.Errorf("%s depends on %s", p.room(), dep)
			}
		}
	}
}
