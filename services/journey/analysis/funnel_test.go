package analysis

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/journey/record"
)

func ask(t *testing.T, q Funnel, events []happened) *FunnelAnswer {
	t.Helper()
	out, err := q.Ask(context.Background(), lay(events, 3))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// chains lists every chain of a unit's events that the rule allows, by trying all.
func chains(steps []Step, unit []happened, found func(chain []int)) {
	var grow func(chain []int, from int)
	grow = func(chain []int, from int) {
		if len(chain) > 0 {
			found(chain)
		}
		if len(chain) == len(steps) {
			return
		}
		step := steps[len(chain)]
		for e := from; e < len(unit); e++ {
			if !step.Filter.takes(unit[e]) {
				continue
			}
			if len(chain) > 0 && step.Within >= 0 && unit[e].at-unit[chain[len(chain)-1]].at > step.Within {
				continue
			}
			grow(append(slices.Clone(chain), e), e+1)
		}
	}
	grow(nil, 0)
}

// bestChain is the deepest, of these the one that ends first, of these the one
// whose earlier steps are latest.
func bestChain(steps []Step, unit []happened) (best []int) {
	chains(steps, unit, func(c []int) {
		switch {
		case len(c) != len(best):
			if len(c) < len(best) {
				return
			}
		case c[len(c)-1] != best[len(c)-1]:
			if c[len(c)-1] > best[len(c)-1] {
				return
			}
		default:
			for i := len(c) - 2; i >= 0; i-- {
				if c[i] != best[i] {
					if c[i] < best[i] {
						return
					}
					break
				}
			}
		}
		best = c
	})
	return best
}

// plainFunnel answers by trying all chains.
func plainFunnel(q Funnel, events []happened, key func(happened) string) map[string]Reached {
	units, times := map[string][]int64{}, map[string][][]int64{}
	for _, unit := range byUnit(events) {
		chain := bestChain(q.Steps, unit)
		if len(chain) == 0 {
			continue
		}
		for _, k := range []string{"total", "=" + key(unit[chain[0]])} {
			if units[k] == nil {
				units[k], times[k] = make([]int64, len(q.Steps)), make([][]int64, len(q.Steps))
			}
			for i, e := range chain {
				units[k][i]++
				if i > 0 {
					times[k][i] = append(times[k][i], unit[e].at-unit[chain[i-1]].at)
				}
			}
		}
	}
	out := map[string]Reached{"total": {Steps: make([]StepReached, len(q.Steps))}}
	for k := range units {
		r := Reached{Key: strings.TrimPrefix(k, "=")}
		for i := range q.Steps {
			r.Steps = append(r.Steps, StepReached{Units: units[k][i], SincePrevious: sorted(times[k][i])})
		}
		out[k] = r
	}
	return out
}

func randomFunnel(r *rand.Rand) Funnel {
	q := Funnel{Steps: make([]Step, 1+r.IntN(4))}
	for i := range q.Steps {
		q.Steps[i] = Step{Filter: randomFilter(r), Within: int64(r.IntN(8)) - 3}
	}
	return q
}

func TestFunnelIsTheBestOfAllChains(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	month := func(e happened) string { return time.UnixMicro(e.at).UTC().Format("2006-01") }
	splits := []struct {
		group Group
		key   func(happened) string
	}{
		{Group{}, func(happened) string { return "" }},
		{Group{Channel: true}, func(e happened) string { return strings.TrimPrefix(e.channel.String(), "CHANNEL_") }},
		{Group{Month: calendar.UTC}, month},
		{Group{Subject: commonv1.SubjectKind_SUBJECT_KIND_STORE}, func(e happened) string {
			for _, s := range e.subjects {
				if s.Kind == commonv1.SubjectKind_SUBJECT_KIND_STORE {
					return s.ID
				}
			}
			return ""
		}},
	}
	for range 2000 {
		q, events, split := randomFunnel(r), random(r, 6, 9), splits[r.IntN(len(splits))]
		q.Group = split.group
		want, got := plainFunnel(q, events, split.key), ask(t, q, events)
		got.Total.Key = "total"
		total := want["total"]
		total.Key = "total"
		if diff := cmp.Diff(total, got.Total); diff != "" {
			t.Fatalf("%+v of %+v: (-want +got)\n%s", q, events, diff)
		}
		delete(want, "total")
		if q.Group == (Group{}) {
			continue
		}
		if len(got.Groups) != len(want) {
			t.Fatalf("%d groups, want %d", len(got.Groups), len(want))
		}
		for _, g := range got.Groups {
			if diff := cmp.Diff(want["="+g.Key], g); diff != "" {
				t.Fatalf("%+v, group %q: (-want +got)\n%s", q, g.Key, diff)
			}
		}
	}
}

func steps(kinds ...string) Funnel {
	var q Funnel
	for _, k := range kinds {
		q.Steps = append(q.Steps, Step{Filter: Filter{Kinds: []string{k}}, Within: -1})
	}
	return q
}

func TestFunnelKnowsTheTraps(t *testing.T) {
	at := func(times ...int64) (out []happened) {
		for i, kind := range strings.Fields("visit visit purchase purchase visit")[:len(times)] {
			out = append(out, happened{unit: 1, at: times[i], number: int64(i), kind: kind})
		}
		return out
	}
	within := steps("visit", "purchase")
	within.Steps[1].Within = 0
	for name, c := range map[string]struct {
		q      Funnel
		events []happened
		want   []int64
	}{
		"equal times count":                {steps("visit", "purchase"), at(5, 5, 5), []int64{1, 1}},
		"equal times are within any time":  {within, at(1, 5, 5), []int64{1, 1}},
		"an event is one step":             {steps("visit", "visit", "visit"), at(1, 2), []int64{1, 1, 0}},
		"order counts":                     {steps("purchase", "visit"), at(1, 2, 3), []int64{1, 0}},
		"the first step may come again":    {within, at(1, 3, 3, 9, 9), []int64{1, 1}},
		"a unit counts once at every step": {steps("visit", "purchase"), at(1, 2, 3, 4, 5), []int64{1, 1}},
	} {
		got := ask(t, c.q, c.events)
		for i, want := range c.want {
			if got.Total.Steps[i].Units != want {
				t.Errorf("%s: step %d has %d units, want %d", name, i, got.Total.Steps[i].Units, want)
			}
			if p := got.Total.Steps[i].SincePrevious; p != nil && p.P50 < 0 {
				t.Errorf("%s: step %d takes %v", name, i, p.P50)
			}
		}
	}
}

func TestFunnelOfManyGroupsLosesNobody(t *testing.T) {
	var events []happened
	for unit := range int64(3000) {
		name := someSubjects[0]
		name.ID = string(rune('a'+unit%7)) + time.UnixMicro(unit%1500).String()
		events = append(events, happened{unit: unit, at: 1, kind: "visit", subjects: []record.Subject{name}})
		if unit%3 == 0 {
			events = append(events, happened{unit: unit, at: 1 + unit, number: 1, kind: "purchase"})
		}
	}
	q := steps("visit", "purchase")
	q.Group.Subject = someSubjects[0].Kind
	got := ask(t, q, events)
	if len(got.Groups) != maxGroups || got.Other == nil || got.OtherGroups == 0 {
		t.Fatalf("%d groups, other %+v", len(got.Groups), got.Other)
	}
	for i := range q.Steps {
		var sum, took int64
		for _, g := range append(slices.Clone(got.Groups), *got.Other) {
			sum += g.Steps[i].Units
			if p := g.Steps[i].SincePrevious; p != nil {
				took += p.N
			}
		}
		if sum != got.Total.Steps[i].Units || i > 0 && took != got.Total.Steps[i].SincePrevious.N {
			t.Errorf("step %d: groups sum to %d, total %d", i, sum, got.Total.Steps[i].Units)
		}
	}
	if !slices.IsSortedFunc(got.Groups, func(a, b Reached) int { return strings.Compare(a.Key, b.Key) }) {
		t.Error("groups are not in order")
	}
}
