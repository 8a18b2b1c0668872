package app

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
)

// sessions let a browser keep a token: whoever shows one at /login gets it back as a
// cookie that no script reads and no other site can have sent along.
type sessions struct {
	guard   *access.Guard
	proxies proxies
}

// name of the cookie. The prefix makes browsers refuse one that another host, or a
// line without TLS, has set.
func (s *sessions) name(r *http.Request) string {
	if s.proxies.encrypted(r) {
		return "__Host-rapport"
	}
	return "rapport"
}

func (s *sessions) cookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: s.name(r), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.proxies.encrypted(r), SameSite: http.SameSiteStrictMode,
	}
}

// token is the session's. A browser that cannot say where a write comes from does not
// write by its cookie: that is how other sites' forms would come.
func (s *sessions) token(r *http.Request) string {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !safe && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return ""
	}
	c, err := r.Cookie(s.name(r))
	if err != nil {
		return ""
	}
	return c.Value
}

// maxForm bounds what is posted at /login.
const maxForm = 16 << 10

// login takes a token and lets the browser keep it for as long as it is good.
func (s *sessions) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token := strings.TrimSpace(r.PostFormValue("token"))
	_, err := s.guard.AuthenticateToken(r.Context(), token)
	if err != nil || token == "" {
		s.form(w, r, http.StatusUnauthorized)
		return
	}
	// Browsers forget it when they are closed, if not before; the token itself ends.
	http.SetCookie(w, s.cookie(r, token, 0))
	http.Redirect(w, r, local(r.PostFormValue("next")), http.StatusSeeOther)
}

// logout makes the browser forget.
func (s *sessions) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.cookie(r, "", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// local is a path of ours; anything else would make us send people elsewhere.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

const formStyle = `body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}` +
	`label,textarea,button{display:block;width:100%;box-sizing:border-box;font:inherit}textarea{height:8rem;margin:.5rem 0 1rem}button{padding:.6rem}`

var formPage = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Rapport</title><style>` + formStyle + `</style></head>
<body><main><h1>Rapport</h1>
<form method="post" action="/login"><input type="hidden" name="next" value="{{.Next}}">
<label for="token">{{.Ask}}</label>
<textarea id="token" name="token" required autofocus autocomplete="off" spellcheck="false"></textarea>
<button>{{.Enter}}</button></form></main></body></html>
`))

// formPolicy allows the page its own style and nothing else.
var formPolicy = func() string {
	sum := sha256.Sum256([]byte(formStyle))
	return "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// form asks for a token.
func (s *sessions) form(w http.ResponseWriter, r *http.Request, code int) {
	shown := struct{ Lang, Ask, Enter, Next string }{"en", "Your access token", "Enter", local(r.FormValue("next"))}
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "ru") {
		shown.Lang, shown.Ask, shown.Enter = "ru", "Ваш токен доступа", "Войти"
	}
	if r.URL.Path != "/login" {
		shown.Next = local(r.URL.RequestURI())
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", formPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = formPage.Execute(w, shown) // the caller left: nobody is there to be told
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// refuse writes err as google.rpc.Status, as the gateway's own refusals are.
func refuse(w http.ResponseWriter, code int, err error) {
	body, _ := protojson.Marshal(status.Convert(fault.Outgoing(err)).Proto())
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if after := fault.From(err).RetryAfter; after > 0 {
		h.Set("Retry-After", seconds(after))
	}
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n'))
}
