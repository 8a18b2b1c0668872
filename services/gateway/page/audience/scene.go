package audience

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
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
	// title is the name of what is shown below a page.
	title string
	// made is what a form that was sent could not do; nil: nothing was sent.
	made error
}

// read is the scene of an address, as far as the address says it.
func (p *Pages) read(r *http.Request, q url.Values, l *leaf) (*scene, error) {
	names := l.own
	if slices.Contains(names, parameterPrefix) {
		for name := range q {
			if strings.HasPrefix(name, parameterPrefix) {
				names = append(slices.Clip(names), name)
			}
		}
	}
	s := &scene{leaf: l}
	var err error
	s.Address, err = shell.ReadAddress(q, l.path, r.PathValue("id"), names)
	s.Lang = shell.Spoken(catalogues, s.Code, r)
	if err == nil && l.check != nil {
		err = l.check(s.Own)
	}
	return s, err
}

// prepare decides the brand, and finds the name of what is shown. One that cannot be read
// now is called by its id.
func (p *Pages) prepare(ctx context.Context, s *scene) (err error) {
	if s.brand, err = p.cfg.Choose(ctx, s.Brand, p.peopled); err != nil {
		return err
	}
	s.Brand, s.title = s.brand.ID, s.ID
	if s.ID == "" || p.people == nil {
		return nil
	}
	got, err := p.people.GetSegment(ctx, &segmentationv1.GetSegmentRequest{Brand: s.Brand, SegmentId: s.ID})
	if fault.Code(err).String() == "NotFound" {
		return err
	}
	if err == nil {
		s.title = s.segmentName(got.GetSegment())
	}
	return nil
}

// peopled tells whether a brand has customers.
func (p *Pages) peopled(ctx context.Context, brand string) bool {
	if p.people == nil {
		return false
	}
	some, err := p.people.ListCustomers(ctx, &segmentationv1.ListCustomersRequest{Brand: brand, PageSize: 1})
	return err == nil && len(some.GetCustomers()) > 0
}

// to is another page of the brand.
func (s *scene) to(path, id string, own url.Values) string { return s.To(path, id, own).String() }

// with is the same with other values of one part; none: without it.
func (s *scene) with(name string, all ...string) string { return s.With(name, all...).String() }

// permanent is the address that shows the same in the same language.
func (s *scene) permanent() string { return s.In(s.Lang.Code).String() }

// csv is where the page's numbers are for a spreadsheet.
func (s *scene) csv() string { return "/csv" + s.String() }

// spans are the windows of scores to choose from; the first is the usual one.
var spans = []string{"all", "365", "90", "30", "7"}

var lengths = map[string]int32{"365": 365, "90": 90, "30": 30, "7": 7}

// periods are the windows of scores as links.
func (s *scene) periods() (out []shell.Choice) {
	now := s.Own.Get("since")
	for i, span := range spans {
		at := s.With("since", span)
		if i == 0 {
			at = s.With("since")
		}
		out = append(out, shell.Choice{Name: s.Lang.spans[span], Link: at.String(), Current: now == span || now == "" && i == 0})
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
func (s *scene) fresh(at *timestamppb.Timestamp) string { return s.Lang.Fresh(at, s.brand.Location) }

// today is the brand's.
func (p *Pages) today(s *scene) time.Time { return shell.Today(p.cfg.Clock(), s.brand.Location) }
