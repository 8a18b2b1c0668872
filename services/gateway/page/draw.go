package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
)

//go:embed templates
var files embed.FS

// drawings are the templates and what goes into every page. All is in the page
// itself: it asks no other host for anything.
type drawings struct {
	all    *template.Template
	style  template.CSS
	script template.JS
	policy string
}

func newDrawings() (*drawings, error) {
	d := &drawings{}
	var err error
	d.all, err = template.New("").Funcs(template.FuncMap{"versionMark": func() string { return versionMark }}).
		ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("page templates: %w", err)
	}
	style, err := files.ReadFile("templates/page.css")
	if err != nil {
		return nil, err
	}
	script, err := files.ReadFile("templates/page.js")
	if err != nil {
		return nil, err
	}
	d.style, d.script = template.CSS(style), template.JS(script) // files of ours
	// Nothing runs or is painted but these two texts, whatever a comment may hold.
	d.policy = fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; connect-src 'self'; img-src data:; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", digest(style), digest(script))
	return d, nil
}

// digest names a text in a policy.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (d *drawings) page(out *shown) ([]byte, error) {
	out.Style, out.Script = d.style, d.script
	name := "page"
	switch {
	case out.Problem != "":
		name = "problem"
	case out.Page != "":
		name = "leaf"
	}
	var b bytes.Buffer
	err := d.all.ExecuteTemplate(&b, name, out)
	return b.Bytes(), err
}

// section draws one section with a mark where its version belongs.
func (d *drawings) section(c content) ([]byte, error) {
	name := "failed"
	if c.Failed == "" {
		name = c.ID
	}
	var inner, b bytes.Buffer
	if err := d.all.ExecuteTemplate(&inner, name, c); err != nil {
		return nil, err
	}
	err := d.all.ExecuteTemplate(&b, "section", struct {
		content
		Inner template.HTML
	}{c, template.HTML(inner.String())}) // our own template made it
	return b.Bytes(), err
}
