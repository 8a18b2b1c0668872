package loyalty

import (
	"context"
	"fmt"
	"net/http"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// choose decides on the brand and the programme: the first brand that has one, and its
// first, where none was asked for. Without Loyalty there is neither.
func (p *Pages) choose(ctx context.Context, s *scene) (err error) {
	s.brand, err = p.cfg.Choose(ctx, s.Brand, func(ctx context.Context, brand string) bool { return HasProgramme(ctx, p.points, brand) })
	if err != nil {
		return err
	}
	s.Brand = s.brand.ID
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
	s.programmes = list.GetProgrammes()
	for _, one := range s.programmes {
		if s.Programme == "" || one.GetId() == s.Programme {
			s.programme = one
			return nil
		}
	}
	if s.Programme != "" {
		return fault.NotFound(nil, "programme %q", s.Programme)
	}
	return nil
}

// shown is everything the template of a page reads.
type shown struct {
	*scene
	shell.Frame
	T           *words
	Dated       bool
	ProgrammeIs string
	Programmes  []shell.Choice
	Periods     []shell.Choice
	FirstDay    string
	LastDay     string
}

// show draws a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, s *scene, l *leaf) {
	out := p.compose(ctx, s, l)
	sections := l.sections(p, s)
	if p.points == nil || s.programme == nil {
		out.Dated, out.Programmes = false, nil
		sections = []shell.Section{{ID: "absent", Place: shell.Top, Title: s.Lang.Loyalty, Load: func(context.Context) (any, error) { return p.absent(s) }}}
	}
	out.Sections = p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.view, sections)
	p.drawn.Write(w, http.StatusOK, "loyalty", &out.Frame, out)
}

// absentData says what to do where there is no programme.
type absentData struct{ Text string }

func (p *Pages) absent(s *scene) (any, error) {
	if p.points == nil {
		return nil, absentLoyalty
	}
	return &absentData{fmt.Sprintf(s.Lang.NoProgramme, s.brand.Name)}, nil
}

// compose fills in what stands around the sections.
func (p *Pages) compose(ctx context.Context, s *scene, l *leaf) *shown {
	to := func(brand, path string) string {
		return s.link(func(v *view) { *v = view{Brand: brand, Lang: v.Lang, asked: v.asked, Days: usualDays, Page: path} })
	}
	out := &shown{scene: s, T: s.Lang, Frame: shell.Frame{Name: s.Lang.Loyalty, Home: to(s.Brand, ""), BrandName: s.brand.Name}, Dated: l.dated}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string { return to(id, l.path) })
	for _, c := range catalogues {
		link := s.link(func(v *view) { v.Lang, v.asked = c, true })
		out.Langs = append(out.Langs, shell.Choice{Name: c.Name, Note: c.Code, Link: link, Current: c == s.Lang})
	}
	// Members are under the programme's health.
	out.Tabs = p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, healthPath, func(path string) string { return to(s.Brand, path) })
	out.Kept = l == healthLeaf
	if len(l.tables) > 0 && s.programme != nil {
		out.CSV, out.Permalink = s.csv(l.tables[0].name), s.permanent()
	}
	for _, one := range s.programmes {
		link := s.link(func(v *view) { v.Programme = one.GetId() })
		out.Programmes = append(out.Programmes, shell.Choice{Name: s.programmeTitle(one), Link: link, Current: one == s.programme})
	}
	for _, days := range spans {
		link := s.link(func(v *view) { v.Days, v.First, v.Last = days, time.Time{}, time.Time{} })
		out.Periods = append(out.Periods, shell.Choice{Name: s.Lang.spans[days], Link: link, Current: s.Days == days})
	}
	out.FirstDay, out.LastDay = s.window.first.Format(time.DateOnly), s.window.last.Format(time.DateOnly)
	out.ProgrammeIs = s.programmeTitle(s.programme)
	if l.path == membersPath {
		out.Path, out.Name = []shell.Choice{{Name: s.Lang.Loyalty, Link: to(s.Brand, healthPath)}}, s.Lang.Members
		if s.ID != "" {
			out.Path, out.Name = append(out.Path, shell.Choice{Name: s.Lang.Members, Link: to(s.Brand, membersPath)}), s.Lang.Member+" "+s.ID
		}
	}
	return out
}

func (s *scene) programmeTitle(p *loyaltyv1.Programme) string {
	return s.titled(p.GetTitles(), p.GetId())
}

// titled is a name for people, else the id.
func (s *scene) titled(titles map[string]string, id string) string {
	if t := s.Lang.Localized(titles, s.brand.Locales); t != "" {
		return t
	}
	return id
}

// refuse shows why there is no such page, and the way back.
func (p *Pages) refuse(w http.ResponseWriter, v view, err error) {
	home := view{Lang: v.Lang, asked: v.asked, Days: usualDays}.link(func(*view) {})
	out := &shown{T: v.Lang, scene: &scene{view: v}, Frame: shell.Frame{Home: home, Problem: v.Lang.FaultText(err)}}
	p.drawn.Write(w, p.cfg.Status(err), "problem", &out.Frame, out)
}
