package carrier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/rapport-cx/rapport/internal/config"
)

// MailConfig is the server that letters are given to.
type MailConfig struct {
	Server   string            `flag:"smtp" help:"mail server of subscriptions: smtp://HOST:587 (STARTTLS is a must), smtps://HOST:465, or smtp+plain://HOST:25 without TLS, for one on a private network; empty: no e-mail"`
	User     string            `flag:"smtp-user" help:"user of the mail server; empty: none"`
	Password config.SecretFile `flag:"smtp-password-file" help:"file with that user's password"`
	CA       string            `flag:"smtp-ca" help:"certificates that the mail server's is checked by; empty: the system's"`
	From     string            `flag:"mail-from" help:"sender of letters, such as Rapport <reports@example.com>"`
}

// Letter is an e-mail to one person.
type Letter struct {
	// ID is the left part of its Message-ID.
	ID          string
	To          netmail.Address
	Subject     string
	HTML        string
	Plain       string
	Date        time.Time
	Locale      string
	Unsubscribe string // link that ends it with one click; empty: none
}

// patience bounds the connection to the mail server.
const patience = 45 * time.Second

// Mail gives letters to a server. Nil has none.
type Mail struct {
	from     netmail.Address
	domain   string
	host     string
	settings []mail.Option
}

// NewMail checks the settings; nil, if there is no server.
func NewMail(cfg MailConfig) (*Mail, error) {
	if cfg.Server == "" {
		return nil, nil
	}
	u, err := url.Parse(cfg.Server)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" {
		return nil, fmt.Errorf("--smtp %s: write smtp://HOST:PORT, smtps://HOST:PORT or smtp+plain://HOST:PORT", cfg.Server)
	}
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("--mail-from %q: write it as Rapport <reports@example.com>: %w", cfg.From, err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	m := &Mail{from: *from, domain: domain, host: u.Hostname()}
	secured := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: u.Hostname()}
	if cfg.CA != "" {
		if secured.RootCAs, err = authorities(cfg.CA); err != nil {
			return nil, fmt.Errorf("--smtp-ca: %w", err)
		}
	}
	var port string
	m.settings = []mail.Option{mail.WithTimeout(patience), mail.WithTLSConfig(secured), mail.WithoutNoop()}
	switch u.Scheme {
	case "smtp":
		port, m.settings = "587", append(m.settings, mail.WithTLSPolicy(mail.TLSMandatory))
	case "smtps":
		port, m.settings = "465", append(m.settings, mail.WithSSL())
	case "smtp+plain":
		port, m.settings = "25", append(m.settings, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("--smtp %s: the scheme is none of smtp, smtps, smtp+plain", cfg.Server)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("--smtp %s: %w", cfg.Server, err)
	}
	m.settings = append(m.settings, mail.WithPort(n))
	if cfg.User == "" {
		return m, nil
	}
	if u.Scheme == "smtp+plain" {
		return nil, errors.New("--smtp-user: a password is not shown without TLS")
	}
	password, err := cfg.Password.Read()
	if err != nil || password == nil {
		return nil, errors.Join(errors.New("--smtp-password-file is needed with --smtp-user"), err)
	}
	m.settings = append(m.settings, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(cfg.User), mail.WithPassword(string(password)))
	return m, nil
}

func authorities(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", name)
	}
	return pool, nil
}

// MessageID is that of a delivery.
func (m *Mail) MessageID(id string) string { return id + "@" + m.domain }

// Send gives a letter to the server. Nil: the server took it. The error is a Failure.
func (m *Mail) Send(ctx context.Context, l Letter) error {
	msg, err := m.message(l)
	if err != nil {
		return &Failure{Permanent: true, Text: "the letter cannot be written: " + printable(err.Error())}
	}
	client, err := mail.NewClient(m.host, m.settings...)
	if err != nil {
		return &Failure{Text: "the mail server's settings: " + err.Error()}
	}
	line, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		// Whatever it says at the door is about us, not about the recipient.
		return &Failure{Text: "the mail server cannot be reached: " + printable(err.Error())}
	}
	defer func() { _ = line.Close() }()
	err = client.SendWithSMTPClient(line, msg)
	if msg.IsDelivered() {
		_ = line.Quit() // it has the letter, whatever it says now
		return nil
	}
	return refused(err)
}

// message lays a letter out: a plain part, and one with charts. Line breaks cannot get
// into a header: names and subject are encoded words where they have more than letters.
func (m *Mail) message(l Letter) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	msg.FromMailAddress(&m.from)
	msg.ToMailAddress(&l.To)
	msg.Subject(printable(l.Subject))
	msg.SetMessageIDWithValue(m.MessageID(l.ID))
	msg.SetDateWithValue(l.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetGenHeader("Content-Language", l.Locale)
	if l.Unsubscribe != "" {
		if err := msg.SetListUnsubscribeOneClick(l.Unsubscribe); err != nil {
			// One click needs https; a link is better than nothing.
			msg.SetListUnsubscribe(l.Unsubscribe)
		}
	}
	msg.SetBodyString(mail.TypeTextPlain, l.Plain)
	msg.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	_, err := msg.GetSender(false)
	return msg, err
}

// unknownMailbox are the enhanced codes of an address that does not exist, or no more.
var unknownMailbox = regexp.MustCompile(`^5\.1\.[1236]$|^5\.2\.1$`)

// refused reads what the server answered, if it did. Only what it says of the recipient
// or of the letter is final: the sender is ours to mend.
func refused(err error) *Failure {
	var sent *mail.SendError
	if !errors.As(err, &sent) {
		return &Failure{Text: "the mail server: " + printable(err.Error())}
	}
	f := &Failure{Text: "the mail server: " + printable(answer(sent))}
	switch sent.Reason {
	case mail.ErrSMTPRcptTo:
		f.Permanent = sent.ErrorCode()/100 == 5
		f.Gone = f.Permanent && unknownMailbox.MatchString(sent.EnhancedStatusCode())
	case mail.ErrSMTPData:
		f.Permanent = sent.ErrorCode()/100 == 5
	case mail.ErrWriteContent, mail.ErrSMTPDataClose:
		// Without an answer it may have the letter already.
		f.Permanent, f.Doubt = sent.ErrorCode()/100 == 5, sent.ErrorCode() == 0
		if f.Doubt {
			f.Text += " (it may have the letter)"
		}
	}
	return f
}

// answer is what was said, without the addresses that the library adds to it.
func answer(sent *mail.SendError) string {
	if text := sent.Error(); sent.ErrorCode() == 0 {
		text, _, _ = strings.Cut(text, ", affected")
		return text
	}
	return fmt.Sprintf("%d %s while %s", sent.ErrorCode(), sent.EnhancedStatusCode(), sent.Reason)
}
