package loyalty

import (
	"context"
	"fmt"
	"net/http"
	"time"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

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

// show shows a page whose scene is set.
func (p *Pages) show(ctx context.Context, w http.ResponseWriter, s *scene) {
	out := p.compose(ctx, s)
	if s.programme == nil {
		out.Dated, out.Programmes = false, nil
	}
	out.Sections = p.draw(ctx, s)
	p.drawn.Write(w, http.StatusOK, "loyalty", &out.Frame, out)
}

// draw draws the parts of a page; without a programme there is only one, that says so.
func (p *Pages) draw(ctx context.Context, s *scene) []shell.Drawing {
	sections := []shell.Section{{ID: "absent", Place: shell.Top, Title: s.Lang.Loyalty, Load: func(context.Context) (any, error) { return p.absent(s) }}}
	if s.programme != nil {
		sections = s.leaf.sections(p, s)
	}
	return p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, sections)
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
func (p *Pages) compose(ctx context.Context, s *scene) *shown {
	l, to := s.leaf, func(brand, path string) string { return shell.Address{Brand: brand, Code: s.Code, Page: path}.String() }
	out := &shown{scene: s, T: s.Lang, Frame: shell.Frame{Name: s.Lang.Loyalty, Home: to(s.Brand, ""), BrandName: s.brand.Name}, Dated: l.dated}
	out.Brands = p.cfg.OtherBrands(ctx, s.brand, func(id string) string { return to(id, l.path) })
	out.Langs = shell.Languages(catalogues, s.Lang, func(code string) string { return s.In(code).String() })
	// Members are under the programme's health.
	out.Tabs = p.cfg.Ways(ctx, s.Brand, &s.Lang.Lang, healthPath, func(path string) string { return to(s.Brand, path) })
	out.Kept = l == healthLeaf
	if len(l.tables) > 0 && s.programme != nil {
		out.CSV, out.Permalink, out.LiveAt = s.csv(l.tables[0].name), s.permanent(), "/live"+s.In(s.Lang.Code).String()
	}
	for _, one := range s.programmes {
		link := s.With("programme", one.GetId()).String()
		out.Programmes = append(out.Programmes, shell.Choice{Name: s.programmeTitle(one), Link: link, Current: one == s.programme})
	}
	for _, days := range spans {
		link := s.With("from").With("to").With("days", days).String()
		out.Periods = append(out.Periods, shell.Choice{Name: s.Lang.spans[days], Link: link, Current: s.span.Is(days)})
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
func (p *Pages) refuse(w http.ResponseWriter, s *scene, err error) {
	out := &shown{T: s.Lang, scene: s, Frame: shell.Frame{Home: shell.Address{Code: s.Code}.String(), Problem: s.Lang.FaultText(err)}}
	p.drawn.Write(w, p.cfg.Status(err), "problem", &out.Frame, out)
}
