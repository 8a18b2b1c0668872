package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/report"
)

// rapport runs the command line and returns what it prints.
func rapport(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := root(nil)
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := rapport(t, args...)
	if err != nil {
		t.Fatalf("rapport %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func TestDemoTwiceThenReportAndVerify(t *testing.T) {
	data := t.TempDir()
	var made, again filled
	small := []string{"--embedded", "--data", data, "--stores", "24", "--responses", "600", "--days", "25", "--json"}
	decode(t, must(t, append([]string{"demo"}, small...)...), &made)
	if !made.Fresh || made.Recorded < 500 || made.Recorded > 650 {
		t.Errorf("made %+v", made)
	}
	decode(t, must(t, append([]string{"demo"}, small...)...), &again)
	if again.Fresh || again.Recorded > 20 || again.Replayed > 0 {
		t.Errorf("a second run made %+v", again)
	}
	if _, err := rapport(t, "demo", "--embedded", "--data", data, "--seed", "2"); err == nil || !strings.Contains(err.Error(), "--seed 1") {
		t.Errorf("another chain on top: %v", err)
	}
	var r struct {
		Metrics  []struct{ Metric struct{ Name string } }
		Channels []json.RawMessage
		Rankings []struct{ Kind string }
	}
	decode(t, must(t, "report", "--embedded", "--data", data, "--json"), &r)
	if len(r.Metrics) < 8 || len(r.Channels) != 7 || len(r.Rankings) < 3 || r.Metrics[0].Metric.Name != "nps.network" {
		t.Errorf("report: %+v", r)
	}
	text := must(t, "report", "--embedded", "--data", data, "--subject", "REGION:moscow", "--metric", "csi.visit")
	if !strings.Contains(text, "demo, region: Москва и область") || !strings.Contains(text, "csi.visit by store") {
		t.Error(text)
	}
	if out := must(t, "verify", "--data", data, "--all"); !strings.Contains(out, "demo: no drift in ") || strings.Contains(out, "demo: no drift in 0 ") {
		t.Error(out)
	}
	must(t, "rebuild", "--data", data, "--brand", "demo")
	must(t, "verify", "--data", data, "--brand", "demo")
	must(t, "migrate", "--data", data)
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func TestImportTellsRejects(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	m := write("m.yaml", `brand: demo
zone: Europe/Moscow
files: {answers: answers.csv}
metrics: [{name: nps.network, kind: NPS}]
surveys:
  - id: visit
    kind: TRIGGERED
    draft: {questions: [{id: nps, kind: NPS, metric: nps.network, required: true}]}
responses:
  - from: answers
    response:
      survey_id: visit
      source: csv
      external_id: "{id}"
      answers: [{question_id: nps, score: "{nps}"}]
      answered_at: "{at}"
`)
	write("answers.csv", "id,nps,at\n1,9,2026-03-02T10:00:00Z\n2,11,2026-03-02T10:00:00Z\n")
	rejects := filepath.Join(dir, "rejects.csv")
	args := []string{"import", "responses", "--embedded", "--data", data, "--mapping", m, "--dir", dir, "--rejects", rejects}
	out, err := rapport(t, args...)
	if exitCode(err) != 2 || !strings.Contains(out, "1 recorded") || !strings.Contains(out, "1 rejected") {
		t.Errorf("%v: %s", err, out)
	}
	told, _ := os.ReadFile(rejects)
	if !strings.Contains(string(told), "answers.csv") && !strings.Contains(string(told), "must be an integer from 0 to 10") {
		t.Errorf("rejects: %s", told)
	}
	if out := must(t, append(args, "--max-rejects", "1")...); !strings.Contains(out, "1 replayed") {
		t.Error(out)
	}
}

func TestErrorsForPeople(t *testing.T) {
	data := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"report", "--embedded", "--data", data, "--brand", "nobody"}, `not found: brand "nobody"`},
		{[]string{"report", "--embedded", "--data", data, "--metric", "nps.none"}, "nps.none"},
		{[]string{"report", "--embedded", "--data", data, "--subject", "SHOP:1"}, "write KIND:ID"},
		{[]string{"report", "--embedded", "--data", data, "--from", "2026-02-30"}, "YYYY-MM-DD"},
		{[]string{"report", "--server", "127.0.0.1:1"}, "no server answers at 127.0.0.1:1"},
		{[]string{"import", "responses", "--mapping", "none.yaml"}, "none.yaml"},
		{[]string{"verify", "--data", filepath.Join(data, "mistyped"), "--all"}, "no database"},
		{[]string{"verify", "--data", data}, "name one --brand, or --all"},
		{[]string{"demo", "--stores", "0"}, "--stores takes"},
	} {
		if _, err := rapport(t, c.args...); err == nil || !strings.Contains(plain(err), c.want) || strings.Contains(plain(err), "rpc error") {
			t.Errorf("rapport %v: %v", c.args, err)
		}
	}
	if out := must(t, "report", "--embedded", "--data", data); !strings.Contains(out, "no answers from") {
		t.Error(out)
	}
}

