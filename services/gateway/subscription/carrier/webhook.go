package carrier

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// WebhookConfig is what programs may be reached.
type WebhookConfig struct {
	Private bool `flag:"webhook-private" help:"let webhooks go to private addresses, and over http: whoever may subscribe can then have this process ask programs of your network"`
}

// KeySize is that of a key that signs webhooks.
const KeySize = 32

// NewKey makes a key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	rand.Read(key)
	return key
}

// Secret is a key as receivers are told it.
func Secret(key []byte) string { return "whsec_" + base64.StdEncoding.EncodeToString(key) }

// Document is what a program gets.
type Document struct {
	ID   string
	URL  string
	Body []byte
	// Keys sign it, the newest first.
	Keys [][]byte
	Date time.Time
}

// Webhooks sends documents.
type Webhooks struct {
	private bool
	client  *http.Client
}

// NewWebhooks makes what sends them.
func NewWebhooks(cfg WebhookConfig) *Webhooks {
	return &Webhooks{private: cfg.Private, client: &http.Client{
		Timeout: 15 * time.Second,
		// A redirect would lead the report to somebody who was not named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// No proxy: it would connect to addresses that we must not.
			DialContext:         dialer(cfg.Private).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: 16 << 10, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2,
		},
	}}
}

// Check tells what is wrong with an address, as far as can be seen from it alone.
func (w *Webhooks) Check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("is no address such as https://example.com/reports")
	case u.Scheme != "https" && !(w.private && u.Scheme == "http"):
		return errors.New("must begin with https://")
	case u.User != nil || u.Fragment != "":
		return errors.New("must have neither a user nor a fragment")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if w.private {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && !public(ip) || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return errors.New("must be a public one")
	}
	return nil
}

// Send posts a document. Nil: the program took it. The error is a Failure.
func (w *Webhooks) Send(ctx context.Context, d Document) error {
	if err := w.Check(d.URL); err != nil {
		return &Failure{Permanent: true, Text: "the webhook's address " + err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return &Failure{Permanent: true, Text: "the webhook's address cannot be used"}
	}
	if err := sign(req, d); err != nil {
		return &Failure{Permanent: true, Text: "the webhook cannot be signed"}
	}
	got, err := w.client.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer got.Body.Close()
	// Read a little, so that the connection can be used again; nothing of it is told:
	// a stranger's answer is not for those who list deliveries.
	_, _ = io.Copy(io.Discard, io.LimitReader(got.Body, 4<<10))
	switch code := got.StatusCode; {
	case code >= 200 && code <= 299:
		return nil
	case code == http.StatusGone:
		return &Failure{Permanent: true, Gone: true, Text: "the webhook answered 410: it wants no more"}
	case code >= 300 && code <= 399:
		return &Failure{Text: fmt.Sprintf("the webhook answered %d, a redirect, which is not followed", code)}
	default:
		return &Failure{Text: fmt.Sprintf("the webhook answered %d", code)}
	}
}

func sign(req *http.Request, d Document) error {
	var signatures []string
	for _, key := range d.Keys {
		hook, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return err
		}
		one, err := hook.Sign(d.ID, d.Date, d.Body)
		if err != nil {
			return err
		}
		signatures = append(signatures, one)
	}
	if len(signatures) == 0 {
		return errors.New("no key")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Rapport")
	req.Header.Set(standardwebhooks.HeaderWebhookID, d.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(d.Date.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// unanswered tells apart what never left from what may have arrived.
func unanswered(err error) *Failure {
	if errors.Is(err, errPrivate) {
		return &Failure{Permanent: true, Text: "the webhook's address is not a public one"}
	}
	// The address stands in the library's error; it may have a secret in it.
	var told *url.Error
	if errors.As(err, &told) {
		err = told.Err
	}
	f := &Failure{Doubt: !dialing(err), Text: "the webhook did not answer: " + printable(err.Error())}
	if f.Doubt {
		f.Text += " (it may have the report)"
	}
	return f
}
