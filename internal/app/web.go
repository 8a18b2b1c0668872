package app

import (
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// newWeb makes the HTTP server. There is no write timeout: a live page reads for
// as long as it is open.
func (a *App) newWeb() *http.Server {
	// A page elsewhere must not make a browser write here: on loopback everybody
	// who reaches us is let in, and browsers reach us for any page.
	sameOrigin := http.NewCrossOriginProtection()
	return &http.Server{
		Handler:           sameOrigin.Handler(a.authenticated(a.mux)),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.tel.Log.Handler(), slog.LevelWarn),
	}
}

// authenticated asks for the service token where others can reach us: as a bearer
// token from programs, as the password from browsers.
func (a *App) authenticated(next http.Handler) http.Handler {
	if a.guard.Open() {
		return localNames(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		who, err := a.authenticate(r)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Basic realm="Rapport", charset="UTF-8"`)
			http.Error(w, fault.From(err).Text, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
	})
}

// localNames refuses requests that came to us under a name of somebody else: a
// page could have that name point to this machine, and then read as its own
// what is open to everybody here.
func localNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "open on this machine's own names only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *App) authenticate(r *http.Request) (*access.Principal, error) {
	header := r.Header.Get("Authorization")
	if _, password, ok := r.BasicAuth(); ok && !strings.HasPrefix(header, "Bearer ") {
		return a.guard.AuthenticatePassword(password)
	}
	return a.guard.Authenticate(header)
}
