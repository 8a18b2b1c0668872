// Package survey is the page on which customers answer, at /s/{token}. Survey owns what
// is asked and what was answered: the page shows it in screens of a few questions, keeps
// each screen when it is left, and says what happens next.
//
// It needs no JavaScript: every step is a form that comes back as another page, and what
// branches is told by Survey after each save. A script of the page's own, where it runs,
// saves what is tapped and turns screens without loading the page anew.
//
// Whoever looks is nobody we know: the token in the address is all there is. Nothing
// that is looked at (GET) answers anything, since programs that check mail follow links.
package survey

import (
	"embed"
	"log/slog"
	"net/http"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

//go:embed templates
var files embed.FS

// Config is what the page is told when it is made.
type Config struct {
	Survey surveyv1.SurveyServiceClient
	Brands *config.Brands
	Clock  func() time.Time
	Log    *slog.Logger
}

// Page answers /s/{token}.
type Page struct {
	cfg   Config
	drawn *shell.Drawings
}

// New makes the page.
func New(cfg Config) (*Page, error) {
	drawn, err := shell.NewDrawings(files, cfg.Log)
	if err != nil {
		return nil, err
	}
	return &Page{cfg: cfg, drawn: drawn}, nil
}

// Patterns are the ways to the page. All of it is public.
var Patterns = []string{"GET /s/{token}", "POST /s/{token}"}

const (
	// patience bounds the calls of one request.
	patience = 10 * time.Second
	// maxForm bounds what a form may bring: texts of 10,000 bytes, as a form writes them.
	maxForm = 1 << 20
)

// ServeHTTP shows the page or takes a screen of it.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodPost {
		p.take(w, r)
		return
	}
	p.show(w, r)
}
