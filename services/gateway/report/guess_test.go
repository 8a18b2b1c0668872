package report

import (
	"context"
	"errors"
	"fmt"
	"testing"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

func named(names ...string) []*surveyv1.Metric {
	out := make([]*surveyv1.Metric, len(names))
	for i, name := range names {
		out[i] = &surveyv1.Metric{Name: name}
	}
	return out
}

// What is told is always of the list as it is now: of one that did not change it is asked
// while that is read, of another one it is asked again.
func TestFollowing(t *testing.T) {
	g := &guess[*surveyv1.Metric]{}
	gone := errors.New("there is no such metric")
	var asked []string
	for i, step := range []struct {
		list  []*surveyv1.Metric
		asked string
	}{
		{named("a", "b"), "[a b]"}, {named("a", "b"), "[a b]"}, {named("b", "a"), "[a b][b a]"},
		{named("b"), "[b a][b]"}, {named("b"), "[b]"}, {nil, "[b][]"}, {nil, "[]"}, {named("c"), "[][c]"},
	} {
		asked = nil
		got, err := following(t.Context(), g, func(context.Context) ([]*surveyv1.Metric, error) { return step.list, nil },
			func(_ context.Context, list []*surveyv1.Metric) (string, error) {
				var names []string
				for _, m := range list {
					names = append(names, m.GetName())
				}
				asked = append(asked, fmt.Sprint(names))
				if fmt.Sprint(list) != fmt.Sprint(step.list) {
					return "", gone // the guess is asked of what is no more
				}
				return fmt.Sprint(names), nil
			})
		text := ""
		for _, one := range asked {
			text += one
		}
		if want := asked[len(asked)-1]; err != nil || got != want || text != step.asked {
			t.Errorf("step %d: %s of %s (%s): %v", i, got, text, step.asked, err)
		}
	}
}

// What fails is told, and the next one asks anew.
func TestFollowingFails(t *testing.T) {
	g := &guess[*surveyv1.Metric]{}
	var listed, done error
	ask := func() (int, error) {
		return following(t.Context(), g, func(context.Context) ([]*surveyv1.Metric, error) { return named("a"), listed },
			func(_ context.Context, list []*surveyv1.Metric) (int, error) { return len(list), done })
	}
	for _, step := range []struct{ listed, done, want error }{
		{errUnread, nil, errUnread}, {nil, errUnread, errUnread}, {nil, nil, nil}, {nil, errUnread, errUnread}, {errUnread, nil, errUnread}, {nil, nil, nil},
	} {
		listed, done = step.listed, step.done
		if n, err := ask(); !errors.Is(err, step.want) || err == nil && n != 1 {
			t.Errorf("%v: %d, %v", step, n, err)
		}
	}
}
