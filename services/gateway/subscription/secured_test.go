package subscription_test

import (
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
)

// With smtp:// nothing is said before the line is secret: neither the password nor the
// letter; and only to a server whose certificate is good.
func TestSecuredMail(t *testing.T) {
	secured, ca := certificate(t)
	open, closed := newPost(t, nil), newPost(t, secured)
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("secret\n"), 0o600))
	wrong := filepath.Join(t.TempDir(), "wrong")
	must(t, os.WriteFile(wrong, []byte("guess\n"), 0o600))
	letter := carrier.Letter{ID: "1", To: mail.Address{Name: "Анна\r\nBcc: all@example.com", Address: "anna@example.com"}, Subject: "Отчёт\r\nBcc: all@example.com",
		HTML: "<p>1</p>", Plain: "1", Date: time.Now(), Locale: "ru"}
	for name, c := range map[string]struct {
		cfg  carrier.MailConfig
		want string
	}{
		"STARTTLS":           {carrier.MailConfig{Server: "smtp://" + closed.at, CA: ca, User: "rapport", Password: config.SecretFile(password)}, ""},
		"no STARTTLS there":  {carrier.MailConfig{Server: "smtp://" + open.at, CA: ca}, "STARTTLS"},
		"unknown authority":  {carrier.MailConfig{Server: "smtp://" + closed.at}, "certificate"},
		"wrong password":     {carrier.MailConfig{Server: "smtp://" + closed.at, CA: ca, User: "rapport", Password: config.SecretFile(wrong)}, "535"},
		"without any secret": {carrier.MailConfig{Server: "smtp+plain://" + open.at}, ""},
	} {
		c.cfg.From = "Отчёты <reports@rapport.test>"
		m, err := carrier.NewMail(c.cfg)
		must(t, err)
		before := len(closed.letters()) + len(open.letters())
		err = m.Send(t.Context(), letter)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			if f := carrier.FailureOf(err); f.Permanent || f.Doubt {
				t.Errorf("%s: %+v: it is ours to mend", name, f)
			}
		}
		if came := len(closed.letters())+len(open.letters())-before > 0; came != (c.want == "") {
			t.Errorf("%s: a letter came: %v", name, came)
		}
	}
	got := closed.letters()[0]
	if !got.secured || got.user != "rapport" || got.head.Get("Bcc") != "" || got.to != "anna@example.com" {
		t.Errorf("%+v", got)
	}
	if s := got.subject(t); s != "Отчёт  Bcc: all@example.com" {
		t.Errorf("%q", s)
	}
	for _, bad := range []carrier.MailConfig{
		{Server: "post.test:25", From: "a@b.test"}, {Server: "http://post.test", From: "a@b.test"}, {Server: "smtp://post.test", From: "nobody"},
		{Server: "smtp+plain://post.test", From: "a@b.test", User: "u", Password: config.SecretFile(password)}, {Server: "smtp://post.test", From: "a@b.test", User: "u"},
		{Server: "smtp://u:p@post.test", From: "a@b.test"},
	} {
		if _, err := carrier.NewMail(bad); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}
