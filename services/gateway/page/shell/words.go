package shell

import (
	"cmp"
	"net/http"
)

// Words are all that the pages of a package say in one language: what embeds Lang.
type Words interface{ Basic() *Lang }

// Basic is what all pages say.
func (l *Lang) Basic() *Lang { return l }

// Spoken are the words of the language of a code, else of the one that the reader's
// browser prefers, else the first.
func Spoken[W Words](all []W, code string, r *http.Request) W {
	code = cmp.Or(code, Accepted(r.Header.Get("Accept-Language")).Code)
	for _, words := range all {
		if words.Basic().Code == code {
			return words
		}
	}
	return all[0]
}

// Names are what a page is called, by code of the language.
func Names[W Words](all []W, title func(W) string) map[string]string {
	out := map[string]string{}
	for _, words := range all {
		out[words.Basic().Code] = title(words)
	}
	return out
}

// Languages are the ways to a page in each of the languages; to makes an address of a code.
func Languages[W Words](all []W, current W, to func(code string) string) (out []Choice) {
	for _, words := range all {
		l := words.Basic()
		out = append(out, Choice{Name: l.Name, Note: l.Code, Link: to(l.Code), Current: l == current.Basic()})
	}
	return out
}
