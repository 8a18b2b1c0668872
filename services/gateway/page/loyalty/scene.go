package loyalty

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// scene is an address with all that was left open decided.
type scene struct {
	shell.Address
	Lang  *words
	leaf  *leaf
	brand *config.Brand
	// programme is the one shown, programmes all there are; none: the brand has none.
	programme  *loyaltyv1.Programme
	programmes []*loyaltyv1.Programme
	span       shell.Span
	window     window
	// found is what a search for a member came to; nil: nobody was searched for.
	found *lookup
}

// spans are the windows of days to choose from.
var spans = []string{"7", "30", usualDays, "365"}

const usualDays = "90"

// read is the scene of an address, as far as the address says it.
func (p *Pages) read(r *http.Request, q url.Values, l *leaf) (*scene, error) {
	s := &scene{leaf: l}
	var err error
	s.Address, err = shell.ReadAddress(q, l.path, r.PathValue("id"), append([]string{"programme", "days", "from", "to"}, l.own...))
	s.Lang = shell.Spoken(catalogues, s.Code, r)
	if err == nil {
		wrong := fault.Invalid()
		s.span = shell.ReadSpan(s.Own, spans, usualDays, wrong)
		err = wrong.Err()
	}
	return s, err
}

// prepare decides on the brand and the programme: the first brand that has one, and its
// first, where none was asked for. Without Loyalty there is neither.
func (p *Pages) prepare(ctx context.Context, s *scene) (err error) {
	s.brand, err = p.cfg.Choose(ctx, s.Brand, func(ctx context.Context, brand string) bool { return HasProgramme(ctx, p.points, brand) })
	if err != nil {
		return err
	}
	s.Brand = s.brand.ID
	s.setWindow(shell.Today(p.cfg.Clock(), s.brand.Location))
	return p.chooseProgramme(ctx, s)
}

// chooseProgramme leaves it to the parts to say that Loyalty does not answer.
func (p *Pages) chooseProgramme(ctx context.Context, s *scene) error {
	if p.points == nil {
		return nil
	}
	list, err := p.points.ListProgrammes(ctx, &loyaltyv1.ListProgrammesRequest{Brand: s.Brand})
	if err != nil {
		return err
	}
	asked := s.Own.Get("programme")
	s.programmes = list.GetProgrammes()
	for _, one := range s.programmes {
		if asked == "" || one.GetId() == asked {
			s.programme = one
			return nil
		}
	}
	if asked != "" {
		return fault.NotFound(nil, "programme %q", asked)
	}
	return nil
}

// csv is where a part's numbers are for a spreadsheet.
func (s *scene) csv(table string) string {
	return "/csv" + s.With("after").With("table", table).String()
}

// toMember is the page of a member.
func (s *scene) toMember(id string) string {
	at := s.With("after").With("table")
	at.Page, at.ID = membersPath, id
	return at.String()
}

// permanent is the address that shows the same days tomorrow.
func (s *scene) permanent() string {
	return s.span.Fixed(s.In(s.Lang.Code), s.window.last).String()
}

// window is the days shown and as many before them; both ends belong to it.
type window struct {
	first, last, before time.Time
	// now is set where the last day is today: what is outstanding is so at this moment.
	now bool
}

// setWindow decides on the days, of the brand's calendar.
func (s *scene) setWindow(today time.Time) {
	w := &s.window
	w.first, w.last = s.span.Ends(today)
	w.before, _ = s.span.Before(today)
	w.now = !w.last.Before(today)
}

// dates are the days shown, previous those before them.
func (w window) dates() *commonv1.DateRange { return shell.Dates(w.first, w.last) }

func (w window) previous() *commonv1.DateRange {
	return shell.Dates(w.before, w.first.AddDate(0, 0, -1))
}

// fresh says up to when facts are counted; empty without any.
func (s *scene) fresh(at *timestamppb.Timestamp) string { return s.Lang.Fresh(at, s.brand.Location) }

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
