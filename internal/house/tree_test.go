// Package house holds the rules that no single room can keep for itself: who may
// import whom, how large things get, what names mean, and that what lies under
// deploy speaks of flags and metrics that exist. It has only tests.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/rapport-cx/rapport/"

// root is where the suite's modules lie, seen from this package.
var root = filepath.Join("..", "..")

// pkg is one package as go list tells it.
type pkg struct {
	ImportPath, Dir                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// room is the package's place in the tree, such as internal/fold.
func (p *pkg) room() string { return strings.TrimPrefix(p.ImportPath, module) }

// file is one Go file of ours, parsed.
type file struct {
	*ast.File
	pkg  *pkg
	name string // from the root, with slashes
	test bool
	rows int
	at   *token.FileSet
}

// imports lists the paths that this file names.
func (f *file) imports() []string {
	var paths []string
	for _, spec := range f.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

type tree struct {
	packages map[string]*pkg // ours, by import path
	files    []*file
}

// load reads the tree once for all tests.
var load = sync.OnceValues(func() (*tree, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports,Deps", "./...", "./gen/...")
	cmd.Dir = root
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.Join(err, errors.New(told.String()))
	}
	t := &tree{packages: map[string]*pkg{}}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &pkg{}
		if err := dec.Decode(p); errors.Is(err, io.EOF) {
			return t, nil
		} else if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		t.packages[p.ImportPath] = p
		if err := t.parse(p); err != nil {
			return nil, err
		}
	}
})

func (t *tree) parse(p *pkg) error {
	for i, names := range [][]string{p.GoFiles, p.TestGoFiles, p.XTestGoFiles} {
		for _, name := range names {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f := &file{pkg: p, name: p.room() + "/" + name, test: i > 0, rows: bytes.Count(text, []byte("\n")), at: token.NewFileSet()}
			if f.File, err = parser.ParseFile(f.at, path, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				return err
			}
			t.files = append(t.files, f)
		}
	}
	return nil
}

func ours(t *testing.T) *tree {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// generated reports files that no person writes.
func (f *file) generated() bool { return ast.IsGenerated(f.File) }

// read is the text of a file named from the root.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tracked lists the files that are checked in, named from the root.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("not a checkout:", err)
	}
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// What is deleted and not yet committed is no file any more.
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			names = append(names, name)
		}
	}
	return names
}
