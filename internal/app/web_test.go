package app

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOpenOnLocalNamesOnly(t *testing.T) {
	served := localNames(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"127.0.0.1:8080": http.StatusOK, "localhost:8080": http.StatusOK, "localhost": http.StatusOK, "[::1]:8080": http.StatusOK,
		"127.0.0.1.evil.example:8080": http.StatusForbidden, "evil.example": http.StatusForbidden, "10.0.0.1:8080": http.StatusForbidden, "": http.StatusForbidden,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		served.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
}

// What is public needs no token, and nobody gets at it without end.
func TestPublicPages(t *testing.T) {
	r := start(t, "s3cret", func(a *App, cfg *Config, _ *Service) {
		if a == nil {
			cfg.Strangers = 2
			return
		}
		a.Public("GET /s/{token}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "answer "+r.PathValue("token"))
		}))
		a.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inside") }))
	})
	get := func(path string) (int, string, string) {
		got, err := http.Get("http://" + r.HTTPAddr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, _ := io.ReadAll(got.Body)
		return got.StatusCode, string(text), got.Header.Get("Retry-After")
	}
	if code, text, _ := get("/s/x1"); code != http.StatusOK || text != "answer x1" {
		t.Errorf("%d %s", code, text)
	}
	for _, path := range []string{"/", "/s", "/s/", "/s/a/b", "/s/../inside"} {
		if code, text, _ := get(path); code == http.StatusOK {
			t.Errorf("%s: %s", path, text)
		}
	}
	for range 100 {
		if code, _, after := get("/s/x1"); code == http.StatusTooManyRequests {
			if after != "1" {
				t.Errorf("come back after %q", after)
			}
			return
		}
	}
	t.Error("an address asks without end")
}

// Addresses are those of callers, not of proxies, and nobody makes up one of its own.
func TestAddresses(t *testing.T) {
	behind, err := parseProxies([]string{"10.0.0.0/8", "192.0.2.1", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"203.0.113.5:4711", nil, "203.0.113.5"},
		{"203.0.113.5:4711", []string{"198.51.100.7"}, "203.0.113.5"}, // nobody's proxy
		{"10.1.2.3:4711", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.1.2.3:4711", []string{"1.1.1.1, 198.51.100.7, 10.9.9.9"}, "198.51.100.7"},
		{"10.1.2.3:4711", []string{"1.1.1.1", "198.51.100.7", "192.0.2.1"}, "198.51.100.7"},
		{"10.1.2.3:4711", []string{"10.0.0.1"}, "10.0.0.1"},
		{"10.1.2.3:4711", []string{"rubbish"}, "10.1.2.3"},
		{"10.1.2.3:4711", nil, "10.1.2.3"},
		{"[2001:db8:1:2:3:4:5:6]:4711", nil, "2001:db8:1:2::/64"},
		{"[fd00::1]:4711", []string{"2001:db8:1:2:ffff::1"}, "2001:db8:1:2::/64"},
		{"[::ffff:203.0.113.5]:4711", nil, "203.0.113.5"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := behind.address(r); got != c.want {
			t.Errorf("%s for %q: %s, not %s", c.remote, c.forwarded, got, c.want)
		}
	}
	if _, err := parseProxies([]string{"nowhere"}); err == nil {
		t.Error("a network that is none")
	}
}

// The cookie is for TLS alone where the browser speaks it, to us or to a proxy of ours.
func TestCookies(t *testing.T) {
	behind, _ := parseProxies([]string{"10.0.0.0/8"})
	s := &sessions{proxies: behind}
	for _, c := range []struct {
		remote, proto string
		tls, want     bool
	}{{"10.1.2.3:1", "https", false, true}, {"10.1.2.3:1", "http", false, false}, {"203.0.113.5:1", "https", false, false}, {"203.0.113.5:1", "", true, true}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-Proto", c.proto)
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		cookie := s.cookie(r, "x", 0)
		if cookie.Secure != c.want || (cookie.Name == "__Host-rapport") != c.want || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("%+v: %v", c, cookie)
		}
	}
}
