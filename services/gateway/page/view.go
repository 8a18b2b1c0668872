package page

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// view is what a page is asked to show: all of its address, and nothing else. A
// link made of it shows the same page again.
type view struct {
	// Brand and Metric are empty where the page may choose.
	Brand, Metric string
	// Lang is the language of the page, Code its code where the address names it.
	Lang *words
	Code string
	// Days is 7, 30, 90, 365 or all; empty where From and To are given.
	Days string
	// From and To are the first and the last day, both included.
	From, To time.Time
	// Subject is whose answers are shown; nil: the whole brand's.
	Subject *commonv1.SubjectRef
	// Kind is what is ranked; 0: what fits.
	Kind commonv1.SubjectKind
	// Whole shows the ranking to its end, Low only comments of low scores.
	Whole, Low bool
	// Query is what was typed into the search.
	Query string
	// Page is the path of a page beside the overview, ID what it shows if it shows
	// one thing, and Own the parts of the address that this page alone has.
	Page, ID string
	Own      url.Values
}

// spans are the windows of time to choose from.
var spans = []string{"7", usualDays, "90", "365", shell.AllDays}

const usualDays = "30"

// readView reads the address of the overview.
func readView(r *http.Request, q url.Values) (view, error) {
	v := view{
		Brand: q.Get("brand"), Metric: q.Get("metric"), Days: q.Get("days"), Query: strings.TrimSpace(q.Get("q")),
		Whole: q.Get("ranking") == "whole", Low: q.Get("comments") == "low",
	}
	v.readLang(r, q)
	wrong := fault.Invalid()
	v.readDays(q, wrong)
	if s := q.Get("subject"); s != "" {
		if v.Subject = readSubject(s); v.Subject == nil {
			wrong.Field("subject", "is a kind and an id, such as STORE:12")
		}
	}
	if k := q.Get("kind"); k != "" {
		if v.Kind = readKind(k); v.Kind == 0 {
			wrong.Field("kind", "is a kind of subject, such as STORE")
		}
	}
	return v, wrong.Err()
}

// readLang takes the language that is named, else the one the browser prefers.
func (v *view) readLang(r *http.Request, q url.Values) {
	if l := shell.Named(q.Get("lang")); l != nil {
		v.Code = l.Code
	}
	v.Lang = shell.Spoken(catalogues, v.Code, r)
}

// readDays reads the window of time.
func (v *view) readDays(q url.Values, wrong *fault.Fields) {
	span := shell.ReadSpan(q, spans, usualDays, wrong)
	v.From, v.To = span.First, span.Last
	if v.Days == "" && q.Get("from") == "" && q.Get("to") == "" {
		v.Days = usualDays
	}
}

const kindPrefix = "SUBJECT_KIND_"

func readKind(s string) commonv1.SubjectKind {
	return commonv1.SubjectKind(commonv1.SubjectKind_value[kindPrefix+strings.ToUpper(s)])
}

// readSubject reads STORE:12; nil if that is not what s is.
func readSubject(s string) *commonv1.SubjectRef {
	kind, id, _ := strings.Cut(s, ":")
	if k := readKind(kind); k != 0 && id != "" {
		return &commonv1.SubjectRef{Kind: k, Id: id}
	}
	return nil
}

func kindName(k commonv1.SubjectKind) string { return strings.TrimPrefix(k.String(), kindPrefix) }

func subjectName(s *commonv1.SubjectRef) string {
	if s == nil {
		return ""
	}
	return kindName(s.GetKind()) + ":" + s.GetId()
}

// values are the parts of the address that are not what the page would choose
// itself.
func (v view) values() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("brand", v.Brand)
	set("metric", v.Metric)
	set("subject", subjectName(v.Subject))
	set("q", v.Query)
	set("lang", v.Code)
	if v.Days != usualDays {
		set("days", v.Days)
	}
	if !v.From.IsZero() {
		set("from", v.From.Format(time.DateOnly))
		set("to", v.To.Format(time.DateOnly))
	}
	if v.Kind != 0 {
		set("kind", kindName(v.Kind))
	}
	if v.Whole {
		set("ranking", "whole")
	}
	if v.Low {
		set("comments", "low")
	}
	for name, all := range v.Own {
		q[name] = all
	}
	return q
}

// path is where the page is.
func (v view) path() string {
	if v.ID != "" {
		return v.Page + "/" + url.PathEscape(v.ID)
	}
	return v.Page
}

// link is the address of a page that shows v after a change.
func (v view) link(change func(*view)) string {
	change(&v)
	at := v.path()
	if at == "" {
		at = "/"
	}
	if q := v.values().Encode(); q != "" {
		return at + "?" + q
	}
	return at
}

// ToDays is the same for another window of time.
func (v view) ToDays(days string) string {
	return v.link(func(v *view) { v.Days, v.From, v.To, v.Query = days, time.Time{}, time.Time{}, "" })
}

// ToDates is the same for these days, whenever it is opened.
func (v view) ToDates(first, last time.Time) string {
	return v.link(func(v *view) { v.Days, v.From, v.To = "", first, last })
}

// ToSubject is the same for another subject; nil: the whole brand.
func (v view) ToSubject(s *commonv1.SubjectRef) string {
	return v.link(func(v *view) {
		v.Subject, v.Query, v.Kind, v.Whole = s, "", 0, false
		v.Page, v.ID, v.Own = "", "", nil
	})
}

// ToMetric is the same for another metric.
func (v view) ToMetric(name string) string { return v.link(func(v *view) { v.Metric = name }) }

// ToBrand is another brand from its beginning.
func (v view) ToBrand(id string) string {
	return v.link(func(v *view) { *v = view{Brand: id, Lang: v.Lang, Code: v.Code, Days: usualDays, Page: v.Page} })
}

// ToLang is the same in another language.
func (v view) ToLang(code string) string { return v.link(func(v *view) { v.Code = code }) }

// ToKind is the same with another ranking.
func (v view) ToKind(k commonv1.SubjectKind) string {
	return v.link(func(v *view) { v.Kind, v.Whole = k, false })
}

// ToWhole is the same with the ranking to its end, or not.
func (v view) ToWhole(whole bool) string { return v.link(func(v *view) { v.Whole = whole }) }

// ToLow is the same with only the comments of low scores, or all.
func (v view) ToLow(low bool) string { return v.link(func(v *view) { v.Low = low }) }

// Live is where this page is told of changes.
func (v view) Live() string {
	v.Code, v.Query = v.Lang.Code, ""
	at := "/live" + v.path()
	return at + "?" + v.values().Encode()
}

// Hidden are the parts that a form must send along beside those of its own.
func (v view) Hidden(own ...string) []shell.Hidden {
	q := v.values()
	for _, name := range own {
		q.Del(name)
	}
	out := make([]shell.Hidden, 0, len(q))
	for _, name := range []string{"brand", "lang", "metric", "subject", "days", "from", "to"} {
		if q.Has(name) {
			out = append(out, shell.Hidden{Name: name, Value: q.Get(name)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Own)) {
		for _, value := range q[name] {
			out = append(out, shell.Hidden{Name: name, Value: value})
		}
	}
	return out
}

// String is the address itself.
func (v view) String() string { return fmt.Sprint(v.link(func(*view) {})) }
