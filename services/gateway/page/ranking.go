package page

import (
	"context"
	"fmt"
	"slices"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// rankable are the kinds that are ranked, the one first that people ask about
// first. Employees are not: they are no list to be put on a wall.
var rankable = []commonv1.SubjectKind{
	commonv1.SubjectKind_SUBJECT_KIND_STORE, commonv1.SubjectKind_SUBJECT_KIND_SELLER, commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT,
	commonv1.SubjectKind_SUBJECT_KIND_COURIER, commonv1.SubjectKind_SUBJECT_KIND_REGION, commonv1.SubjectKind_SUBJECT_KIND_PRODUCT,
	commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT,
}

// rankingData is a league table, or its two ends.
type rankingData struct {
	shell.Dated
	Title       string
	Kinds       []choice
	Place, Span string // of the subject itself, among its like
	Rows        []row  // the whole table, or one so short that its ends would meet
	Best, Worst []row
	Notes       []string
	Toggle      choice
}

const (
	// rankMinN is how many answers make a place in a table worth a look.
	rankMinN = 10
	// rankEnds is how many stand at each end.
	rankEnds = 5
	// rankWhole bounds the whole table; the contract gives no larger page.
	rankWhole = 1000
)

func (p *Page) loadRanking(ctx context.Context, s *scene) (any, error) {
	kinds, err := p.kindsBelow(ctx, s)
	if err != nil {
		return nil, err
	}
	ask := &surveyv1.RankSubjectsRequest{Brand: s.Brand, Metric: s.Metric, Window: s.window.proto(), PageSize: rankEnds, MinN: rankMinN}
	d := &rankingData{}
	switch {
	case len(kinds) > 0:
		ask.Kind, ask.Under = kinds[0], s.Subject
		if slices.Contains(kinds, s.Kind) {
			ask.Kind = s.Kind
		}
		for _, k := range kinds {
			d.Kinds = append(d.Kinds, choice{Name: s.Lang.Group(k), Link: s.ToKind(k), Current: k == ask.Kind})
		}
	case s.Subject == nil:
		return d, nil
	default: // nothing below: how it stands among its like
		ask.Kind, ask.MinN = s.Subject.GetKind(), 1
		if len(s.path) > 0 {
			ask.Under = s.path[0]
		}
	}
	d.Title = s.Lang.Group(ask.Kind)
	if s.Whole || len(kinds) == 0 {
		return d, p.wholeTable(ctx, s, ask, d)
	}
	return d, p.bothEnds(ctx, s, ask, d)
}

// kindsBelow are the kinds that stand below the subject.
func (p *Page) kindsBelow(ctx context.Context, s *scene) (out []commonv1.SubjectKind, err error) {
	for _, k := range rankable {
		list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Kind: k, Under: s.Subject, PageSize: 2})
		if err != nil {
			return nil, err
		}
		// The subject itself may be in the list of what is under it.
		if slices.ContainsFunc(list.GetSubjects(), func(one *surveyv1.Subject) bool {
			return subjectName(one.GetRef()) != subjectName(s.Subject)
		}) {
			out = append(out, k)
		}
	}
	return out, nil
}

// bothEnds asks for the best and the worst. Where nobody has enough answers it
// takes those who have any.
func (p *Page) bothEnds(ctx context.Context, s *scene, ask *surveyv1.RankSubjectsRequest, d *rankingData) error {
	best, err := p.survey.RankSubjects(ctx, ask)
	if err == nil && best.GetRanked() < 2 && best.GetUnranked() > 0 {
		ask.MinN = 1
		best, err = p.survey.RankSubjects(ctx, ask)
	}
	if err != nil {
		return err
	}
	if best.GetRanked() <= 2*rankEnds {
		return p.wholeTable(ctx, s, ask, d)
	}
	ask.WorstFirst = true
	worst, err := p.survey.RankSubjects(ctx, ask)
	if err != nil {
		return err
	}
	d.Best, d.Worst = s.ranked(best), s.ranked(worst)
	s.align(d.Best, d.Worst)
	d.note(s, best, ask.MinN)
	d.Toggle = choice{Name: s.Lang.AllRanks, Link: s.ToWhole(true)}
	return nil
}

