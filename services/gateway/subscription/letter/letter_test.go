package letter

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/services/gateway/page/shell/shelltest"
)

// update writes the letters of the tests anew; shown puts them into a folder as files, to
// be looked at.
var (
	update = flag.Bool("update", false, "write the letters in testdata anew")
	shown  = flag.String("shown", "", "folder to write the letters to")
)

func TestLanguagesSayTheSame(t *testing.T) { shelltest.SameWords(t, "ru", english, russian) }

func content(t *testing.T) Content {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	brand, err := brands.Get("demo")
	if err != nil {
		t.Fatal(err)
	}
	from := calendar.DayOn(2026, 2, 1)
	return Content{
		Brand: brand, Window: calendar.Days{From: from, Until: from + 28}, Due: time.Date(2026, 3, 1, 9, 0, 0, 0, brand.Location), Name: "Анна <b>",
		Owner: "https://login.example.com/ u17", Page: "https://rapport.example.com/?brand=demo&from=2026-02-01", Unsubscribe: "https://rapport.example.com/unsubscribe/abc",
	}
}

func metric(name string, kind surveyv1.MetricKind, en, ru string) *surveyv1.Metric {
	m := &surveyv1.Metric{Name: name, Kind: kind, ScaleMin: 1, ScaleMax: 5, Title: &commonv1.LocalizedText{Texts: map[string]string{"en": en, "ru": ru}}}
	if kind == surveyv1.MetricKind_METRIC_KIND_CES {
		m.ScaleMax = 7
	}
	return m
}

func score(n int64, value, low, high float64) *surveyv1.Score {
	return &surveyv1.Score{N: n, Value: proto.Float64(value), Low: proto.Float64(low), High: proto.Float64(high)}
}

func change(by float64, significant bool) *reportv1.Change {
	return &reportv1.Change{Then: proto.Float64(1), N: 100, Change: proto.Float64(by), Significant: significant}
}

func lines() []*reportv1.MetricLine {
	return []*reportv1.MetricLine{
		{Metric: metric("nps.network", surveyv1.MetricKind_METRIC_KIND_NPS, "NPS", "NPS"), Score: score(12_345, 42.13, 40.8, 43.5), Previous: change(-3.2, true), Goal: proto.Float64(45)},
		{Metric: metric("csi.visit", surveyv1.MetricKind_METRIC_KIND_CSAT, "Visit satisfaction", "Удовлетворённость визитом"), Score: score(11_020, 86.4, 85.7, 87.1), Previous: change(0.4, false), Goal: proto.Float64(85), Met: true},
		{Metric: metric("ces.visit", surveyv1.MetricKind_METRIC_KIND_CES, "Effort", "Лёгкость"), Score: score(950, 5.62, 5.5, 5.74), Previous: change(0.21, true)},
		{Metric: metric("csi.queue", surveyv1.MetricKind_METRIC_KIND_CSAT, "Queue", "Очередь"), Score: &surveyv1.Score{Suppressed: proto.Bool(true)}},
		{Metric: &surveyv1.Metric{Name: "low.share", Kind: surveyv1.MetricKind_METRIC_KIND_LOW_SHARE}, Score: score(12_345, 7.5, 7.1, 8), Previous: change(1.2, true)},
	}
}

func omnichannel() *reportv1.GetOmnichannelReportResponse {
	few := []*reportv1.MetricLine{{Metric: lines()[0].GetMetric(), Score: score(31, 12.9, -16.5, 42.3)}}
	return &reportv1.GetOmnichannelReportResponse{
		Total: &reportv1.ChannelReport{Metrics: lines(), Responses: 12_345, Orders: 5400, Rates: []*reportv1.Rate{
			{Name: "success_index", Value: proto.Float64(93.12), Numerator: 5028, Denominator: 5400, Low: proto.Float64(92.4), High: proto.Float64(93.8), Previous: change(0.3, false)},
			{Name: "contact_rate", Value: proto.Float64(2.4), Numerator: 130, Denominator: 5400},
			{Name: "redemption_rate", Denominator: 0},
		}, OffNorm: []*reportv1.Reason{{Code: "LATE", N: 260, Share: 69.9}, {Code: "PARTIAL", N: 80, Share: 21.5}, {Code: "SOMETHING_NEW", N: 32, Share: 8.6}}},
		Channels: []*reportv1.ChannelReport{
			{Channel: commonv1.Channel_CHANNEL_STORE, Metrics: lines()[:1], Responses: 12_000},
			{Channel: commonv1.Channel_CHANNEL_COURIER, Metrics: few, Orders: 5400},
			{Channel: commonv1.Channel_CHANNEL_APP},
		},
		Sections: []*reportv1.Section{
			{Name: "scores", Status: reportv1.Section_STATUS_OK, Source: "survey", AsOf: timestamppb.New(time.Date(2026, 3, 1, 5, 59, 0, 0, time.UTC))},
			{Name: "loyalty", Status: reportv1.Section_STATUS_MISSING, Source: "loyalty", Message: "internal words"},
			{Name: "retention", Status: reportv1.Section_STATUS_HIDDEN, Source: "segmentation"}, {Name: "contacts", Status: reportv1.Section_STATUS_ABSENT},
		},
	}
}

