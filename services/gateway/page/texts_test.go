package page

import (
	"net/http/httptest"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
	"github.com/rapport-cx/rapport/services/gateway/page/shell/shelltest"
)

// TestLanguagesSayTheSame: no text is missing in one of them, and all take what
// the others take.
func TestLanguagesSayTheSame(t *testing.T) {
	for _, l := range catalogues[1:] {
		shelltest.SameWords(t, l.Code, *catalogues[0], *l)
	}
}

func TestNumbersAreWrittenAsPeopleDo(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{russian.Fixed(-1234567.25, 1), shell.Minus + "1\u00a0234\u00a0567,2"},
		{english.Fixed(1234.5, 1), "1,234.5"},
		{english.Fixed(-0.04, 1), "0.0"},
		{russian.Answers(1), "1\u00a0ответ"}, {russian.Answers(3), "3\u00a0ответа"}, {russian.Answers(12), "12\u00a0ответов"},
		{russian.Answers(22), "22\u00a0ответа"}, {russian.Answers(111), "111\u00a0ответов"}, {russian.Answers(0), "нет ответов"},
		{english.Answers(1), "1\u00a0answer"},
		{english.ValueOf(surveyv1.MetricKind_METRIC_KIND_NPS, 100.0/3), "33.3"},
		{english.ValueOf(surveyv1.MetricKind_METRIC_KIND_CSAT, 84.16), "84.2\u00a0%"},
		{russian.ValueOf(surveyv1.MetricKind_METRIC_KIND_CES, 5.4321), "5,43"},
		{english.Apart(surveyv1.MetricKind_METRIC_KIND_CSAT, 5), "5.0\u00a0percentage points"},
		{english.tick(-50), shell.Minus + "50"}, {english.tick(0.25), "0.25"},
		{english.Days(day(2025, 12, 30), day(2026, 1, 2)), "30\u00a0December\u00a02025 – 2\u00a0January\u00a02026"},
		{russian.Days(day(2026, 3, 1), day(2026, 3, 7)), "1\u00a0марта – 7\u00a0марта\u00a02026"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestALanguageIsChosen(t *testing.T) {
	for header, want := range map[string]string{
		"": "en", "ru-RU,ru;q=0.9,en;q=0.8": "ru", "de,ru;q=0.5,en;q=0.9": "en", "fr": "en", ";;;": "en",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", header)
		if got := shell.Spoken(catalogues, "", r).Code; got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}
