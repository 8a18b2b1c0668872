package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// Certified is what one end of a connection shows, and by whose word it believes the
// other. The files are read again when they have changed, as whatever renews
// certificates does not tell us.
type Certified struct {
	Cert string `flag:"tls-cert" help:"certificate to show, PEM; callers then speak TLS to us"`
	Key  string `flag:"tls-key" help:"key of --tls-cert, PEM"`
	CA   string `flag:"tls-ca" help:"certificates that neighbours' own are signed by, PEM; calls to them then speak TLS"`
}

// TLS is what a server shows and asks for.
type TLS struct {
	Certified
	// ClientCA makes it mutual: who has no certificate of these does not get to gRPC.
	// Browsers have none, so the HTTP port does not ask.
	ClientCA string `flag:"tls-client-ca" help:"certificates that gRPC callers' own must be signed by, PEM; none is asked for if empty"`
}

// check reads everything once: a wrong path stops the start and not the first caller.
func (t TLS) check() error {
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("--tls-cert and --tls-key belong together")
	}
	if t.ClientCA != "" && t.Cert == "" {
		return errors.New("--tls-client-ca needs --tls-cert")
	}
	return errors.Join(tried(t.pair()), tried(t.authority(t.CA, "--tls-ca")), tried(t.authority(t.ClientCA, "--tls-client-ca")))
}

// tried is the error of reading something once; it stays with its source.
func tried[T any](f *fresh[T]) error {
	if f == nil {
		return nil
	}
	_, err := f.get()
	return err
}

// server is the TLS of a listener; nil without a certificate.
func (t TLS) server(mutual bool) *tls.Config {
	pair := t.pair()
	if pair == nil {
		return nil
	}
	cfg := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.get() },
	}
	clients := t.authority(t.ClientCA, "--tls-client-ca")
	if !mutual || clients == nil {
		return cfg
	}
	cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool, err := clients.get()
		if err != nil {
			return nil, err
		}
		now := cfg.Clone()
		now.ClientCAs, now.ClientAuth = pool, tls.RequireAndVerifyClientCert
		return now, nil
	}
	return cfg
}

// Client is the line to a server whose certificate is signed by CA; nil without one.
func (c Certified) Client() credentials.TransportCredentials {
	roots := c.authority(c.CA, "--tls-ca")
	if roots == nil {
		return nil
	}
	return &lines{TransportCredentials: credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12}), roots: roots, pair: c.pair()}
}

// lines are TLS connections, each by what the files hold at its beginning.
type lines struct {
	credentials.TransportCredentials
	roots *fresh[x509.CertPool]
	pair  *fresh[tls.Certificate]
}

// ClientHandshake believes a server by the word of the roots as they are now.
func (l *lines) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	pool, err := l.roots.get()
	if err != nil {
		return nil, nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	if l.pair != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return l.pair.get() }
	}
	return credentials.NewTLS(cfg).ClientHandshake(ctx, authority, conn)
}

// Clone is another of the same.
func (l *lines) Clone() credentials.TransportCredentials {
	return &lines{TransportCredentials: l.TransportCredentials.Clone(), roots: l.roots, pair: l.pair}
}

func (c Certified) pair() *fresh[tls.Certificate] {
	if c.Cert == "" {
		return nil
	}
	return &fresh[tls.Certificate]{files: []string{c.Cert, c.Key}, read: func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert: %w", err)
		}
		return &pair, nil
	}}
}

func (c Certified) authority(file, flag string) *fresh[x509.CertPool] {
	if file == "" {
		return nil
	}
	return &fresh[x509.CertPool]{files: []string{file}, read: func() (*x509.CertPool, error) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: %s has no certificate", flag, file)
		}
		return pool, nil
	}}
}

// fresh is what was read of files, read again once one of them has changed. What
// cannot be read, as while the files are being replaced, leaves what was.
type fresh[T any] struct {
	files []string
	read  func() (*T, error)

	mu    sync.Mutex
	value *T
	of    []stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	at   time.Time
	size int64
}

func (f *fresh[T]) get() (*T, error) {
	now := make([]stamp, len(f.files))
	for i, name := range f.files {
		if info, err := os.Stat(name); err == nil {
			now[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	same := f.value != nil
	for i := range now {
		same = same && f.of[i] == now[i]
	}
	if same {
		return f.value, nil
	}
	value, err := f.read()
	if err != nil && f.value == nil {
		return nil, err
	}
	if err == nil {
		f.value, f.of = value, now
	}
	return f.value, nil
}
