package subscription

import (
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// UnsubscribePath is where letters can be ended by who gets them, without signing in.
const UnsubscribePath = "/unsubscribe/{token}"

//go:embed unsubscribe.html
var pages embed.FS

var unsubscribePage = template.Must(template.ParseFS(pages, "unsubscribe.html"))

// ender is what a link says: of which subscription it is, as it goes to one address. A
// link of an old letter does not end what goes to somebody else by now.
type ender struct {
	Brand string `json:"b"`
	ID    string `json:"i"`
	To    string `json:"t"`
}

var enderKey = []byte("unsubscribe")

func (s *Server) ender(h *held, to *reportv1.EmailTarget) ender {
	return ender{h.brand, h.id, base64.RawStdEncoding.EncodeToString(s.sealer.Hash([]byte(strings.ToLower(to.GetAddress()))))}
}

// unsubscribe is the link that ends a subscription; empty, if nobody knows where we are.
func (s *Server) unsubscribe(h *held, to *reportv1.EmailTarget) string {
	if s.cfg.Dashboard == "" {
		return ""
	}
	token, err := s.sealer.Token(s.ender(h, to), enderKey)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(s.cfg.Dashboard, "/") + strings.ReplaceAll(UnsubscribePath, "{token}", token)
}

// Unsubscribe answers the link: looking at it only asks, as scanners of letters look at
// every link; sending the form, or the one click of a mail client (RFC 8058), ends it.
// It says the same whether or not there still is such a subscription.
func (s *Server) Unsubscribe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	state, locale, code := s.answer(r)
	w.WriteHeader(code)
	if err := unsubscribePage.Execute(w, ends[locale][state]); err != nil {
		s.cfg.Log.WarnContext(r.Context(), "unsubscribe page", "error", err)
	}
}

// answer does what the request asks for, and tells what to say.
func (s *Server) answer(r *http.Request) (state, locale string, code int) {
	var e ender
	if s.sealer.ReadToken(r.PathValue("token"), &e, enderKey) != nil {
		return "unknown", "en", http.StatusNotFound
	}
	h, err := get(r.Context(), s.store.db, e.Brand, e.ID)
	if err != nil {
		return "failed", "en", http.StatusServiceUnavailable
	}
	if h == nil {
		return "done", "en", http.StatusOK
	}
	locale = h.subscription().GetLocale()
	if _, known := ends[locale]; !known {
		locale = "en"
	}
	if r.Method != http.MethodPost {
		return "ask", locale, http.StatusOK
	}
	still := func(have *held) bool {
		to, err := s.where(have)
		return err == nil && to.GetEmail() != nil && s.ender(have, to.GetEmail()) == e
	}
	if err := s.stop(r.Context(), e.Brand, e.ID, "the recipient wants it no more", still); err != nil {
		return "failed", locale, http.StatusServiceUnavailable
	}
	return "done", locale, http.StatusOK
}

// said is a page.
type said struct {
	Lang, Title, Text, Button string
}

var ends = map[string]map[string]said{
	"en": {
		"ask":     {"en", "End these letters?", "The report will not come to you by e-mail any more. Whoever subscribed you can see that you ended it.", "End them"},
		"done":    {"en", "The letters have ended", "The report will not come to you any more.", ""},
		"unknown": {"en", "This link is not valid", "It may have been cut. Take it from the letter again.", ""},
		"failed":  {"en", "That did not work", "Try again in a few minutes.", ""},
	},
	"ru": {
		"ask":     {"ru", "Больше не получать эти письма?", "Отчёт больше не будет приходить вам по почте. Тот, кто вас подписал, увидит, что вы отписались.", "Отписаться"},
		"done":    {"ru", "Вы отписались", "Этот отчёт больше не будет приходить.", ""},
		"unknown": {"ru", "Ссылка недействительна", "Возможно, она скопирована не целиком. Возьмите её из письма ещё раз.", ""},
		"failed":  {"ru", "Не получилось", "Попробуйте ещё раз через несколько минут.", ""},
	},
}
