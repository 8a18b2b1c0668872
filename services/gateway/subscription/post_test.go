package subscription_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// post is a mail server. What it does to who comes is up to the test.
type post struct {
	at   string
	mu   sync.Mutex
	got  []letter
	does func(stage, to string) error
}

// letter is one that came, read as a mail client does.
type letter struct {
	from, to    string
	taken       bool // the server said so
	head        mail.Header
	html, plain string
	secured     bool
	user        string
}

func (l letter) id() string { return strings.Trim(l.head.Get("Message-ID"), "<>") }

// errCut closes the line without a word.
var errCut = errors.New("cut")

func newPost(t testing.TB, secured *tls.Config) *post {
	t.Helper()
	line, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &post{at: line.Addr().String()}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if err := p.judge(c, "connect", ""); err != nil {
			return nil, err
		}
		return &session{post: p, conn: c}, nil
	}))
	s.Domain, s.TLSConfig, s.ErrorLog = "post.test", secured, silent{}
	s.AllowInsecureAuth = false
	go func() { _ = s.Serve(line) }()
	t.Cleanup(func() { _ = s.Close() })
	return p
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// do sets what the server does from now on; nil: it takes everything.
func (p *post) do(does func(stage, to string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.does = does
}

func (p *post) judge(c *smtp.Conn, stage, to string) error {
	p.mu.Lock()
	does := p.does
	p.mu.Unlock()
	if does == nil {
		return nil
	}
	err := does(stage, to)
	if errors.Is(err, errCut) {
		_ = c.Conn().Close()
	}
	return err
}

// letters are those that came whole, whether or not the server said so.
func (p *post) letters() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter{}, p.got...)
}

type session struct {
	*post
	conn     *smtp.Conn
	from, to string
	user     string
}

func (s *session) Reset()        { s.from, s.to = "", "" }
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret" {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.judge(s.conn, "mail", "")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.judge(s.conn, "rcpt", to)
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l := letter{from: s.from, to: s.to, user: s.user}
	_, l.secured = s.conn.TLSConnectionState()
	if err := l.read(string(text)); err != nil {
		return err
	}
	err = s.judge(s.conn, "data", s.to)
	l.taken = err == nil
	s.mu.Lock()
	s.got = append(s.got, l)
	s.mu.Unlock()
	return err
}

func (l *letter) read(text string) error {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return err
	}
	l.head = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return errors.Join(errors.New("the letter is "+kind), err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.html = string(body)
		} else {
			l.plain = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
}

// subject is that of a letter, decoded.
func (l letter) subject(t testing.TB) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(l.head.Get("Subject"))
	must(t, err)
	return text
}

// certificate is one for 127.0.0.1 that signs itself, and the file of who trusts it.
func certificate(t testing.TB) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "post.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}
