package board

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// nameCookie keeps the name under which somebody works where nobody signs in.
const nameCookie = "rapport-name"

// maxName is as long as the contract lets a name be, in bytes.
const maxName = 100

// actor is who works here: whoever signed in, or the name that was given where
// everybody may come in; empty: it has to be asked.
func (p *Pages) actor(r *http.Request) (name string, signed bool) {
	if who := access.FromContext(r.Context()); who != nil && !who.Service {
		return signedName(who.Name), true
	}
	c, err := r.Cookie(nameCookie)
	if err != nil {
		return "", false
	}
	text, err := url.QueryUnescape(c.Value)
	if err != nil {
		return "", false
	}
	return clean(text), false
}

// signedName is issuer and subject, or the subject alone where both are too long.
func signedName(name string) string {
	if len(name) > maxName {
		_, name, _ = strings.Cut(name, " ")
	}
	return name[:min(len(name), maxName)]
}

// clean is a name as it is kept.
func clean(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	for len(text) > maxName {
		all := []rune(text)
		text = string(all[:len(all)-1])
	}
	return text
}

// remember lets the browser keep a name that was given.
func (p *Pages) remember(w http.ResponseWriter, r *http.Request, name string) {
	http.SetCookie(w, &http.Cookie{
		Name: nameCookie, Value: url.QueryEscape(name), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: r.TLS != nil,
		SameSite: http.SameSiteStrictMode,
	})
}

// nameForm asks somebody who it is.
type nameForm struct {
	T         *words
	Who, Back string
	Hidden    []shell.Hidden
}

// asked is that form; it leads back to where it is shown.
func (s *scene) asked() *nameForm {
	return &nameForm{T: s.Lang, Who: s.queue.who, Back: s.With("other").String()}
}

// introduce keeps the name that somebody gave, and goes back to where it was asked.
func (p *Pages) introduce(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	back, name := r.PostFormValue("back"), clean(r.PostFormValue("who"))
	if !strings.HasPrefix(back, casesPath) || strings.ContainsAny(back, "\\\r\n") {
		back = casesPath
	}
	if name != "" {
		p.remember(w, r, name)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// shortName is a name as it is read: of somebody signed in without the issuer.
func shortName(name string) string {
	issuer, subject, cut := strings.Cut(name, " ")
	if cut && strings.Contains(issuer, "://") {
		return subject
	}
	return name
}
