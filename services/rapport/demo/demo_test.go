package demo

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var moscow = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		panic(err)
	}
	return zone
}()

var anchor = time.Date(2026, 9, 14, 0, 0, 0, 0, moscow)

// world is a chain with about n answers.
func world(seed int64, stores, n, days int) *World {
	return New(Options{Brand: "demo", Currency: "RUB", Seed: seed, Stores: stores, Anchor: anchor, Days: days, PerDay: Rate(n, anchor, days)})
}

func (w *World) all(until time.Time) []*surveyv1.Response {
	return slices.Collect(w.Between(time.Time{}, until))
}

// encoded are the responses by their key.
func encoded(t *testing.T, all []*surveyv1.Response) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range all {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if out[r.GetExternalId()] != "" {
			t.Fatalf("%s is given twice", r.GetExternalId())
		}
		out[r.GetExternalId()] = string(b)
	}
	return out
}

func TestSameSeedSameFacts(t *testing.T) {
	end := anchor.Add(20 * time.Hour)
	first := encoded(t, world(7, 60, 3000, 40).all(end))
	if diff := cmp.Diff(first, encoded(t, world(7, 60, 3000, 40).all(end))); diff != "" {
		t.Error("another run differs")
	}
	if cmp.Equal(first, encoded(t, world(8, 60, 3000, 40).all(end))) {
		t.Error("another seed is the same")
	}
	// In pieces it is the same, wherever it is cut.
	w := world(7, 60, 3000, 40)
	pieces := map[string]string{}
	var from time.Time
	for _, cut := range []time.Time{anchor.AddDate(0, 0, -33), anchor.AddDate(0, 0, -2).Add(13*time.Hour + 7*time.Second), anchor, end} {
		for id, b := range encoded(t, slices.Collect(w.Between(from, cut))) {
			if pieces[id] != "" {
				t.Fatalf("%s is in two pieces", id)
			}
			pieces[id] = b
		}
		from = cut
	}
	if diff := cmp.Diff(first, pieces); diff != "" {
		t.Error("the pieces differ from the whole")
	}
}

func TestAsManyAsAsked(t *testing.T) {
	w := world(1, 200, 20000, 120)
	n := len(w.all(anchor.AddDate(0, 0, 5)))
	// Five days later nothing of the history is unanswered any more.
	extra := int(w.Count(anchor.AddDate(0, 0, 1), anchor.AddDate(0, 0, 5)))
	if got := n - extra; math.Abs(float64(got)-20000) > 600 {
		t.Errorf("%d answers, asked for 20000", got)
	}
	if about := w.Count(w.first, anchor); math.Abs(float64(about)-float64(len(w.all(anchor)))) > 400 {
		t.Errorf("told about %d, made %d", about, len(w.all(anchor)))
	}
}

func nps(all []*surveyv1.Response) float64 {
	sum := 0
	for _, r := range all {
		switch s := r.GetAnswers()[0].GetScore(); {
		case s >= 9:
			sum += 100
		case s <= 6:
			sum -= 100
		}
	}
	return float64(sum) / float64(len(all))
}

// by groups responses.
func by[K comparable](all []*surveyv1.Response, key func(*surveyv1.Response) K) map[K][]*surveyv1.Response {
	out := map[K][]*surveyv1.Response{}
	for _, r := range all {
		out[key(r)] = append(out[key(r)], r)
	}
	return out
}

func at(r *surveyv1.Response) time.Time { return r.GetExperiencedAt().AsTime().In(moscow) }

func TestSeasonsAndChannels(t *testing.T) {
	w := world(3, 150, 40000, 364)
	all := w.all(anchor)
	days := by(all, func(r *surveyv1.Response) time.Weekday { return at(r).Weekday() })
	if len(days[time.Saturday]) < len(days[time.Tuesday])*5/4 {
		t.Errorf("Saturdays have %d, Tuesdays %d", len(days[time.Saturday]), len(days[time.Tuesday]))
	}
	months := by(all, func(r *surveyv1.Response) time.Month { return at(r).Month() })
	if len(months[time.December]) < len(months[time.February])*5/4 {
		t.Errorf("December has %d, February %d", len(months[time.December]), len(months[time.February]))
	}
	if d, j := nps(months[time.December]), nps(months[time.June]); d > j-3 {
		t.Errorf("December scores %.1f, June %.1f: the rush does not show", d, j)
	}
	channel := by(all, func(r *surveyv1.Response) commonv1.Channel { return r.GetChannel() })
	if len(channel) != 7 {
		t.Errorf("%d channels", len(channel))
	}
	lo, hi := 100.0, -100.0
	for _, rs := range channel {
		lo, hi = min(lo, nps(rs)), max(hi, nps(rs))
	}
	if hi-lo < 15 || nps(all) < 25 || nps(all) > 60 {
		t.Errorf("channels from %.1f to %.1f, all %.1f", lo, hi, nps(all))
	}
}

