package board

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// spans are the windows of days to choose from, by what an address calls them.
var spans = []string{"7", usualDays, "90", "365", shell.AllDays}

const usualDays = "30"

// windowOf is a span as a question has it.
func windowOf(span shell.Span) *surveyv1.Window {
	switch {
	case span.All:
		return &surveyv1.Window{}
	case span.Days > 0:
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(span.Days)}}
	}
	return datesOf(span.First, span.Last)
}

func datesOf(first, last time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: shell.Dates(first, last)}}
}

// today is the brand's.
func (p *Pages) today(s *scene) time.Time { return shell.Today(p.cfg.Clock(), s.brand.Location) }

// windowText says which days are shown.
func (p *Pages) windowText(s *scene) string {
	if s.span.All {
		return s.Lang.AllTime
	}
	return s.Lang.Days(s.span.Ends(p.today(s)))
}

// dated tells whether the page is of a window of time that is chosen.
func (l *leaf) dated() bool { return slices.Contains(l.own, "from") }

// periods are the windows as links.
func (s *scene) periods() (out []shell.Choice) {
	for _, days := range spans {
		at := s.With("from").With("to").With("after").With("days", days)
		out = append(out, shell.Choice{Name: s.Lang.spans[days], Link: at.String(), Current: s.span.Is(days)})
	}
	return out
}

// permanent is the address that shows the same whenever it is opened: with its days
// where it had only a number of them, and with all else that the page chose itself.
func (s *scene) permanent(today time.Time) shell.Address {
	at := s.In(s.Lang.Code)
	if s.leaf.dated() {
		at = s.span.Fixed(at, today)
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
func (s *scene) fresh(at *timestamppb.Timestamp) string { return s.Lang.Fresh(at, s.brand.Location) }

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
