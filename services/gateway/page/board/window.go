package board

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// window is a stretch of time as an address has it: a number of days up to today, or
// days, or everything.
type window struct {
	last        int // days up to today; 0: see the others
	first, till time.Time
	all         bool
}

const usualDays = 30

// spans are the windows to choose from, by what an address calls them.
var spans = []string{"7", "30", "90", "365", "all"}

var lengths = map[string]int{"7": 7, "30": 30, "90": 90, "365": 365}

// readWindow reads days, or from and to; one of these alone is a day.
func readWindow(q url.Values) (window, error) {
	wrong := fault.Invalid()
	from, to := q.Get("from"), q.Get("to")
	switch days := q.Get("days"); {
	case days == "all":
		return window{all: true}, nil
	case days != "" && lengths[days] == 0:
		return window{}, wrong.Field("days", "is one of 7, 30, 90, 365 and all").Err()
	case days != "":
		return window{last: lengths[days]}, nil
	case from == "" && to == "":
		return window{last: usualDays}, nil
	case from == "":
		from = to
	case to == "":
		to = from
	}
	w := window{}
	var err error
	if w.first, err = time.Parse(time.DateOnly, from); err != nil {
		wrong.Field("from", "is a day such as 2026-03-31")
	}
	if w.till, err = time.Parse(time.DateOnly, to); err != nil {
		wrong.Field("to", "is a day such as 2026-03-31")
	} else if w.till.Before(w.first) {
		wrong.Field("to", "must not be before from")
	}
	return w, wrong.Err()
}

// proto is the window as a question has it.
func (w window) proto() *surveyv1.Window {
	switch {
	case w.all:
		return &surveyv1.Window{}
	case w.last > 0:
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(w.last)}}
	}
	return dated(w.first, w.till)
}

func dated(first, last time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{
		Start: first.Format(time.DateOnly), End: last.AddDate(0, 0, 1).Format(time.DateOnly),
	}}}
}

// ends are the first and the last day.
func (w window) ends(today time.Time) (first, last time.Time) {
	if w.last > 0 {
		return today.AddDate(0, 0, 1-w.last), today
	}
	return w.first, w.till
}

// before is the stretch of the same length that ends where w begins; nil: there is none.
func (w window) before(today time.Time) *surveyv1.Window {
	if w.all {
		return nil
	}
	first, last := w.ends(today)
	days := int(last.Sub(first).Hours()/24) + 1
	return dated(first.AddDate(0, 0, -days), first.AddDate(0, 0, -1))
}

// formDays are the days for a form.
func (w window) formDays(today time.Time) (first, last string) {
	if w.all {
		return "", ""
	}
	from, to := w.ends(today)
	return from.Format(time.DateOnly), to.Format(time.DateOnly)
}

// today is the brand's.
func (p *Pages) today(s *scene) time.Time {
	y, m, d := p.cfg.Clock().In(s.brand.Location).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// windowText says which days are shown.
func (p *Pages) windowText(s *scene) string {
	if s.window.all {
		return s.Lang.AllTime
	}
	return s.Lang.Days(s.window.ends(p.today(s)))
}

// dated tells whether the page is of a window of time that is chosen.
func (l *leaf) dated() bool { return slices.Contains(l.own, "from") }

// periods are the windows as links.
func (s *scene) periods() (out []shell.Choice) {
	for _, span := range spans {
		at := s.With("from").With("to").With("after").With("days", span)
		current := span == "all" && s.window.all || lengths[span] > 0 && lengths[span] == s.window.last
		out = append(out, shell.Choice{Name: s.Lang.spans[span], Link: at.String(), Current: current})
	}
	return out
}

// permanent is the address that shows the same whenever it is opened: with its days
// where it had only a number of them, and with all else that the page chose itself.
func (s *scene) permanent(now time.Time) shell.Address {
	at := s.In(s.Lang.Code)
	if s.leaf.dated() && s.window.last > 0 {
		y, m, d := now.In(s.brand.Location).Date()
		from, to := s.window.formDays(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
		at = at.With("days").With("from", from).With("to", to)
	}
	return at
}

// dates are the parts of an address that other pages take along.
func (s *scene) dates() url.Values {
	out := url.Values{}
	if !s.leaf.dated() {
		return out
	}
	for _, name := range []string{"days", "from", "to"} {
		if all := s.Own[name]; len(all) > 0 {
			out[name] = all
		}
	}
	return out
}

// fresh says up to when facts are counted; empty without any.
func (s *scene) fresh(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(at.AsTime().In(s.brand.Location)))
}

// seen says of what is read as it is at this moment when that was.
func (p *Pages) seen(s *scene) string {
	return fmt.Sprintf(s.Lang.AsOf, s.Lang.Moment(p.cfg.Clock().In(s.brand.Location)))
}

// moment writes an instant in the brand's zone; empty if there is none.
func (s *scene) moment(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return s.Lang.Moment(at.AsTime().In(s.brand.Location))
}
