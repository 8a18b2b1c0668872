package shell

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rapport-cx/rapport/internal/fault"
)

// Address is all that a page is asked to show, and so the link that shows it again.
// It is a value: what changes it gives another one.
type Address struct {
	// Brand is empty where the page may choose.
	Brand string
	// Code is that of the language, where the address names one.
	Code string
	// Page is the path, ID what is shown below it, and Own the parts that this page
	// alone has.
	Page, ID string
	Own      url.Values
}

const (
	// maxOwn and maxText bound what an address may bring.
	maxOwn  = 60
	maxText = 8 << 10
)

// ReadAddress reads what of a query a page knows. What a form left empty was not
// asked for.
func ReadAddress(q url.Values, page, id string, own []string) (Address, error) {
	a := Address{Brand: q.Get("brand"), Page: page, ID: id, Own: url.Values{}}
	if l := Named(q.Get("lang")); l != nil {
		a.Code = l.Code
	}
	wrong := fault.Invalid()
	for _, name := range own {
		all := slices.DeleteFunc(slices.Clone(q[name]), func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(all) == 0 {
			continue
		}
		a.Own[name] = all[:min(len(all), maxOwn)]
		if text := strings.Join(all, ""); !utf8.ValidString(text) || len(text) > maxText {
			wrong.Field(name, "is text, and not too long")
		}
	}
	if !utf8.ValidString(id) {
		wrong.Field("path", "is text")
	}
	return a, wrong.Err()
}

// Values are the parts of the query.
func (a Address) Values() url.Values {
	q := url.Values{}
	if a.Brand != "" {
		q.Set("brand", a.Brand)
	}
	if a.Code != "" {
		q.Set("lang", a.Code)
	}
	for name, all := range a.Own {
		if len(all) > 0 {
			q[name] = all
		}
	}
	return q
}

// Path is where the page is, without its query.
func (a Address) Path() string {
	if a.ID != "" {
		return a.Page + "/" + url.PathEscape(a.ID)
	}
	if a.Page == "" {
		return "/"
	}
	return a.Page
}

// String is the link.
func (a Address) String() string {
	if q := a.Values().Encode(); q != "" {
		return a.Path() + "?" + q
	}
	return a.Path()
}

// To is another page of the brand.
func (a Address) To(page, id string, own url.Values) Address {
	a.Page, a.ID, a.Own = page, id, own
	return a
}

// With is the same page with other values of one part; none: without it.
func (a Address) With(name string, all ...string) Address {
	a.Own = maps.Clone(a.Own)
	if a.Own == nil {
		a.Own = url.Values{}
	}
	if a.Own[name] = all; len(all) == 0 || len(all) == 1 && all[0] == "" {
		delete(a.Own, name)
	}
	return a
}

// In is the same in a language.
func (a Address) In(code string) Address {
	a.Code = code
	return a
}

// Hidden is one part that a form sends along.
type Hidden struct{ Name, Value string }

// Hidden are the parts that a form must send along beside those of its own.
func (a Address) Hidden(own ...string) (out []Hidden) {
	q := a.Values()
	for _, name := range own {
		q.Del(name)
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		for _, value := range q[name] {
			out = append(out, Hidden{name, value})
		}
	}
	return out
}

// Option is one thing to choose in a form.
type Option struct {
	Value, Name string
	Chosen      bool
}