func scorecard() *reportv1.GetSubjectScorecardResponse {
	out := &reportv1.GetSubjectScorecardResponse{
		Name: "Тверская, 4", Scores: lines()[:3], Today: score(14, 57.1, 14.9, 99.3), Peers: 48, Rank: &surveyv1.RankedSubject{Rank: 7, BestRank: 3, WorstRank: 15},
		Gaps: []*reportv1.ParameterGap{{Metric: "csi.queue", Title: "Очередь", Score: score(340, 61.2, 56, 66), Peers: score(9000, 74.8, 74, 75.6), Gap: proto.Float64(-13.6), Significant: true}},
		Comments: []*surveyv1.Response{{ExperiencedAt: timestamppb.New(time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC)), Answers: []*surveyv1.Answer{
			{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: "Ждал 20 минут.\n<script>alert(1)</script>"}}}}},
		Cases: []*surveyv1.Case{{}, {}}, OffNorm: omnichannel().GetTotal().GetOffNorm()[:1],
		Sections: []*reportv1.Section{{Name: "scores", Status: reportv1.Section_STATUS_OK}, {Name: "rank", Status: reportv1.Section_STATUS_FAILED, Source: "survey"}},
	}
	for i := range 40 {
		at := time.Date(2026, 1, 20+i, 0, 0, 0, 0, time.UTC)
		p := &surveyv1.Point{Start: timestamppb.New(at), Score: score(100, 30+float64(i*7%23), 20, 60)}
		if i%11 == 5 {
			p.Score = &surveyv1.Score{}
		}
		out.Trend = append(out.Trend, p)
	}
	return out
}

// TestLetters holds letters against testdata.
func TestLetters(t *testing.T) {
	for _, lang := range Languages() {
		report, card, empty := content(t), content(t), content(t)
		report.Omnichannel, report.Missed, report.RightsUntil = omnichannel(), 3, time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
		card.Scorecard, card.Live, card.Trial = scorecard(), true, true
		empty.Omnichannel, empty.Name, empty.Page, empty.Unsubscribe = &reportv1.GetOmnichannelReportResponse{}, "", "", ""
		for name, c := range map[string]Content{"report": report, "scorecard": card, "empty": empty} {
			got, err := Write(lang, c)
			if err != nil {
				t.Fatal(err)
			}
			if *shown != "" {
				if err := os.WriteFile(filepath.Join(*shown, name+"."+lang+".html"), []byte(got.HTML), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			check(t, got)
			file, text := filepath.Join("testdata", name+"."+lang+".txt"), got.Subject+"\n\n"+got.Plain
			if *update {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || string(want) != text {
				t.Errorf("%s is not what it was (-update writes it anew): %v\n%s", file, err, text)
			}
		}
	}
}

// check is what holds for all letters: nothing of others is markup, nothing is fetched
// from elsewhere, both parts say the same figures.
func check(t *testing.T, got Written) {
	t.Helper()
	for _, no := range []string{"<script", "<img", "<svg", "url(", "http://", "ZgotmplZ", "%!", "internal words", "<b>", "<no value>"} {
		if strings.Contains(got.HTML, no) {
			t.Errorf("the letter has %q", no)
		}
	}
	if strings.ContainsAny(got.Subject, "\r\n") || strings.Contains(got.Plain, "%!") {
		t.Errorf("%q", got.Subject)
	}
	for _, row := range strings.Split(got.Plain, "\n") {
		name, rest, ok := strings.Cut(strings.TrimPrefix(row, "- "), ": ")
		value, _, _ := strings.Cut(rest, " (")
		value, _, _ = strings.Cut(value, ", ")
		if ok && strings.HasPrefix(row, "- ") && !strings.Contains(got.HTML, value) && !strings.Contains(got.HTML, strings.ReplaceAll(value, "−", "&minus;")) {
			t.Errorf("%s: %q is not in both parts", name, value)
		}
	}
}

// A bar's cells add up, and stand in order, wherever the value lies.
func TestBars(t *testing.T) {
	for value := -120.0; value <= 120; value += 7.3 {
		for half := 0.0; half < 150; half += 13.7 {
			b := newBar(value, value-half, value+half, -100, 100)
			if b.Before < 0 || b.Low < 0 || b.High < 0 || b.After < 0 || b.Before+b.Low+b.Mark+b.High+b.After != barWidth {
				t.Fatalf("%g ± %g: %+v", value, half, b)
			}
		}
	}
	if newBar(1, 1, 1, 5, 5) != nil {
		t.Error("an axis without length has a bar")
	}
}
