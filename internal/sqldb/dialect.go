package sqldb

import (
	"bytes"
	"io/fs"
	"strings"
)

// dialect shows migrations to one engine: what stands in a comment
// /*sqlite … */ is read by SQLite alone, /*postgres … */ by PostgreSQL alone.
// The schema stays one text, with its few differences in plain sight.
type dialect struct {
	fs.FS
	engine Engine
}

// Open returns the file with this engine's comments opened up.
func (d dialect) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := fs.ReadFile(d.FS, name)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &sqlFile{f, bytes.NewReader(d.uncomment(text))}, nil
}

func (d dialect) uncomment(text []byte) []byte {
	mark := []byte("/*" + string(d.engine) + " ")
	var out []byte
	for {
		before, rest, found := bytes.Cut(text, mark)
		out = append(out, before...)
		if !found {
			return out
		}
		inside, after, _ := bytes.Cut(rest, []byte("*/"))
		out, text = append(out, inside...), after
	}
}

// sqlFile reads the changed text in place of the file's own.
type sqlFile struct {
	fs.File
	text *bytes.Reader
}

func (f *sqlFile) Read(p []byte) (int, error) { return f.text.Read(p) }
