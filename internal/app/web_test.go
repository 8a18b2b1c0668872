package app

import (
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
	r := start(t, "s3cret", func(a *App, _ *Config, _ *Service) {
		if a == nil {
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
	for range 6 * strangers {
		if code, _, after := get("/s/x1"); code == http.StatusTooManyRequests {
			if after != "1" {
				t.Errorf("come back after %q", after)
			}
			return
		}
	}
	t.Error("an address asks without end")
}
