package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// authority signs certificates of the test, and keeps them as files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
	last int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.file = a.write("ca.pem", "CERTIFICATE", a.sign(template, template, a.key))
	return a
}

func (a *authority) sign(template, by *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
	}
	return der
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// issue writes a certificate for this machine under a name of file; another one under
// the same name replaces it.
func (a *authority) issue(name string) Certified {
	a.last++
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(1 + a.last), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key)
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	out := Certified{Cert: a.write(name+".pem", "CERTIFICATE", der), Key: a.write(name+".key", "EC PRIVATE KEY", private), CA: a.file}
	// Files of one moment and size would be the same to us.
	later := time.Now().Add(time.Duration(a.last) * time.Second)
	for _, file := range []string{out.Cert, out.Key} {
		if err := os.Chtimes(file, later, later); err != nil {
			a.t.Fatal(err)
		}
	}
	return out
}

// over says something over TLS.
func (r *running) over(t *testing.T, secret credentials.TransportCredentials, options ...grpc.DialOption) error {
	t.Helper()
	conn, err := grpc.NewClient(r.GRPCAddr().String(), append(options, grpc.WithTransportCredentials(secret))...)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return conn.Invoke(ctx, echo, wrapperspb.String("x"), new(wrapperspb.StringValue))
}

func TestMutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server := TLS{Certified: ours.issue("server"), ClientCA: ours.file}
	r := start(t, "", func(_ *App, cfg *Config, _ *Service) { cfg.TLS = server })
	good := ours.issue("client")
	stranger := theirs.issue("client")
	stranger.CA = ours.file
	misled := good
	misled.CA = theirs.file
	for what, c := range map[string]struct {
		client Certified
		good   bool
	}{
		"a neighbour":              {good, true},
		"without a certificate":    {Certified{CA: ours.file}, false},
		"a stranger's certificate": {stranger, false},
		"who trusts others":        {misled, false},
	} {
		if err := r.over(t, c.client.Client()); c.good != (err == nil) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := say(r.dial(t), "x"); err == nil {
		t.Error("a caller without TLS is answered")
	}
	if _, err := say(r.inside(t), "x"); err != nil {
		t.Errorf("the process itself: %v", err)
	}
	if err := r.over(t, good.Client(), grpc.WithAuthority("somebody.test")); err == nil {
		t.Error("a server of another name is believed")
	}
	// A browser has no certificate.
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: ours.trusted(), ForceAttemptHTTP2: true}}
	got, err := web.Get("https://" + r.HTTPAddr().String() + "/healthz")
	if err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("a browser: %v", err)
	}
	got.Body.Close()
}

func TestCertificatesAreReadAgain(t *testing.T) {
	a := newAuthority(t)
	server := a.issue("server")
	r := start(t, "", func(_ *App, cfg *Config, _ *Service) { cfg.TLS = TLS{Certified: server} })
	shown := func() int64 {
		conn, err := tls.Dial("tcp", r.GRPCAddr().String(), a.trusted())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	first := shown()
	a.issue("server")
	if second := shown(); second == first {
		t.Error("the old certificate is still shown")
	}
	third := shown()
	if err := os.WriteFile(server.Cert, []byte("half of a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if shown() != third {
		t.Error("a file that cannot be read took the certificate away")
	}
}

// trusted is the TLS of who believes the authority.
func (a *authority) trusted() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "http/1.1"}}
}

func TestTLSIsChecked(t *testing.T) {
	a := newAuthority(t)
	good := a.issue("server")
	for what, c := range map[string]TLS{
		"no key":          {Certified: Certified{Cert: good.Cert}},
		"no certificate":  {Certified: Certified{Key: good.Key}},
		"nobody's key":    {Certified: Certified{Cert: good.Cert, Key: a.issue("other").Key}},
		"mutual alone":    {ClientCA: a.file},
		"no such file":    {Certified: Certified{CA: "nowhere.pem"}},
		"no certificates": {Certified: good, ClientCA: good.Key},
	} {
		if c.check() == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if err := (TLS{Certified: good, ClientCA: a.file}).check(); err != nil {
		t.Error(err)
	}
}
