package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

// How often an issuer's keys are read again: as they grow old, and sooner when a token
// names one that is not among them, but not for everybody who makes up a name.
const (
	refreshAfter = 5 * time.Minute
	refreshAgain = 10 * time.Second
	fetchTimeout = 5 * time.Second
	maxKeys      = 1 << 20
)

// issuer is whose tokens we take, with its keys as last read. Keys that cannot be read
// again stay: an issuer that is down must not lock everybody out.
type issuer struct {
	issuerConfig
	client *http.Client

	mu      sync.Mutex
	keys    *keySet
	tried   time.Time
	reading chan struct{} // closed when the reading in flight is done
}

func (c issuerConfig) filled() issuerConfig {
	c.Claims.Roles = cmp.Or(c.Claims.Roles, "roles")
	c.Claims.Brands = cmp.Or(c.Claims.Brands, "brands")
	c.Claims.Subjects = cmp.Or(c.Claims.Subjects, "subjects")
	return c
}

func newIssuer(c issuerConfig) (*issuer, error) {
	i := &issuer{issuerConfig: c, client: &http.Client{
		Timeout: fetchTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errors.New("redirected too often")
			}
			return checkAddress(r.URL.String())
		},
	}}
	if c.Keys == "" {
		return i, nil // the issuer may be down when we start
	}
	text, err := os.ReadFile(c.Keys)
	if err != nil {
		return nil, err
	}
	i.keys, err = parseKeys(text)
	return i, err
}

// current is the keys as they are known, which are read again in the background when
// they have grown old.
func (i *issuer) current(now time.Time) *keySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	if now.Sub(i.tried) > refreshAfter {
		i.refresh(now)
	}
	return i.keys
}

// find is the key of a token, for which it may wait until the keys were read again.
func (i *issuer) find(ctx context.Context, now time.Time, id, algorithm string) (*keySet, any, error) {
	set := i.current(now)
	if key := set.find(id, algorithm); key != nil {
		return set, key, nil
	}
	i.mu.Lock()
	if i.reading == nil && now.Sub(i.tried) > refreshAgain {
		i.refresh(now)
	}
	reading := i.reading
	i.mu.Unlock()
	if reading != nil {
		select {
		case <-reading:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	set = i.current(now)
	if key := set.find(id, algorithm); key != nil {
		return set, key, nil
	}
	return nil, nil, errors.New("the key is not known")
}

// refresh begins to read the keys, unless somebody does. The lock is held.
func (i *issuer) refresh(now time.Time) {
	if i.reading != nil {
		return
	}
	done := make(chan struct{})
	i.reading, i.tried = done, now
	go func() {
		set, err := i.read()
		if err != nil {
			slog.Warn("keys of an issuer", "issuer", i.Issuer, "cause", err.Error())
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		// The same keys stay the same set: what was proven by them stays proven.
		if err == nil && (i.keys == nil || i.keys.text != set.text) {
			i.keys = set
		}
		i.reading = nil
		close(done)
	}()
}

func (i *issuer) read() (*keySet, error) {
	if i.Keys != "" {
		text, err := os.ReadFile(i.Keys)
		if err != nil {
			return nil, err
		}
		return parseKeys(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.JWKS, nil)
	if err != nil {
		return nil, err
	}
	got, err := i.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", i.JWKS, got.Status)
	}
	text, err := io.ReadAll(io.LimitReader(got.Body, maxKeys))
	if err != nil {
		return nil, err
	}
	return parseKeys(text)
}
