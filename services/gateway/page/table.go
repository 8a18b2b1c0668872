package page

import (
	"context"
	"strconv"

	"google.golang.org/protobuf/types/known/durationpb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// Tables are for programs: numbers with a point, times in seconds, empty where there
// is nothing to tell, names of columns in English whatever the page speaks.

// funnelTable is the funnel, group by group; the total has no group.
func (p *Page) funnelTable(ctx context.Context, s *scene) ([][]string, error) {
	q, _, got, err := p.askFunnel(ctx, s)
	if err != nil {
		return nil, err
	}
	if got == nil {
		return nil, fault.Invalid().Field("step", "is given at least %d times", minSteps).Err()
	}
	out := [][]string{{"split", "group", "step", "kind", "units", "of_first", "of_previous", "n_times", "median_seconds", "p50_seconds", "p90_seconds", "as_of"}}
	asOf := shell.Instant(got.GetAsOf())
	add := func(split string, f *journeyv1.Funnel) {
		for i, r := range f.GetSteps() {
			t := r.GetSincePrevious()
			out = append(out, []string{
				split, f.GetKey(), strconv.Itoa(i + 1), q.steps[i], whole(r.GetUnits()), ratio(r.OfFirst), ratio(r.OfPrevious),
				whole(t.GetN()), seconds(t.GetMedian()), seconds(t.GetP50()), seconds(t.GetP90()), asOf,
			})
		}
	}
	add("total", got.GetTotal())
	for _, g := range got.GetGroups() {
		add(q.by, g)
	}
	if got.GetOther() != nil {
		add("other", got.GetOther())
	}
	return out, nil
}

// pathsTable is the paths, or the transitions, as the address says.
func (p *Page) pathsTable(ctx context.Context, s *scene) ([][]string, error) {
	if s.Own.Get("table") == "paths" {
		return p.waysTable(ctx, s)
	}
	got, _, err := p.askTransitions(ctx, s)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"from", "to", "times", "units", "median_seconds", "p50_seconds", "p90_seconds", "as_of"}}
	asOf := shell.Instant(got.GetAsOf())
	for _, t := range got.GetTransitions() {
		out = append(out, []string{
			t.GetFrom(), t.GetTo(), whole(t.GetTimes()), whole(t.GetUnits()),
			seconds(t.GetTook().GetMedian()), seconds(t.GetTook().GetP50()), seconds(t.GetTook().GetP90()), asOf,
		})
	}
	if got.GetOtherTransitions() > 0 {
		out = append(out, []string{"(other)", "(other)", whole(got.GetOtherTimes()), "", "", "", "", asOf})
	}
	return out, nil
}

func (p *Page) waysTable(ctx context.Context, s *scene) ([][]string, error) {
	got, _, err := p.askPaths(ctx, s, tableWays)
	if err != nil {
		return nil, err
	}
	out := [][]string{{"path", "length", "units", "share", "median_seconds", "p50_seconds", "p90_seconds", "as_of"}}
	asOf := shell.Instant(got.GetAsOf())
	for _, one := range got.GetPaths() {
		share := one.GetShare()
		out = append(out, []string{
			joined(one.GetKinds()), whole(one.GetLength()), whole(one.GetUnits()), ratio(&share),
			seconds(one.GetDuration().GetMedian()), seconds(one.GetDuration().GetP50()), seconds(one.GetDuration().GetP90()), asOf,
		})
	}
	if got.GetOtherPaths() > 0 {
		share := float64(got.GetOtherUnits()) / float64(got.GetUnits())
		out = append(out, []string{"(other)", "", whole(got.GetOtherUnits()), ratio(&share), "", "", "", asOf})
	}
	return out, nil
}

// tableWays is how many paths a table has before it puts the others together.
const tableWays = 1000

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func ratio(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func seconds(d *durationpb.Duration) string {
	if d == nil {
		return ""
	}
	return strconv.FormatFloat(d.AsDuration().Seconds(), 'f', -1, 64)
}
