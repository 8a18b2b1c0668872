package carrier

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func document(url string, keys ...[]byte) Document {
	return Document{ID: "d1", URL: url, Body: []byte(`{"type":"report.omnichannel"}`), Keys: keys, Date: time.Now()}
}

// A receiver checks a document with the standard's own library, by either secret while
// one is rotated, and finds a changed one out.
func TestSigned(t *testing.T) {
	old, key := NewKey(), NewKey()
	var head http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		head = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	if err := NewWebhooks(WebhookConfig{Private: true}).Send(t.Context(), document(server.URL+"/in?a=b", key, old)); err != nil {
		t.Fatal(err)
	}
	for _, k := range [][]byte{old, key} {
		hook, err := standardwebhooks.NewWebhook(Secret(k))
		if err != nil {
			t.Fatal(err)
		}
		if err := hook.Verify(body, head); err != nil {
			t.Error(err)
		}
		if err := hook.Verify(append(body, ' '), head); err == nil {
			t.Error("a changed body was verified")
		}
	}
	other, err := standardwebhooks.NewWebhook(Secret(NewKey()))
	if err != nil {
		t.Fatal(err)
	}
	if other.Verify(body, head) == nil {
		t.Error("another secret verifies")
	}
	if head.Get("webhook-id") != "d1" || head.Get("Content-Type") != "application/json" {
		t.Error(head)
	}
}

func TestAnswers(t *testing.T) {
	elsewhere := 0
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer target.Close()
	for code, want := range map[int]Failure{
		200: {}, 204: {}, 400: {}, 404: {}, 429: {}, 500: {}, 503: {}, 302: {}, 307: {}, 410: {Permanent: true, Gone: true},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target.URL)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "inner secrets")
		}))
		err := NewWebhooks(WebhookConfig{Private: true}).Send(t.Context(), document(server.URL, NewKey()))
		server.Close()
		if code < 300 {
			if err != nil {
				t.Errorf("%d: %v", code, err)
			}
			continue
		}
		f := FailureOf(err)
		if f.Permanent != want.Permanent || f.Gone != want.Gone || f.Doubt || strings.Contains(f.Text, "secrets") {
			t.Errorf("%d: %+v", code, f)
		}
	}
	if elsewhere > 0 {
		t.Error("a redirect was followed")
	}
	// Cut before the answer: it may have arrived. Nobody there: it did not.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		line, _, _ := w.(http.Hijacker).Hijack()
		_ = line.Close()
	}))
	hooks := NewWebhooks(WebhookConfig{Private: true})
	if f := FailureOf(hooks.Send(t.Context(), document(server.URL, NewKey()))); !f.Doubt || f.Permanent {
		t.Errorf("%+v", f)
	}
	server.Close()
	if f := FailureOf(hooks.Send(t.Context(), document(server.URL+"/?token=hush", NewKey()))); f.Doubt || f.Permanent || strings.Contains(f.Text, "hush") {
		t.Errorf("%+v", f)
	}
}

// Addresses of our own networks are refused, by number when they are made, and by what a
// name turns out to mean when they are connected to.
func TestPrivateAddresses(t *testing.T) {
	reached := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer server.Close()
	hooks := NewWebhooks(WebhookConfig{})
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, address := range []string{
		"https://127.0.0.1" + port, "https://localhost" + port, "https://localhost." + port, "https://x.localhost" + port, "https://[::1]" + port, "https://[::ffff:127.0.0.1]" + port,
		"https://0.0.0.0" + port, "https://10.0.0.1", "https://169.254.169.254/latest/meta-data", "https://100.64.0.1", "https://192.168.1.1", "https://[fd00::1]", "https://[fe80::1]",
		"http://example.com", "ftp://example.com", "https://user:pass@example.com", "https://example.com/#x", "https://", "example.com", "javascript:alert(1)",
	} {
		if hooks.Check(address) == nil {
			t.Errorf("%s passes", address)
		}
		if f := FailureOf(hooks.Send(t.Context(), document(address, NewKey()))); !f.Permanent {
			t.Errorf("%s: %+v", address, f)
		}
	}
	// As if the name had meant something else when it was looked at.
	for _, address := range []string{"127.0.0.1" + port, "[::1]" + port, "10.0.0.1:443", "0177.0.0.1" + port} {
		if line, err := dialer(false).DialContext(t.Context(), "tcp", address); err == nil {
			_ = line.Close()
			t.Errorf("%s was connected to", address)
		} else if address[0] != '0' && !errors.Is(err, errPrivate) {
			t.Error(err)
		}
	}
	if reached > 0 {
		t.Error("the server was reached")
	}
	if err := hooks.Check("https://example.com/reports?key=1"); err != nil {
		t.Error(err)
	}
}

func FuzzPublic(f *testing.F) {
	for _, text := range []string{"8.8.8.8", "10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255", "2a00:1450::1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ip, err := netip.ParseAddr(text)
		if err != nil || !public(ip) {
			return
		}
		if ip := ip.Unmap(); ip.IsLoopback() || ip.IsPrivate() || ip.IsMulticast() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() {
			t.Errorf("%s is called public", ip)
		}
	})
}

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false,
		"172.16.0.1": false, "172.32.0.1": true, "198.18.0.1": false, "255.255.255.255": false, "224.0.0.1": false, "::": false, "fc00::1": false, "fe80::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