// The scores of stores must spread more than chance spreads stores that are
// equal: the good and the bad ones are real.
func TestStoresDiffer(t *testing.T) {
	w := world(5, 40, 30000, 120)
	first := anchor.AddDate(0, 0, -60)
	halves := [2]map[string][]*surveyv1.Response{}
	for i, late := range []bool{false, true} {
		var part []*surveyv1.Response
		for _, r := range w.all(anchor) {
			if r.GetSurveyId() == surveyVisit && at(r).After(first) == late {
				part = append(part, r)
			}
		}
		halves[i] = by(part, func(r *surveyv1.Response) string { return r.GetSubjects()[0].GetId() })
	}
	var xs, ys []float64
	for id, rs := range halves[0] {
		if len(rs) >= 80 && len(halves[1][id]) >= 80 {
			xs, ys = append(xs, nps(rs)), append(ys, nps(halves[1][id]))
		}
	}
	if c := correlation(xs, ys); len(xs) < 15 || c < 0.6 {
		t.Errorf("a store's two halves go together by %.2f only (%d stores)", c, len(xs))
	}
}

func correlation(xs, ys []float64) float64 {
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	mx, my := mean(xs), mean(ys)
	var xy, xx, yy float64
	for i := range xs {
		xy += (xs[i] - mx) * (ys[i] - my)
		xx += (xs[i] - mx) * (xs[i] - mx)
		yy += (ys[i] - my) * (ys[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

func TestIncident(t *testing.T) {
	w := world(2, 200, 60000, 90)
	from := anchor.AddDate(0, 0, -incidentFrom)
	groups := by(w.all(anchor), func(r *surveyv1.Response) string {
		ural := len(r.GetSubjects()) == 2 && strings.HasPrefix(r.GetSubjects()[1].GetId(), "c-ural-")
		switch {
		case !ural:
			return "elsewhere"
		case at(r).Before(from) || !at(r).Before(from.AddDate(0, 0, incidentDays)):
			return "before"
		}
		return "during"
	})
	if b, d := nps(groups["before"]), nps(groups["during"]); d > b-40 {
		t.Errorf("NPS of deliveries %.1f, in the incident %.1f", b, d)
	}
}

func TestResponsesAreSound(t *testing.T) {
	w := world(4, 60, 12000, 60)
	closed := map[string]time.Time{}
	formatOf := map[string]int{}
	moved := 0
	for _, s := range w.stores {
		formatOf[s.id] = s.format
		if !s.closeOn.IsZero() {
			closed[s.id] = s.closeOn
		}
		if s.to >= 0 {
			moved++
		}
	}
	if len(closed) == 0 || moved == 0 {
		t.Fatalf("%d stores closed, %d moved", len(closed), moved)
	}
	perCustomer, comments, texts := map[string]int{}, 0, map[string]int{}
	all := w.all(anchor)
	for _, r := range all {
		if r.GetAnsweredAt().AsTime().Before(r.GetAskedAt().AsTime()) || r.GetAskedAt().AsTime().Before(r.GetExperiencedAt().AsTime()) {
			t.Fatalf("%s: asked before it happened or answered before it was asked", r.GetExternalId())
		}
		for _, s := range r.GetSubjects() {
			if end, ok := closed[s.GetId()]; ok && !at(r).Before(end) {
				t.Fatalf("%s: %s is closed", r.GetExternalId(), s.GetId())
			}
			if f, ok := formatOf[s.GetId()]; ok && r.GetSurveyId() == surveyVisit && (at(r).Hour() < formats[f].opens || at(r).Hour() >= formats[f].shut) {
				t.Fatalf("%s: at %s in a %s", r.GetExternalId(), at(r), formats[f].id)
			}
		}
		perCustomer[r.GetCustomer().GetIdentity().GetValue()]++
		csat := r.GetAnswers()[1].GetScore()
		for _, a := range r.GetAnswers() {
			if a.GetText() != "" {
				comments++
				texts[a.GetText()]++
				praise := strings.Contains(a.GetText(), "Ни одного замечания") || strings.Contains(a.GetText(), "Рекомендую всем")
				if praise && csat <= 2 {
					t.Errorf("csat %d says %q", csat, a.GetText())
				}
			}
		}
	}
	delete(perCustomer, "")
	if again := len(all) - len(perCustomer); again < len(all)/3 {
		t.Errorf("of %d answers only %d are of customers who came back or are not known", len(all), again)
	}
	if comments < len(all)/8 || len(texts) < comments/2 {
		t.Errorf("%d answers, %d comments, %d of them different", len(all), comments, len(texts))
	}
}

func TestEveryTopicHasWords(t *testing.T) {
	for tp := range topicOf {
		for tone := range russian.general {
			if len(russian.bodies[tp][tone]) == 0 {
				t.Errorf("nothing to say about %s in tone %d", tp.id(), tone)
			}
		}
	}
	for tp := range russian.bodies {
		if _, ok := topicOf[tp]; !ok {
			t.Errorf("topic %d has no name", tp)
		}
	}
}

func TestScalesCoverEveryScore(t *testing.T) {
	for name, s := range map[string]struct {
		scale
		top int32
	}{"nps": {npsScale, 10}, "five": {fiveStar, 5}, "courier": {courier5, 5}, "seven": {sevenWay, 7}, "ten": {tenWay, 10}} {
		if s.score(-9) != s.lowest || s.score(9) != s.top || !slices.IsSorted(s.z) {
			t.Errorf("%s: %d to %d", name, s.score(-9), s.score(9))
		}
	}
}

func BenchmarkResponses(b *testing.B) {
	w := world(1, 1000, 10_000_000, 365)
	b.ReportAllocs()
	n := 0
	for range w.Between(time.Time{}, anchor) {
		if n++; n >= b.N {
			break
		}
	}
}
