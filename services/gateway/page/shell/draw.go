package shell

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
)

//go:embed templates
var files embed.FS

// Drawings are the templates and what goes into every page. All is in the page
// itself: it asks no other host for anything.
type Drawings struct {
	all    *template.Template
	style  template.CSS
	script template.JS
	policy string
	log    *slog.Logger
}

// NewDrawings are the shell's templates and those of a package of pages: *.html,
// and *.css and *.js that go behind the shell's.
func NewDrawings(own fs.FS, log *slog.Logger) (*Drawings, error) {
	d := &Drawings{log: log}
	all, err := template.New("").Funcs(template.FuncMap{"versionMark": func() string { return versionMark }}).
		ParseFS(files, "templates/*.html")
	if err == nil {
		all, err = all.ParseFS(own, "templates/*.html")
	}
	if err != nil {
		return nil, fmt.Errorf("page templates: %w", err)
	}
	d.all = all
	style, err := gather(own, "*.css")
	if err != nil {
		return nil, err
	}
	script, err := gather(own, "*.js")
	if err != nil {
		return nil, err
	}
	d.style, d.script = template.CSS(style), template.JS(script) // files of ours
	// Nothing runs or is painted but these two texts, whatever a comment may hold.
	d.policy = fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; connect-src 'self'; img-src data:; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", digest(style), digest(script))
	return d, nil
}

// gather joins the shell's files of a kind and those of a package.
func gather(own fs.FS, pattern string) ([]byte, error) {
	var out []byte
	for _, where := range []fs.FS{files, own} {
		names, err := fs.Glob(where, "templates/"+pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := fs.ReadFile(where, name)
			if err != nil {
				return nil, err
			}
			out = append(out, text...)
		}
	}
	return out, nil
}

// digest names a text in a policy.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Write sends a page drawn by the template of a name; out is what it reads, frame
// the part of it that every page has.
func (d *Drawings) Write(w http.ResponseWriter, status int, name string, frame *Frame, out any) {
	frame.Style, frame.Script = d.style, d.script
	var b bytes.Buffer
	if err := d.all.ExecuteTemplate(&b, name, out); err != nil {
		d.log.Error("draw page", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", d.policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusOK && frame.Kept {
		keep(h, b.Bytes())
	}
	w.WriteHeader(status)
	w.Write(b.Bytes()) //nolint:errcheck // the reader left
}
