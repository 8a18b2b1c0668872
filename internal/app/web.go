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
		Handler:           sameOrigin.Handler(a.admitted(a.mux)),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.tel.Log.Handler(), slog.LevelWarn),
	}
}

// Public serves a pattern on the HTTP port to everybody who comes, so many times a
// second to each address: what customers reach. It must be called before Start.
func (a *App) Public(pattern string, handler http.Handler) {
	a.public.Handle(pattern, handler)
}

// Crowded has page tell those who ask for public pages too often, and when to come again.
func (a *App) Crowded(page func(w http.ResponseWriter, r *http.Request, wait time.Duration)) {
	a.crowded = page
}

// tooOften refuses in the words of the page where a person reads them.
func (a *App) tooOften(w http.ResponseWriter, r *http.Request, err error) {
	if a.crowded != nil && strings.Contains(r.Header.Get("Accept"), "text/html") {
		a.crowded(w, r, fault.From(err).RetryAfter)
		return
	}
	refuse(w, http.StatusTooManyRequests, err)
}

// strangers is how many times a second an address may ask for public pages.
const strangers = 10

// admitted lets in whom the guard knows, and everybody to what is public.
func (a *App) admitted(next http.Handler) http.Handler {
	door, known := access.NewDoor(strangers), a.authenticated(next)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := a.public.Handler(r); pattern == "" {
			known.ServeHTTP(w, r)
			return
		}
		address, _, _ := net.SplitHostPort(r.RemoteAddr)
		if err := door.Pass(address, time.Now()); err != nil {
			a.tooOften(w, r, err)
			return
		}
		a.public.ServeHTTP(w, r)
	})
	if a.guard.Open() {
		return localNames(handler)
	}
	return handler
}

// authenticated finds out who asks where not everybody may: by a bearer token from
// programs; from browsers as a session or, with any name, as the password.
func (a *App) authenticated(next http.Handler) http.Handler {
	if a.guard.Open() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		who, err := a.authenticate(r)
		if err != nil {
			a.challenge(w, r, err)
			return
		}
		if r.URL.Path == "/metrics" && !who.Service {
			refuse(w, http.StatusForbidden, access.Denied())
			return
		}
		// What we ask on the caller's behalf shows its token: of its headers none goes on.
		r = r.Clone(access.OnBehalf(access.With(r.Context(), who, nil)))
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}

// challenge asks who it is: browsers by a form where people have tokens of their own,
// by their own prompt otherwise. It is the same wherever they wanted to go.
func (a *App) challenge(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/"):
		w.Header().Set("WWW-Authenticate", `Bearer realm="Rapport"`)
		refuse(w, http.StatusUnauthorized, err)
	case a.guard.Signed() && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
		a.sessions.form(w, r, http.StatusUnauthorized)
	default:
		w.Header().Set("WWW-Authenticate", `Basic realm="Rapport", charset="UTF-8"`)
		http.Error(w, fault.From(err).Text, http.StatusUnauthorized)
	}
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
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		if token := a.sessions.token(r); token != "" {
			return a.guard.AuthenticateToken(r.Context(), token)
		}
	}
	if _, password, ok := r.BasicAuth(); ok && len(headers) == 1 {
		return a.guard.AuthenticateToken(r.Context(), password)
	}
	return a.guard.Authenticate(r.Context(), headers...)
}
