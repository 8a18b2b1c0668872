package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// validated lets who asked before ask whether the answer is still that: every read has
// a tag of its content. Answers depend on who asks and move with each fact, so none is
// kept without asking, and never where several callers share.
func validated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Accept, Authorization, Cookie")
		h.Set("Cache-Control", "no-store")
		if r.Method == http.MethodGet {
			w = &validator{ResponseWriter: w, held: r.Header.Get("If-None-Match")}
		}
		next.ServeHTTP(w, r)
	})
}

// validator tags an answer of one piece. What comes as a stream or is refused passes as
// it is.
type validator struct {
	http.ResponseWriter
	held string
	// begun: the header is written; same: the caller has the content already.
	begun, same bool
}

// WriteHeader passes on what is not a plain answer.
func (v *validator) WriteHeader(code int) {
	v.begun = true
	v.ResponseWriter.WriteHeader(code)
}

// Write writes the answer, which comes whole, or a part of a stream.
func (v *validator) Write(b []byte) (int, error) {
	if !v.begun {
		v.begin(b)
	}
	if v.same {
		return len(b), nil
	}
	return v.ResponseWriter.Write(b)
}

func (v *validator) begin(b []byte) {
	v.begun = true
	h := v.Header()
	if h.Get("Transfer-Encoding") != "" {
		h.Set("X-Accel-Buffering", "no") // a proxy that gathers would keep news back
		return
	}
	sum := sha256.Sum256(b)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	if v.same = holds(v.held, tag); v.same {
		h.Del("Content-Length")
		h.Del("Content-Type")
		v.ResponseWriter.WriteHeader(http.StatusNotModified)
	}
}

// Unwrap gives http.ResponseController what can be flushed.
func (v *validator) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// holds tells whether an If-None-Match names the tag. Proxies that compress make tags
// weak; the content is the same.
func holds(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
