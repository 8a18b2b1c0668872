package audience

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// askGrid asks for the run that the address names; 0: the newest.
func (p *Pages) askGrid(ctx context.Context, s *scene) (*segmentationv1.GetRfmGridResponse, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	run, _ := strconv.ParseInt(s.Own.Get("run"), 10, 64) // what is not a number is the newest
	return p.people.GetRfmGrid(ctx, &segmentationv1.GetRfmGridRequest{Brand: s.Brand, RunId: max(run, 0)})
}

func (p *Pages) rfmSections(s *scene) []shell.Section {
	var ask sync.Once
	var got *segmentationv1.GetRfmGridResponse
	var failed error
	grid := func(ctx context.Context) (*segmentationv1.GetRfmGridResponse, error) {
		ask.Do(func() { got, failed = p.askGrid(ctx, s) })
		return got, failed
	}
	return []shell.Section{
		{ID: "grid", Place: shell.Top, Title: s.Lang.Grid, Load: func(ctx context.Context) (any, error) { return p.loadGrid(ctx, s, grid) }},
		{ID: "cuts", Place: shell.Bottom, Title: s.Lang.Cuts, Load: func(ctx context.Context) (any, error) { return loadCuts(ctx, s, grid) }},
		{ID: "runs", Place: shell.Bottom, Title: s.Lang.Runs, Load: func(ctx context.Context) (any, error) { return p.loadRuns(ctx, s) }},
	}
}

// gridData is recency over frequency.
type gridData struct {
	Help, About, CSV string
	By               []shell.Choice
	Columns          []string
	Rows             []gridRow
	Monetary         []gridCell
}

type gridRow struct {
	Name  string
	Cells []gridCell
}

// gridCell is one square: what it holds is written, not told by colour alone.
type gridCell struct {
	Name, Persons, Share, Spent, Link, Title string
	Shade                                    int
}

// square is a cell without its monetary score.
type square struct{ persons, spent int64 }

func (p *Pages) loadGrid(ctx context.Context, s *scene, ask func(context.Context) (*segmentationv1.GetRfmGridResponse, error)) (any, error) {
	got, err := ask(ctx)
	if isUnknown(err) {
		return &gridData{Help: s.Lang.NoRuns}, nil
	}
	if err != nil {
		return nil, err
	}
	var squares [6][6]square
	var most square
	for _, c := range got.GetCells() {
		q := &squares[c.GetRecency()][c.GetFrequency()]
		q.persons += c.GetPersons()
		q.spent += c.GetSpent()
		most.persons, most.spent = max(most.persons, q.persons), max(most.spent, q.spent)
	}
	l, run := s.Lang, got.GetRun()
	byMoney := s.Own.Get("by") == "money"
	d := &gridData{
		About: fmt.Sprintf(l.RunOf, s.dayText(run.GetDay()), l.Persons(run.GetPersons())) + " · " + s.fresh(run.GetComputedAt()), CSV: s.csv(),
		By: []shell.Choice{{Name: l.ByPersons, Link: s.with("by"), Current: !byMoney}, {Name: l.ByMoney, Link: s.with("by", "money"), Current: byMoney}},
	}
	for f := 1; f <= 5; f++ {
		d.Columns = append(d.Columns, fmt.Sprintf("F%d", f))
	}
	for r := 5; r >= 1; r-- {
		row := gridRow{Name: fmt.Sprintf("R%d", r)}
		for f := 1; f <= 5; f++ {
			row.Cells = append(row.Cells, s.gridCell(r, f, squares[r][f], most, run.GetPersons(), byMoney))
		}
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

func (s *scene) gridCell(r, f int, q, most square, all int64, byMoney bool) gridCell {
	c := gridCell{Name: fmt.Sprintf("R%dF%d", r, f), Persons: "–"}
	if q.persons > 0 {
		c.Persons, c.Spent = s.Lang.Count(q.persons), s.roughly(q.spent)
	}
	if all > 0 && q.persons > 0 {
		c.Share = s.Lang.Percent(float64(q.persons) / float64(all))
	}
	c.Shade = shade(q.persons, most.persons)
	if byMoney {
		c.Shade = shade(q.spent, most.spent)
	}
	one := func(field string, score int) string { return fmt.Sprintf("%s:%d..%d", field, score, score) }
	c.Link = s.toPanel(url.Values{"range": {one("rfm.recency", r), one("rfm.frequency", f)}})
	c.Title = fmt.Sprintf("%s: %s, %s", c.Name, s.Lang.Persons(q.persons), s.amount(q.spent))
	return c
}

// shade is one of ten, the darkest for the most.
func shade(v, most int64) int {
	if v <= 0 || most <= 0 {
		return 0
	}
	return 1 + int(8*v/most)
}

// cutsData are the four cuts of each score.
type cutsData struct{ Rows []cutRow }

type cutRow struct {
	Name string
	Cuts []string
}

func loadCuts(ctx context.Context, s *scene, ask func(context.Context) (*segmentationv1.GetRfmGridResponse, error)) (any, error) {
	got, err := ask(ctx)
	if isUnknown(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	run, d := got.GetRun(), &cutsData{}
	row := func(name string, cuts []int64, write func(int64) string) {
		r := cutRow{Name: name}
		for _, c := range cuts {
			r.Cuts = append(r.Cuts, write(c))
		}
		d.Rows = append(d.Rows, r)
	}
	row(s.Lang.Recency, run.GetRecencyCuts(), s.Lang.Count)
	row(s.Lang.Frequency, run.GetFrequencyCuts(), s.Lang.Count)
	row(s.Lang.Monetary+", "+s.brand.Currency, run.GetMonetaryCuts(), func(cut int64) string { return strings.TrimSuffix(s.amount(cut), "\u00a0"+s.brand.Currency) })
	return d, nil
}

func (p *Pages) loadRuns(ctx context.Context, s *scene) (any, error) {
	if p.people == nil {
		return nil, absentSegmentation
	}
	list, err := p.people.ListRfmRuns(ctx, &segmentationv1.ListRfmRunsRequest{Brand: s.Brand})
	if err != nil || len(list.GetRuns()) == 0 {
		return nil, err
	}
	var out []shell.Choice
	now := s.Own.Get("run")
	for i, r := range list.GetRuns()[:min(len(list.GetRuns()), 24)] {
		id := whole(r.GetId())
		out = append(out, shell.Choice{
			Name: s.dayText(r.GetDay()), Note: s.Lang.Persons(r.GetPersons()), Link: s.with("run", id), Current: now == id || now == "" && i == 0,
		})
	}
	return out, nil
}

func (p *Pages) rfmTable(ctx context.Context, s *scene) ([][]string, error) {
	got, err := p.askGrid(ctx, s)
	if err != nil && !isUnknown(err) { // without a run there is nothing to tell
		return nil, err
	}
	out := [][]string{{"run", "day", "recency", "frequency", "monetary", "persons", "purchases", "spent_minor"}}
	for _, c := range got.GetCells() {
		out = append(out, []string{
			whole(got.GetRun().GetId()), got.GetRun().GetDay(), whole(int64(c.GetRecency())), whole(int64(c.GetFrequency())),
			whole(int64(c.GetMonetary())), whole(c.GetPersons()), whole(c.GetPurchases()), whole(c.GetSpent()),
		})
	}
	return out, nil
}
