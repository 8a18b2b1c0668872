package board

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func english1() *scene {
	return &scene{Lang: &english, brand: &config.Brand{ID: "demo", Location: time.UTC}}
}

// TestWhatIsLostIsNamed: a section that failed or was late is named with the reason,
// one that is not counted here is not called lost.
func TestWhatIsLostIsNamed(t *testing.T) {
	lost := english1().lost([]*reportv1.Section{
		{Name: "scores", Status: reportv1.Section_STATUS_OK, AsOf: timestamppb.New(time.Unix(0, 0))},
		{Name: "orders", Status: reportv1.Section_STATUS_MISSING, Message: "not answered in time"},
		{Name: "contacts", Status: reportv1.Section_STATUS_FAILED, Message: "internal error"},
		{Name: "loyalty", Status: reportv1.Section_STATUS_ABSENT, Message: "no part of this deployment"},
		{Name: "retention", Status: reportv1.Section_STATUS_HIDDEN, Message: "the caller may not see it"},
	})
	if len(lost) != 2 || lost[0].Name != "Orders" || lost[0].State != "late or not reached" || lost[0].Message != "not answered in time" || lost[1].State != "failed" {
		t.Errorf("%+v", lost)
	}
}

// TestALongSilenceIsTold: a part that is there and has heard nothing for days says so.
func TestALongSilenceIsTold(t *testing.T) {
	s := english1()
	s.now = time.Unix(0, 0).Add(72 * time.Hour)
	for since, want := range map[time.Duration]string{0: "there, nothing new for 3.0 days", 60 * time.Hour: "there"} {
		got := s.parts([]*reportv1.Section{{Name: "orders", Status: reportv1.Section_STATUS_OK, AsOf: timestamppb.New(time.Unix(0, 0).Add(since))}})
		if got[0].State != want {
			t.Errorf("%s: %q, want %q", since, got[0].State, want)
		}
	}
}

// TestAChangeIsNoNewsWithinChance: only what the service calls significant is good or
// bad, and what is the better the lower it is is good when it falls.
func TestAChangeIsNoNewsWithinChance(t *testing.T) {
	s := english1()
	nps, low := &surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS}, &surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE}
	for _, c := range []struct {
		metric     *surveyv1.Metric
		step       float64
		sure       bool
		mood, text string
	}{
		{nps, 5, false, "same", "+5.0\u00a0points"}, {nps, 5, true, "good", "+5.0\u00a0points"}, {nps, -5, true, "bad", "\u22125.0\u00a0points"},
		{low, -5, true, "good", "\u22125.0\u00a0percentage points"}, {low, 5, true, "bad", "+5.0\u00a0percentage points"},
	} {
		got := s.changed(c.metric, &reportv1.Change{Then: proto.Float64(1), Change: &c.step, N: 9, Significant: c.sure})
		if got.Mood != c.mood || got.Step != c.text {
			t.Errorf("%v: %+v", c, got)
		}
	}
	if got := s.changed(nps, &reportv1.Change{}); got.Step != "" || got.Words != english.NothingThen {
		t.Errorf("nothing before: %+v", got)
	}
	if got := s.changed(nps, nil); got != (change{}) {
		t.Errorf("nothing asked: %+v", got)
	}
}

// TestNoAnswersAreNoScore: nobody's answers are not 0, and what is suppressed says so.
func TestNoAnswersAreNoScore(t *testing.T) {
	s, nps := english1(), &surveyv1.Metric{Kind: surveyv1.MetricKind_METRIC_KIND_NPS, Name: "nps"}
	if f := s.score(nps, &surveyv1.Score{}); f.Value != "" || f.N != "no answers" {
		t.Errorf("%+v", f)
	}
	if f := s.score(nps, &surveyv1.Score{Suppressed: proto.Bool(true)}); f.Value != "" || f.N != english.Suppressed {
		t.Errorf("%+v", f)
	}
	f := s.score(nps, &surveyv1.Score{N: 2, Value: proto.Float64(-100), Low: proto.Float64(-150), High: proto.Float64(40)})
	if f.Interval != "\u2212100.0 … 40.0" || !f.Few || !strings.Contains(f.Hint, "n = 2") {
		t.Errorf("%+v", f)
	}
}

// TestNamesAreKeptWhole: a name is cut at a letter, never within one, and an issuer's
// address is not read to people.
func TestNamesAreKeptWhole(t *testing.T) {
	if got := clean(" Анна \n  К. "); got != "Анна К." {
		t.Errorf("%q", got)
	}
	if got := clean(strings.Repeat("я", 99)); len(got) > maxName || !strings.HasPrefix(strings.Repeat("я", 99), got) {
		t.Errorf("%q", got)
	}
	if got := shortName("https://id.example/ anna"); got != "anna" {
		t.Errorf("%q", got)
	}
	if got := shortName("Anna K."); got != "Anna K." {
		t.Errorf("%q", got)
	}
	if got := signedName("https://" + strings.Repeat("x", 100) + " anna"); got != "anna" {
		t.Errorf("%q", got)
	}
}

// TestNotesSpeakTheReadersLanguage: the service's own steps do, what people wrote stays.
func TestNotesSpeakTheReadersLanguage(t *testing.T) {
	for in, want := range map[string]string{
		"claimed": "Берёт в работу", "claimed, taken over from Bob": "Забирает себе у Bob", "resolved: rain": "Решено: rain", "claimed it for myself": "claimed it for myself",
	} {
		if got := russian.noteText(&surveyv1.CaseNote{Text: in}); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