// tiny is a data set small enough to check a report of it by hand.
func tiny(t *testing.T, client surveyv1.SurveyServiceClient) {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	text := func(s string) *commonv1.LocalizedText {
		return &commonv1.LocalizedText{Texts: map[string]string{"ru": s}}
	}
	_, err := client.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: "demo", Metrics: []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		{Name: "csi.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
	}})
	check(err)
	ref := func(kind commonv1.SubjectKind, id string) *commonv1.SubjectRef {
		return &commonv1.SubjectRef{Kind: kind, Id: id}
	}
	network := ref(commonv1.SubjectKind_SUBJECT_KIND_NETWORK, "all")
	north := ref(commonv1.SubjectKind_SUBJECT_KIND_REGION, "north")
	_, err = client.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: "demo", Subjects: []*surveyv1.Subject{
		{Ref: network, Name: "Вся сеть"},
		{Ref: north, Name: "Север", Parents: []*surveyv1.ParentLink{{Parent: network}}},
		{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, "s1"), Name: "Тверь, Мира, 1", Parents: []*surveyv1.ParentLink{{Parent: north}}},
		{Ref: ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, "s2"), Name: "Псков, Садовая, 22", Parents: []*surveyv1.ParentLink{{Parent: north}}},
	}})
	check(err)
	_, err = client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: "demo", Survey: &surveyv1.Survey{
		Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Title: text("После визита"),
		Draft: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network", Required: true},
			{Id: "csat", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csi.visit"},
			{Id: "comment", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT},
		}},
	}})
	check(err)
	_, err = client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: "demo", SurveyId: "visit"})
	check(err)
	_, err = client.SetGoal(ctx, &surveyv1.SetGoalRequest{Brand: "demo", Goal: &surveyv1.Goal{
		Metric: "nps.network", Target: 30, Days: &commonv1.DateRange{Start: "2026-03-01", End: "2026-04-01"},
	}})
	check(err)
	for i, nps := range []int32{10, 9, 9, 3, 10, 7, 10, 8, 9, 10, 2, 10, 9, 10, 0, 6, 9, 10, 5, 10} {
		day := 1 + i%15
		channel := commonv1.Channel_CHANNEL_STORE
		if i%4 == 3 {
			channel = commonv1.Channel_CHANNEL_PICKUP
		}
		r := &surveyv1.Response{
			SurveyId: "visit", Channel: channel, Subjects: []*commonv1.SubjectRef{ref(commonv1.SubjectKind_SUBJECT_KIND_STORE, fmt.Sprintf("s%d", 1+i%2))},
			AnsweredAt: timestamppb.New(time.Date(2026, 3, day, 12, i, 0, 0, time.UTC)),
			Answers: []*surveyv1.Answer{
				{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: nps}},
				{QuestionId: "csat", Value: &surveyv1.Answer_Score{Score: nps/2 + min(1, 1-nps/10)}},
			},
		}
		if i >= 17 {
			r.Answers = append(r.Answers, &surveyv1.Answer{QuestionId: "comment", Value: &surveyv1.Answer_Text{
				Text: []string{"Быстро и вежливо.", "Долго на кассе,\nникто не подошёл.", "Отлично 👍"}[i-17],
			}})
		}
		_, err := client.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: "demo", Response: r, RequestId: fmt.Sprint(i)})
		check(err)
	}
}

// The report of a tiny data set, to the letter. UPDATE=1 writes it anew.
func TestReportGolden(t *testing.T) {
	cfg := &reach{Embedded: true}
	cfg.Kept.Floor.Data = t.TempDir()
	conn, hangUp, err := cfg.dial(t.Context(), "survey")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := hangUp(); err != nil {
			t.Error(err)
		}
	}()
	client := surveyv1.NewSurveyServiceClient(conn)
	tiny(t, client)
	now := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	for _, ask := range []report.Ask{
		{Brand: "demo", Days: 7, Comments: 3, Now: now},
		{Brand: "demo", Days: 7, Comments: 1, Now: now.AddDate(0, 6, 0), Metric: "csi.visit", Subject: &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s2"}},
		{Brand: "demo", Days: 7, First: "2025-01-01", Last: "2025-01-31", Now: now},
	} {
		r, err := report.Gather(context.WithoutCancel(t.Context()), client, journeyv1.NewJourneyServiceClient(conn), ask)
		if err != nil {
			t.Fatal(err)
		}
		r.AsOf = now
		if err := r.Write(&out); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, "--")
	}
	const golden = "testdata/report.golden"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}
