package shell

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// keep lets a reader's own browser keep a body, to be asked for again with each look:
// what has not changed is not sent twice. Nobody else may keep it.
func keep(h http.Header, body []byte) {
	sum := sha256.Sum256(body)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", "private, no-cache")
}

// Revalidated answers 304 Not Modified to a reader who has what next would send.
func Revalidated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		has := r.Header.Get("If-None-Match")
		if has == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&revalidating{ResponseWriter: w, has: has}, r)
	})
}

// revalidating sends no body that its reader has.
type revalidating struct {
	http.ResponseWriter
	has  string
	same bool
}

// WriteHeader sends the status, of what the reader has that it is the same.
func (w *revalidating) WriteHeader(status int) {
	tag := w.Header().Get("ETag")
	if w.same = status == http.StatusOK && tag != "" && holds(w.has, tag); w.same {
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Disposition"} {
			w.Header().Del(name)
		}
		status = http.StatusNotModified
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *revalidating) Write(body []byte) (int, error) {
	if w.same {
		return len(body), nil
	}
	return w.ResponseWriter.Write(body)
}

// Unwrap lets streams flush.
func (w *revalidating) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// holds tells whether a list of tags, as If-None-Match has it, holds one.
func holds(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
