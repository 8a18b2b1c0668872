package audience

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// view is what a page is asked to show: all of its address, and nothing else.
type view struct {
	// Brand is empty where the page may choose.
	Brand string
	// Lang is the language of the page; asked is set if the address names it.
	Lang  *words
	asked bool
	// Page is the path, ID what is shown below it, and Own the parts of the address
	// that this page alone has.
	Page, ID string
	Own      url.Values
}

const (
	// maxOwn and maxText bound what an address may bring.
	maxOwn  = 60
	maxText = 4 << 10
)

func readView(r *http.Request, l *leaf) (view, error) {
	q := r.URL.Query()
	v := view{Brand: q.Get("brand"), Page: l.path, ID: r.PathValue("id"), Own: url.Values{}}
	v.Lang = named(q.Get("lang"))
	if v.asked = v.Lang != nil; !v.asked {
		v.Lang = named(shell.Accepted(r.Header.Get("Accept-Language")).Code)
	}
	err := v.take(q, l)
	if err == nil && l.check != nil {
		err = l.check(v.Own)
	}
	return v, err
}

// take reads the page's own parts. What a form left empty was not asked for.
func (v *view) take(q url.Values, l *leaf) error {
	wrong := fault.Invalid()
	names := l.own
	if slices.Contains(names, parameterPrefix) {
		for name := range q {
			if strings.HasPrefix(name, parameterPrefix) {
				names = append(slices.Clip(names), name)
			}
		}
	}
	for _, name := range names {
		all := slices.DeleteFunc(slices.Clone(q[name]), func(s string) bool { return strings.TrimSpace(s) == "" })
		if len(all) == 0 {
			continue
		}
		v.Own[name] = all[:min(len(all), maxOwn)]
		if text := strings.Join(all, ""); !utf8.ValidString(text) || len(text) > maxText*2 {
			wrong.Field(name, "is text, and not too long")
		}
	}
	return wrong.Err()
}

// values are the address's parts.
func (v view) values() url.Values {
	q := url.Values{}
	if v.Brand != "" {
		q.Set("brand", v.Brand)
	}
	if v.asked {
		q.Set("lang", v.Lang.Code)
	}
	for name, all := range v.Own {
		if len(all) > 0 {
			q[name] = all
		}
	}
	return q
}

// link is the address of a page that shows v after a change.
func (v view) link(change func(*view)) string {
	v.Own = cloned(v.Own)
	change(&v)
	at := v.Page
	if v.ID != "" {
		at += "/" + url.PathEscape(v.ID)
	}
	if at == "" {
		at = "/"
	}
	if q := v.values().Encode(); q != "" {
		return at + "?" + q
	}
	return at
}

func cloned(q url.Values) url.Values {
	out := url.Values{}
	for name, all := range q {
		out[name] = slices.Clone(all)
	}
	return out
}

// to is another page of the brand.
func (v view) to(path, id string, own url.Values) string {
	return v.link(func(v *view) { v.Page, v.ID, v.Own = path, id, own })
}

// with is the same with another value of one part; empty: without it.
func (v view) with(name string, all ...string) string {
	return v.link(func(v *view) {
		if v.Own[name] = all; len(all) == 0 {
			delete(v.Own, name)
		}
	})
}

// csv is where the page's numbers are for a spreadsheet.
func (v view) csv() string { return v.link(func(v *view) { v.Page += ".csv" }) }

// hidden is one part that a form must send along.
type hidden struct{ Name, Value string }

// Hidden are the parts that a form must send along beside those of its own.
func (v view) Hidden(own ...string) (out []hidden) {
	q := v.values()
	for _, name := range own {
		q.Del(name)
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		for _, value := range q[name] {
			out = append(out, hidden{name, value})
		}
	}
	return out
}

// option is one thing to choose in a form.
type option struct {
	Value, Name string
	Chosen      bool
}

// spans are the windows of scores to choose from; the first is the usual one.
var spans = []string{"all", "365", "90", "30", "7"}

var lengths = map[string]int32{"365": 365, "90": 90, "30": 30, "7": 7}

// periods are the windows of scores as links.
func (s *scene) periods() (out []shell.Choice) {
	now := s.Own.Get("since")
	for i, span := range spans {
		link := s.with("since", span)
		if i == 0 {
			link = s.with("since")
		}
		out = append(out, shell.Choice{Name: s.Lang.spans[span], Link: link, Current: now == span || now == "" && i == 0})
	}
	return out
}

// window is the stretch of time of scores; nil: everything.
func (s *scene) window() *surveyv1.Window {
	days := lengths[s.Own.Get("since")]
	if days == 0 {
		return nil
	}
	return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: days}}
}

// fresh says up to when facts are counted; empty without any.
func (s *scene) fresh(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(at.AsTime().In(s.brand.Location)))
}

// today is the brand's.
func (p *Pages) today(s *scene) time.Time {
	y, m, d := p.cfg.Clock().In(s.brand.Location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
