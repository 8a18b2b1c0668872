package loyalty

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// view is what a page is asked to show: all of its address, and nothing else.
type view struct {
	// Brand and Programme are empty where the page may choose.
	Brand, Programme string
	// Lang is the language of the page; asked is set if the address names it.
	Lang  *words
	asked bool
	// Days is one of spans; empty where First and Last are given, both included.
	Days        string
	First, Last time.Time
	// Page is the path, ID who is shown below it, and Own the parts of the address
	// that this page alone has.
	Page, ID string
	Own      url.Values
}

// spans are the windows of time to choose from.
var spans = []string{"7", "30", "90", "365"}

var lengths = map[string]int{"7": 7, "30": 30, "90": 90, "365": 365}

const (
	usualDays = "90"
	// maxText bounds a part of an address.
	maxText = 4 << 10
)

func readView(r *http.Request, q url.Values, l *leaf) (view, error) {
	v := view{Brand: q.Get("brand"), Programme: q.Get("programme"), Days: q.Get("days"), Page: l.path, ID: r.PathValue("id"), Own: url.Values{}}
	v.Lang = named(q.Get("lang"))
	if v.asked = v.Lang != nil; !v.asked {
		v.Lang = named(shell.Accepted(r.Header.Get("Accept-Language")).Code)
	}
	wrong := fault.Invalid()
	for _, name := range l.own {
		if text := q.Get(name); text != "" {
			v.Own.Set(name, text)
			if !utf8.ValidString(text) || len(text) > maxText {
				wrong.Field(name, "is text, and not too long")
			}
		}
	}
	v.readDays(q, wrong)
	return v, wrong.Err()
}

// readDays reads the window of time; one day alone is a window.
func (v *view) readDays(q url.Values, wrong *fault.Fields) {
	from, to := q.Get("from"), q.Get("to")
	switch {
	case v.Days != "":
		if lengths[v.Days] == 0 {
			wrong.Field("days", "is one of 7, 30, 90, 365")
		}
		return
	case from == "" && to == "":
		v.Days = usualDays
		return
	case from == "":
		from = to
	case to == "":
		to = from
	}
	var err error
	if v.First, err = time.Parse(time.DateOnly, from); err != nil {
		wrong.Field("from", "is a day such as 2026-03-31")
	}
	if v.Last, err = time.Parse(time.DateOnly, to); err != nil {
		wrong.Field("to", "is a day such as 2026-03-31")
	} else if v.Last.Before(v.First) {
		wrong.Field("to", "must not be before from")
	}
}

// values are the address's parts.
func (v view) values() url.Values {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("brand", v.Brand)
	set("programme", v.Programme)
	if v.asked {
		set("lang", v.Lang.Code)
	}
	if v.Days != usualDays {
		set("days", v.Days)
	}
	if !v.First.IsZero() {
		set("from", v.First.Format(time.DateOnly))
		set("to", v.Last.Format(time.DateOnly))
	}
	maps.Copy(q, v.Own)
	return q
}

// link is the address of a page that shows v after a change.
func (v view) link(change func(*view)) string {
	v.Own = maps.Clone(v.Own)
	change(&v)
	at := v.Page
	if v.ID != "" {
		at += "/" + url.PathEscape(v.ID)
	}
	if at == "" {
		at = "/"
	}
	return addressed(at, v.values())
}

func addressed(at string, q url.Values) string {
	if text := q.Encode(); text != "" {
		return at + "?" + text
	}
	return at
}

// csv is where a part's numbers are for a spreadsheet.
func (v view) csv(table string) string {
	v.Own = url.Values{"table": {table}}
	if v.ID == "" {
		return addressed(v.Page+".csv", v.values())
	}
	return addressed(v.Page+"/"+url.PathEscape(v.ID)+"/table.csv", v.values())
}

// toMember is the page of a member.
func (v view) toMember(id string) string {
	return v.link(func(v *view) { v.Page, v.ID, v.Own = membersPath, id, nil })
}

// with is the same with another value of one part; empty: without it.
func (v view) with(name, value string) string {
	return v.link(func(v *view) {
		if v.Own == nil {
			v.Own = url.Values{}
		}
		if v.Own.Set(name, value); value == "" {
			v.Own.Del(name)
		}
	})
}

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

// window is the days shown and as many before them; both ends belong to it.
type window struct {
	first, last, before time.Time
	// now is set where the last day is today: what is outstanding is so at this moment.
	now bool
}

// setWindow decides on the days, of the brand's calendar.
func (s *scene) setWindow(now time.Time) {
	y, m, d := now.In(s.brand.Location).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	w := window{first: s.First, last: s.Last}
	if s.First.IsZero() {
		w.first, w.last = today.AddDate(0, 0, 1-lengths[s.Days]), today
	}
	w.before = w.first.Add(w.first.Sub(w.last)).AddDate(0, 0, -1)
	w.now = !w.last.Before(today)
	s.window = w
}

// dates are the days shown, previous those before them.
func (w window) dates() *commonv1.DateRange { return dates(w.first, w.last) }

func (w window) previous() *commonv1.DateRange { return dates(w.before, w.first.AddDate(0, 0, -1)) }

// dates has the last day behind its end, as the contract does.
func dates(first, last time.Time) *commonv1.DateRange {
	return &commonv1.DateRange{Start: first.Format(time.DateOnly), End: last.AddDate(0, 0, 1).Format(time.DateOnly)}
}

// fresh says up to when facts are counted; empty without any.
func (s *scene) fresh(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(at.AsTime().In(s.brand.Location)))
}

// about says what the numbers of a part are of: the days, and how fresh.
func (s *scene) about(at *timestamppb.Timestamp) string {
	return joined(s.Lang.Days(s.window.first, s.window.last), s.fresh(at))
}

// joined are the texts that are not empty, one after the other.
func joined(texts ...string) string {
	out := ""
	for _, t := range texts {
		if t != "" && out != "" {
			out += " · "
		}
		out += t
	}
	return out
}

// permanent is the address that shows the same days tomorrow.
func (s *scene) permanent() string {
	return s.link(func(v *view) {
		if s.Days != "" {
			v.Days, v.First, v.Last = "", s.window.first, s.window.last
		}
	})
}
