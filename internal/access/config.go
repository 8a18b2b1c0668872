package access

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/rapport-cx/rapport/internal/config"
)

// Shown is the token that a process shows to others.
type Shown struct {
	// TokenFile holds the token that services show each other; a client may show a
	// signed one.
	TokenFile config.SecretFile `flag:"token-file" help:"file with the service token; beyond loopback this or --access is needed"`
}

// Config is how callers prove who they are, and what is told of them.
type Config struct {
	Shown
	// File names issuers of tokens and the roles that they may give.
	File string `flag:"access" help:"access.yaml: whose tokens are taken and what their roles allow; without it everybody shows the service token"`
	// Rate bounds each caller that comes with a signed token, in this process.
	Rate float64 `flag:"rate" default:"200" help:"calls a second that one caller may make for long, five times as many at once; 0: no bound"`
	// Audit is where reads of personal data are recorded.
	Audit string `flag:"audit" help:"file that records who read personal data; empty: standard error, unless the process is open"`
}

// New reads tokens, issuers and roles. A process that others can reach does not start
// without any of them.
func New(cfg Config, brands *config.Brands, loopback bool) (*Guard, error) {
	token, err := cfg.TokenFile.Read()
	if err != nil {
		return nil, err
	}
	g := &Guard{brands: brands, clock: time.Now, limits: newLimits(cfg.Rate)}
	if cfg.File != "" {
		if err := g.load(cfg.File); err != nil {
			return nil, fmt.Errorf("--access: %w", err)
		}
	}
	g.open = loopback && cfg.File == "" && len(token) == 0
	if !g.open && len(token) == 0 {
		if cfg.File == "" {
			return nil, errors.New("listening beyond loopback needs --token-file or --access")
		}
		// Services of this process talk to each other; nobody else needs to know.
		token = []byte(rand.Text())
	}
	g.token, g.sum = string(token), sha256.Sum256(token)
	return g, g.openAudit(cfg.Audit)
}

// openAudit opens the file for appending; there may be other processes.
func (g *Guard) openAudit(name string) error {
	var out io.Writer = os.Stderr
	switch {
	case name != "":
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("--audit: %w", err)
		}
		out = f
	case g.open:
		return nil
	}
	g.AuditTo(out)
	return nil
}

// AuditTo records reads of personal data to out, a JSON line each.
func (g *Guard) AuditTo(out io.Writer) {
	g.audit = slog.New(slog.NewJSONHandler(out, nil)).With("kind", "audit")
}
