package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/export"
)

// embedded opens services over a folder until the test ends, or until closed.
func embedded(t *testing.T, data string, services ...string) (*grpc.ClientConn, func()) {
	t.Helper()
	cfg := &reach{Embedded: true}
	cfg.Kept.Floor.Data = data
	conn, hangUp, err := cfg.dial(t.Context(), services...)
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		t.Helper()
		if err := hangUp(); err != nil {
			t.Error(err)
		}
	}
}

// files are the rows of an export, by the names of the files they are in.
func files[T any](t *testing.T, out, table string) map[string][]T {
	t.Helper()
	all := map[string][]T{}
	paths, err := filepath.Glob(filepath.Join(out, table, "brand=demo", "month=*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		rows, err := parquet.ReadFile[T](path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".parquet")] = rows
	}
	return all
}

// An export says what Survey says: amended responses as they are now, retracted ones
// not at all, comments only if asked for.
func TestExportResponses(t *testing.T) {
	data, out := t.TempDir(), t.TempDir()
	conn, hangUp := embedded(t, data, "survey")
	client := surveyv1.NewSurveyServiceClient(conn)
	tiny(t, client)
	list, err := client.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: "demo", PageSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	hangUp()
	args := []string{"export", "responses", "--embedded", "--data", data, "--brand", "demo", "--out", out, "--json"}
	var sum export.Summary
	decode(t, must(t, args...), &sum)
	if sum.Rows != 20 || sum.Files != 15 || sum.Removed != 0 || sum.First != "2026-03-01" || sum.Last != "2026-03-15" {
		t.Errorf("%+v", sum)
	}
	got := told(t, files[export.Response](t, out, "responses"))
	if diff := cmp.Diff(shown(list.GetResponses(), false), got); diff != "" {
		t.Error(diff)
	}
	if text := must(t, append(args[:len(args)-1:len(args)-1], "--comments")...); !strings.Contains(text, "20 responses of 2026-03-01 to 2026-03-15 in 15 files") {
		t.Error(text)
	}
	got = told(t, files[export.Response](t, out, "responses"))
	if diff := cmp.Diff(shown(list.GetResponses(), true), got); diff != "" {
		t.Error(diff)
	}

	// A day loses its only responses, another one's moves.
	conn, hangUp = embedded(t, data, "survey")
	client = surveyv1.NewSurveyServiceClient(conn)
	moved := 0
	for _, r := range list.GetResponses() {
		switch r.GetAnsweredAt().AsTime().Day() {
		case 9:
			if _, err := client.RetractResponse(t.Context(), &surveyv1.RetractResponseRequest{Brand: "demo", Id: r.GetId()}); err != nil {
				t.Fatal(err)
			}
		case 10:
			moved++
			r.AnsweredAt = timestamppb.New(r.GetAnsweredAt().AsTime().AddDate(0, 0, -12))
			r.CountedIn, r.ReceivedAt, r.ChangedAt = nil, nil, nil
			if _, err := client.AmendResponse(t.Context(), &surveyv1.AmendResponseRequest{Brand: "demo", Response: r}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if list, err = client.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: "demo", PageSize: 100}); err != nil {
		t.Fatal(err)
	}
	hangUp()
	decode(t, must(t, args...), &sum)
	if sum.Removed != 2 || int(sum.Rows) != len(list.GetResponses()) || sum.First != "2026-02-26" || moved != 1 {
		t.Errorf("again: %+v, %d moved", sum, moved)
	}
	if diff := cmp.Diff(shown(list.GetResponses(), false), told(t, files[export.Response](t, out, "responses"))); diff != "" {
		t.Error(diff)
	}
}

// told puts rows into words, and checks that each is in the file of its day.
func told(t *testing.T, all map[string][]export.Response) []string {
	var out []string
	for day, rows := range all {
		for _, r := range rows {
			if got := time.Unix(int64(r.Day)*86400, 0).UTC().Format(time.DateOnly); got != day {
				t.Errorf("a response of %s is in the file of %s", got, day)
			}
			text := fmt.Sprintf("%d v%d %s/%d %s %s in %s, %s, %d", r.ResponseID, r.Version, r.SurveyID, r.SurveyVersion,
				r.Channel, r.Subjects, r.CountedIn, day, r.AnsweredAt)
			for _, a := range r.Answers {
				text += " " + a.QuestionID
				if a.Score != nil {
					text += fmt.Sprint("=", *a.Score)
				}
				text += a.Text
			}
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// shown puts what Survey says into the same words.
func shown(responses []*surveyv1.Response, comments bool) []string {
	refs := func(all []*commonv1.SubjectRef) string {
		texts := []string{}
		for _, s := range all {
			texts = append(texts, strings.TrimPrefix(s.GetKind().String(), "SUBJECT_KIND_")+":"+s.GetId())
		}
		out, _ := json.Marshal(texts)
		return string(out)
	}
	moscow := time.FixedZone("", 3*3600)
	var out []string
	for _, r := range responses {
		at := r.GetAnsweredAt().AsTime()
		text := fmt.Sprintf("%s v%d %s/%d %s %s in %s, %s, %d", r.GetId(), r.GetVersion(), r.GetSurveyId(), r.GetSurveyVersion(),
			strings.TrimPrefix(r.GetChannel().String(), "CHANNEL_"), refs(r.GetSubjects()), refs(r.GetCountedIn()),
			at.In(moscow).Format(time.DateOnly), at.UnixMicro())
		for _, a := range r.GetAnswers() {
			text += " " + a.GetQuestionId()
			if v, ok := a.GetValue().(*surveyv1.Answer_Score); ok {
				text += fmt.Sprint("=", v.Score)
			}
			if comments {
				text += a.GetText()
			}
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// bought waits until so many purchases and returns are known to be a customer's: who is
// not found within the call is found a moment later.
func bought(t *testing.T, client journeyv1.JourneyServiceClient, customer int64, n int) *journeyv1.ListJourneyResponse {
	t.Helper()
	late, look := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer look.Stop()
	for {
		line, err := client.ListJourney(t.Context(), &journeyv1.ListJourneyRequest{Brand: "demo", CustomerId: customer, Kinds: []string{"purchase", "return"}, PageSize: 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(line.GetEvents()) == n {
			return line
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%d events of customer %d, want %d", len(line.GetEvents()), customer, n)
		}
	}
}

// An export of purchases says what their customers' time lines say; other events, and
// what is personal, are not in it.
func TestExportPurchases(t *testing.T) {
	data, out := t.TempDir(), t.TempDir()
	conn, hangUp := embedded(t, data, "segmentation", "journey", "survey")
	client := journeyv1.NewJourneyServiceClient(conn)
	const customers = 3
	var events []*journeyv1.Event
	for i := range 90 {
		who := &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{
			Kind: commonv1.Identity_KIND_EMAIL, Value: fmt.Sprintf("customer%d@example.org", i%customers)}}}
		rubles := &commonv1.Money{Currency: "RUB", MinorUnits: int64(100 * i)}
		events = append(events, &journeyv1.Event{
			Source: "till", ExternalId: fmt.Sprint(i), Kind: []string{"purchase.cafe", "visit", "return"}[i%9/3],
			Actor: &journeyv1.Event_Customer{Customer: who}, Channel: commonv1.Channel_CHANNEL_STORE,
			Subjects:   []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "s1"}},
			OccurredAt: timestamppb.New(time.Date(2025, 1, 30+i%4, 20, i/7, 0, 0, time.UTC)),
			Lines:      []*journeyv1.Line{{Category: "bread", QuantityMilli: 2000, Amount: rubles}, {Category: "bag"}},
			Properties: map[string]string{"note": "for Anna"},
		})
	}
	if _, err := client.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: "demo", Events: events}); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	moscow := time.FixedZone("", 3*3600)
	for who := range int64(customers) {
		line := bought(t, client, who+1, 60/customers)
		for _, e := range slices.Backward(line.GetEvents()) {
			at := e.GetOccurredAt().AsTime()
			day := at.In(moscow).Format(time.DateOnly)
			want[day] = append(want[day], fmt.Sprintf("%s of %d: %v %s STORE [\"STORE:s1\"] at %d for %d RUB, [{bread 2000 %d} {bag 0 none}] %d", e.GetId(),
				e.GetCustomer().GetId(), e.GetKind() == "return", e.GetKind(), at.UnixMicro(), e.GetAmount().GetMinorUnits(),
				e.GetLines()[0].GetAmount().GetMinorUnits(), e.GetPartySize()))
		}
	}
	hangUp()
	for range 2 { // the second time is like the first
		var sum export.Summary
		decode(t, must(t, "export", "purchases", "--embedded", "--data", data, "--brand", "demo", "--out", out, "--json"), &sum)
		if sum.Rows != 60 || sum.Files != 4 || sum.Removed != 0 {
			t.Errorf("%+v", sum)
		}
		got := map[string][]string{}
		for day, rows := range files[export.Purchase](t, out, "purchases") {
			for _, p := range rows {
				lines := []string{}
				for _, l := range p.Lines {
					amount := "none"
					if l.Amount != nil {
						amount = fmt.Sprint(*l.Amount)
					}
					lines = append(lines, fmt.Sprintf("{%s %d %s}", l.Category, l.Quantity, amount))
				}
				got[day] = append(got[day], fmt.Sprintf("%d of %d: %v %s %s %s at %d for %d %s, %v %d", p.EventID, p.CustomerID, p.Return,
					p.Kind, p.Channel, p.Subjects, p.OccurredAt, p.Amount, p.Currency, lines, p.PartySize))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