// wholeTable asks for all there are. For a subject with nothing below it that is
// its like, of which it sees the best and itself.
func (p *Page) wholeTable(ctx context.Context, s *scene, ask *surveyv1.RankSubjectsRequest, d *rankingData) error {
	ask.PageSize = rankWhole
	all, err := p.survey.RankSubjects(ctx, ask)
	if err != nil {
		return err
	}
	d.Rows = s.ranked(all)
	if len(d.Kinds) == 0 {
		d.findOwn(s, all)
		if !s.Whole && len(d.Rows) > 2*rankEnds {
			d.Rows = slices.DeleteFunc(d.Rows, func(r row) bool { return !r.Own && r.rank > rankEnds })
		}
	}
	s.align(d.Rows)
	d.note(s, all, ask.MinN)
	if s.Whole {
		d.Toggle = choice{Name: s.Lang.FewRanks, Link: s.ToWhole(false)}
	} else if int(all.GetRanked()) > len(d.Rows) {
		d.Toggle = choice{Name: s.Lang.AllRanks, Link: s.ToWhole(true)}
	}
	return nil
}

// ranked are the lines of a table.
func (s *scene) ranked(got *surveyv1.RankSubjectsResponse) []row {
	out := make([]row, 0, len(got.GetSubjects()))
	for _, one := range got.GetSubjects() {
		name := one.GetName()
		if name == "" {
			name = one.GetSubject().GetId()
		}
		r := s.newRow(name, one.GetScore())
		r.Link, r.rank = s.ToSubject(one.GetSubject()), one.GetRank()
		r.Place = s.Lang.Count(int64(one.GetRank()))
		if one.GetBestRank() != one.GetWorstRank() {
			r.Span = fmt.Sprintf("%d–%d", one.GetBestRank(), one.GetWorstRank())
		}
		r.Own = s.Subject != nil && subjectName(one.GetSubject()) == subjectName(s.Subject)
		out = append(out, r)
	}
	return out
}

// findOwn says where the subject itself stands.
func (d *rankingData) findOwn(s *scene, all *surveyv1.RankSubjectsResponse) {
	d.Place = s.Lang.NotRanked
	for _, one := range all.GetSubjects() {
		if subjectName(one.GetSubject()) == subjectName(s.Subject) {
			d.Place = fmt.Sprintf(s.Lang.RankOf, one.GetRank(), all.GetRanked())
			if one.GetBestRank() != one.GetWorstRank() {
				d.Span = fmt.Sprintf(s.Lang.RankSpan, one.GetBestRank(), one.GetWorstRank())
			}
		}
	}
}

// note says who is in the table and who is not, and how fresh it is.
func (d *rankingData) note(s *scene, got *surveyv1.RankSubjectsResponse, minN int32) {
	d.AsOf = s.fresh(got.GetAsOf())
	if got.GetRanked() > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf(s.Lang.Ranked, s.Lang.Count(int64(got.GetRanked()))))
	}
	if got.GetUnranked() > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf(s.Lang.Unranked, s.Lang.Count(int64(got.GetUnranked())), minN))
	}
}

// placesData are the ways down.
type placesData struct {
	Groups []placeGroup
	More   string
}

type placeGroup struct {
	Name   string
	Places []choice
}

// placesShown is how many ways down are listed; past it the search is quicker.
const placesShown = 60

func (p *Page) loadPlaces(ctx context.Context, s *scene) (any, error) {
	list, err := p.survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: s.Brand, Under: s.Subject, PageSize: 1000})
	if err != nil {
		return nil, err
	}
	now, d, more := p.cfg.Clock(), &placesData{}, 0
	shown := 0
	for _, one := range list.GetSubjects() {
		if subjectName(parent(one, now)) != subjectName(s.Subject) || one.GetClosedAt().IsValid() {
			continue
		}
		if shown++; shown > placesShown {
			more++
			continue
		}
		group := s.Lang.Group(one.GetRef().GetKind())
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Name != group {
			d.Groups = append(d.Groups, placeGroup{Name: group})
		}
		last := &d.Groups[len(d.Groups)-1]
		last.Places = append(last.Places, choice{Name: subjectTitle(one), Link: s.ToSubject(one.GetRef())})
	}
	if shown == 0 {
		return nil, nil
	}
	if more > 0 {
		d.More = fmt.Sprintf(s.Lang.MorePlaces, more)
	}
	return d, nil
}
