package page

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// TestOnlyTheWorstIsRed: certain where its interval ends before every other score,
// by kind of metric, and nobody where none is the lowest alone.
func TestOnlyTheWorstIsRed(t *testing.T) {
	one := func(kind surveyv1.MetricKind, value, low, high float64) *card {
		return &card{
			Score: "there", metric: &surveyv1.Metric{Kind: kind}, point: &journeyv1.Touchpoint{},
			score: &surveyv1.Score{Value: proto.Float64(value), Low: proto.Float64(low), High: proto.Float64(high)},
		}
	}
	const nps, csat, lows = surveyv1.MetricKind_METRIC_KIND_NPS, surveyv1.MetricKind_METRIC_KIND_CSAT, surveyv1.MetricKind_METRIC_KIND_LOW_SHARE
	for name, c := range map[string]struct {
		cards []*card
		want  string
	}{
		"certain":           {[]*card{one(nps, 40, 30, 50), one(nps, -10, -20, 0), one(nps, 30, 20, 40)}, ",worst,"},
		"by chance":         {[]*card{one(csat, 80, 70, 90), one(csat, 75, 60, 85)}, ",lowest"},
		"kinds are apart":   {[]*card{one(nps, 3, 1, 5), one(csat, 80, 79, 81), one(csat, 60, 59, 61)}, ",,worst"},
		"the highest share": {[]*card{one(lows, 2, 1, 3), one(lows, 40, 30, 50)}, ",worst"},
		"one alone":         {[]*card{one(nps, -100, -100, -100)}, ""},
		"two the same":      {[]*card{one(nps, 1, 0, 2), one(nps, 1, 0, 2)}, ","},
		"no score":          {[]*card{{point: &journeyv1.Touchpoint{}}, one(nps, 1, 0, 2)}, ","},
	} {
		marked := markWorst(c.cards)
		var got []string
		for _, one := range c.cards {
			got = append(got, one.Mood)
		}
		if strings.Join(got, ",") != c.want || marked != (strings.Trim(c.want, ",") != "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTimesAndMoneyAreWritten(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{english.took(durationpb.New(42 * time.Second)), "42\u00a0s"}, {english.took(durationpb.New(-5 * time.Minute)), shell.Minus + "5\u00a0min"},
		{russian.took(durationpb.New(90 * time.Minute)), "1,5\u00a0ч"}, {russian.took(durationpb.New(84 * time.Hour)), "3,5\u00a0дн."},
		{english.took(nil), "–"}, {english.Money(&commonv1.Money{Currency: "JPY", MinorUnits: 1500}), "1,500\u00a0JPY"},
		{russian.Money(&commonv1.Money{Currency: "RUB", MinorUnits: 159950}), "1\u00a0599,50\u00a0RUB"}, {english.Money(nil), ""},
		{english.withinText("72h"), "3\u00a0d"}, {english.withinText(""), "any time"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestKindsStandWhereTheyComeFirst: going round does not move them.
func TestKindsStandWhereTheyComeFirst(t *testing.T) {
	s := &scene{view: view{Lang: &english}}
	at := s.places(&journeyv1.GetPathsResponse{Paths: []*journeyv1.Path{
		{Kinds: []string{"a", "b", "a", "b", "a", "b", "c"}, Units: 3}, {Kinds: []string{"b", "a"}, Units: 1},
	}}, &kindBook{lang: &english})
	for kind, want := range map[string]float64{"a": 0, "b": 1, "c": 2} {
		if got, _ := at(kind); got != want {
			t.Errorf("%s stands at %v, want %v", kind, got, want)
		}
	}
}

func TestSmallKindsAreGathered(t *testing.T) {
	s := &scene{view: view{Lang: &english}}
	got := &journeyv1.GetTransitionsResponse{}
	var sum int64
	for i := range 15 {
		kind := string(rune('a' + i))
		n := int64(20 - i)
		sum += 2 * n
		got.Transitions = append(got.Transitions, &journeyv1.Transition{To: kind, Times: n}, &journeyv1.Transition{From: kind, Times: n})
	}
	links, gathered := s.links(got, &kindBook{lang: &english})
	if gathered != 15-kindsDrawn {
		t.Errorf("%d kinds are gathered", gathered)
	}
	for _, l := range links {
		sum -= l.Value
	}
	if sum != 0 {
		t.Errorf("%d times are lost", sum)
	}
}
