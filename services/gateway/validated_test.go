package gateway_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// Who holds an answer asks whether it is still that, and is sent another one once a
// fact has moved it.
func TestReadsAreValidated(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	const path = "/v1/demo/responses?pageSize=10"
	code, body, h := w.get(t, path)
	tag := h.Get("ETag")
	if code != http.StatusOK || tag == "" || body == "" || h.Get("Cache-Control") != "private, no-cache" || !strings.Contains(h.Get("Vary"), "Authorization") {
		t.Fatalf("%d %q %v", code, body, h)
	}
	for _, held := range []string{tag, "W/" + tag, `"another", ` + tag, "*"} {
		if code, body, h := w.get(t, path, "If-None-Match", held); code != http.StatusNotModified || body != "" || h.Get("ETag") != tag {
			t.Errorf("%s: %d %q %v", held, code, body, h)
		}
	}
	w.submit(t, "one", response("101", 1, 9, ""))
	if code, body, h := w.get(t, path, "If-None-Match", tag); code != http.StatusOK || body == "" || h.Get("ETag") == tag {
		t.Errorf("after a response: %d %q %v", code, body, h)
	}
	if code, _, h := w.get(t, "/v1/demo/responses/99", "If-None-Match", "*"); code != http.StatusNotFound || h.Get("ETag") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal: %d %v", code, h)
	}
}

// A browser's EventSource gets what others read line by line.
func TestStreamsAsEvents(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	w.submit(t, "one", response("101", 1, 9, ""))
	for accept, want := range map[string]struct{ kind, first string }{
		"text/event-stream": {"text/event-stream", `data: {"result":`},
		"application/json":  {"application/x-ndjson", `{"result":`},
	} {
		in, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/demo/responses:watch", nil)
		if err != nil {
			t.Fatal(err)
		}
		in.Header.Set("Accept", accept)
		out, err := http.DefaultClient.Do(in)
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out.Body).ReadString('\n')
		_ = out.Body.Close()
		if h := out.Header; err != nil || h.Get("Content-Type") != want.kind || !strings.HasPrefix(line, want.first) || h.Get("ETag") != "" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %q, %v, %v", accept, line, h, err)
		}
	}
	if code, body, h := w.get(t, "/v1/demo/metrics", "Accept", "text/event-stream"); code != http.StatusOK || h.Get("Content-Type") != "application/json" || !strings.HasPrefix(body, "{") {
		t.Errorf("one piece: %d %q %v", code, body, h)
	}
}
