package importer

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

const root = "../../../"

// realData is the folder of real files; in CI it must be there.
func realData(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("RAPPORT_DATA")
	if dir == "" {
		dir = root + "../shared/data"
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no real data: %v", err)
		}
		t.Skipf("no real data: %v", err)
	}
	return dir
}

// twice imports an example two times: the second adds nothing.
func twice(t *testing.T, c surveyv1.SurveyServiceClient, file, dir string, want Counts) {
	t.Helper()
	m, err := mapping.Load(root + "deploy/examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var out bytes.Buffer
		got, err := Responses(t.Context(), c, m, Options{Dir: dir, Rejects: &out})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Counts); diff != "" || out.Len() > 0 {
			t.Fatalf("%s\nrejects: %.2000s", diff, out.String())
		}
		if s := got.Subjects; s.Rejected != 0 || s.Read != s.Recorded+s.Replayed+s.Skipped {
			t.Errorf("subjects: %+v", s)
		}
		t.Logf("%s: %.0f rows/s in %v", file, got.RowsPerSecond(), got.Duration)
		want.Recorded, want.Replayed = 0, want.Recorded
	}
}

func TestExamples(t *testing.T) {
	olist, sfo := realData(t, "olist"), realData(t, "sfo")
	region := func(id string) *surveyv1.Scope {
		return &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: id}}}
	}
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := surveyv1.NewSurveyServiceClient(serve(t, url))
		twice(t, c, "olist/reviews.yaml", olist, Counts{Read: 8225, Recorded: 8225})
		twice(t, c, "sfo/passengers-2017.yaml", sfo, Counts{Read: 2831, Recorded: 2831})
		areaG := &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: "G"}}}
		network := &surveyv1.Scope{Subjects: []*commonv1.SubjectRef{{Kind: commonv1.SubjectKind_SUBJECT_KIND_NETWORK, Id: "olist"}}}
		for _, want := range []struct {
			brand, metric string
			scope         *surveyv1.Scope
			n             int64
			value         float64
		}{
			{"olist", "csat.order", nil, 8225, 55.17},
			{"olist", "csat.order", network, 8225, 55.17},
			{"olist", "csat.order", region("SP"), 3488, 57.48},
			{"olist", "csat.order", region("RJ"), 1182, 44.92},
			{"sfo", "nps.network", nil, 2746, 39.84},
			{"sfo", "nps.network", areaG, 625, 32.96},
		} {
			got := score(t, c, want.brand, want.metric, want.scope)
			if got.GetN() != want.n || math.Abs(got.GetValue()-want.value) > 0.005 {
				t.Errorf("%s %v: n=%d, %.4f, want %+v", want.metric, want.scope, got.GetN(), got.GetValue(), want)
			}
		}
		if got, want := score(t, c, "olist", "csat.order", nil).GetHistogram(), []int64{0, 2638, 382, 667, 1184, 3354, 0, 0, 0, 0, 0}; !cmp.Equal(got, want) {
			t.Errorf("Olist's scores are %v, want %v", got, want)
		}
		s := score(t, c, "sfo", "nps.network", nil)
		if s.GetPromoters() != 1436 || s.GetPassives() != 968 || s.GetDetractors() != 342 {
			t.Errorf("SFO: %v", s)
		}
	})
}

const shop = `
brand: demo
zone: Europe/Moscow
files:
  visits: visits.csv
  stores: stores.ndjson
metrics: [{name: csat.visit, kind: CSAT}]
surveys:
  - {id: visit, kind: TRIGGERED, draft: {questions: [{id: q, kind: CSAT, metric: csat.visit, required: true}]}}
subjects:
  - from: stores
    subject: {ref: {kind: STORE, id: "{id}"}, parents: [{parent: {kind: STORE, id: "{above}"}}]}
responses:
  - from: visits
    skip: [{value: "{score}", is: [test]}]
    response:
      survey_id: visit
      source: till
      external_id: "{id}"
      subjects: [{kind: STORE, id: "{store}"}]
      answered_at: {value: "{at}", time: "%d.%m.%Y %H:%M"}
      answers: [{question_id: q, score: "{score}"}]
`

// visits are n rows with a bad one of each sort at the lines told.
func visits(n int) string {
	var out strings.Builder
	out.WriteString("id,store,at,score\n")
	for line := 2; line < n+2; line++ {
		store, score, tail := "s0", fmt.Sprint(line%5+1), ""
		switch line {
		case 10:
			score = "4.5"
		case 20:
			score = "9" // the scale ends at 5
		case 30:
			store = "nowhere"
		case 40:
			tail = ",too,many"
		case 50:
			score = "test"
		}
		fmt.Fprintf(&out, "v%d,%s,02.03.2026 12:%02d,%s%s\n", line, store, line%60, score, tail)
	}
	return out.String()
}

// rejected are the rejects as "line reason field", and their rows by line.
func rejected(t *testing.T, out *bytes.Buffer) ([]string, map[string]string) {
	t.Helper()
	records, err := csv.NewReader(out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	rows := map[string]string{}
	for _, r := range records[1:] {
		told = append(told, strings.Join(r[1:4], " "))
		rows[r[1]] = r[5]
	}
	return told, rows
}

// stores is a chain of stores, each before the one it stands under.
func stores(n int) string {
	var out strings.Builder
	for i := range n - 1 {
		fmt.Fprintf(&out, `{"id": "s%d", "above": "%s"}`+"\n", i, []string{"", "top"}[i%2])
	}
	out.WriteString(`{"id": "top"}` + "\n{\n")
	return out.String()
}

func TestBrokenStream(t *testing.T) {
	const n = 2500
	m, dir := folder(t, map[string]string{"mapping.yaml": shop, "visits.csv": visits(n), "stores.ndjson": stores(1500)})
	road := &bumpy{ClientConnInterface: serve(t, sqldbtest.SQLite(t)), breaks: []int{0, 3, 1, 0, 7}, busy: map[string]bool{"v7": true, "v1002": true, "v1003": true}}
	c := surveyv1.NewSurveyServiceClient(road)
	var out, lines bytes.Buffer
	var waits []time.Duration
	opts := Options{Dir: dir, Rejects: &out, Progress: &lines, ChunkRows: 100, InFlight: 3,
		wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }}
	got, err := Responses(t.Context(), c, m, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got.Read != n || got.Recorded+got.Replayed != n-5 || got.Rejected != 4 || got.Skipped != 1 {
		t.Errorf("%+v", got.Counts)
	}
	if diff := cmp.Diff(Counts{Read: 1501, Recorded: 1500, Rejected: 1}, got.Subjects); diff != "" {
		t.Errorf("subjects: %s", diff)
	}
	told, rows := rejected(t, &out)
	want := map[string]bool{"10 FIELD_INVALID answers[0].score": true, "20 FIELD_INVALID response.answers[0].score": true,
		"30 SUBJECT_UNKNOWN response.subjects[0]": true, "40 ROW_COLUMNS ": true, "1501 ROW_MALFORMED ": true}
	for _, line := range told {
		if !want[line] {
			t.Errorf("rejected: %s", line)
		}
		delete(want, line)
	}
	if len(want) > 0 {
		t.Errorf("not rejected: %v", want)
	}
	if rows["30"] != "v30,nowhere,02.03.2026 12:30,1" || rows["40"] != "v40,s0,02.03.2026 12:40,1,too,many" {
		t.Errorf("rows of the rejects: %q", rows)
	}
	if n := score(t, c, "demo", "csat.visit", nil).GetN(); n != 2495 {
		t.Errorf("%d answers, want 2495", n)
	}
	if road.streams < 6 || len(waits) < 5 {
		t.Errorf("%d streams, waits %v", road.streams, waits)
	}
	if longest := maxOf(waits); longest != time.Minute {
		t.Errorf("longest wait %v, want what the server asks for", longest)
	}
	if !strings.Contains(lines.String(), "responses of visits: done, 2500 rows") {
		t.Errorf("progress: %s", lines.String())
	}
}

func maxOf(list []time.Duration) (d time.Duration) {
	for _, e := range list {
		d = max(d, e)
	}
	return d
}

// A server that never answers ends the import with its error, and what was
// durable before is told.
func TestGivesUp(t *testing.T) {
	m, dir := folder(t, map[string]string{"mapping.yaml": shop, "visits.csv": visits(300), "stores.ndjson": stores(2)})
	road := &bumpy{ClientConnInterface: serve(t, sqldbtest.SQLite(t)), breaks: append([]int{1}, make([]int, 100)...)}
	waits := 0
	opts := Options{Dir: dir, ChunkRows: 100, wait: func(context.Context, time.Duration) error { waits++; return nil }}
	got, err := Responses(t.Context(), surveyv1.NewSurveyServiceClient(road), m, opts)
	if err == nil || !strings.Contains(err.Error(), "the road is broken") {
		t.Errorf("error %v", err)
	}
	if waits != maxTries-1 || got.Recorded != 98 {
		t.Errorf("%d waits, %+v", waits, got.Counts)
	}
	road.breaks = nil
	if got, err = Responses(t.Context(), surveyv1.NewSurveyServiceClient(road), m, opts); err != nil || got.Recorded+got.Replayed != 295 {
		t.Errorf("again: %+v, %v", got.Counts, err)
	}
}

func TestCancel(t *testing.T) {
	m, dir := folder(t, map[string]string{"mapping.yaml": shop, "visits.csv": visits(300), "stores.ndjson": stores(2)})
	ctx, cancel := context.WithCancel(t.Context())
	road := &bumpy{ClientConnInterface: serve(t, sqldbtest.SQLite(t)), breaks: []int{1, 0}}
	opts := Options{Dir: dir, ChunkRows: 10, wait: func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }}
	if _, err := Responses(ctx, surveyv1.NewSurveyServiceClient(road), m, opts); err == nil {
		t.Error("an import that was cancelled ended well")
	}
}

// Who edited a survey after the first import keeps it, unless he says otherwise.
func TestEditedSurvey(t *testing.T) {
	c := surveyv1.NewSurveyServiceClient(serve(t, sqldbtest.SQLite(t)))
	m, dir := folder(t, map[string]string{"mapping.yaml": shop, "visits.csv": visits(8), "stores.ndjson": stores(2)})
	edited, _ := folder(t, map[string]string{"mapping.yaml": strings.Replace(shop, "required: true", "required: false", 1)})
	version := func() int32 {
		t.Helper()
		resp, err := c.GetSurvey(t.Context(), &surveyv1.GetSurveyRequest{Brand: "demo", SurveyId: "visit"})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetSurvey().GetPublishedVersion()
	}
	for i, step := range []struct {
		m       *mapping.Mapping
		replace bool
		version int32
	}{{m, false, 1}, {m, true, 1}, {edited, false, 1}, {edited, true, 2}, {edited, false, 2}, {m, false, 2}} {
		var said bytes.Buffer
		got, err := Responses(t.Context(), c, step.m, Options{Dir: dir, ReplaceSurveys: step.replace, Progress: &said})
		if err != nil || got.Read != 8 {
			t.Fatalf("step %d: %+v, %v", i, got.Counts, err)
		}
		if v := version(); v != step.version {
			t.Errorf("step %d: version %d, want %d; %s", i, v, step.version, said.String())
		}
	}
}

func TestSubjects(t *testing.T) {
	c := surveyv1.NewSurveyServiceClient(serve(t, sqldbtest.SQLite(t)))
	m, dir := folder(t, map[string]string{"mapping.yaml": shop, "stores.ndjson": stores(10) +
		`{"id": "s0"}` + "\n" + `{"id": ""}` + "\n" + `{"id": "lost", "above": "nobody"}` + "\n" + `{"id": "ring", "above": "ring"}` + "\n"})
	for _, want := range []Counts{{Read: 15, Recorded: 10, Rejected: 3, Skipped: 2}, {Read: 15, Replayed: 10, Rejected: 3, Skipped: 2}} {
		got, err := Subjects(t.Context(), c, m, Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Counts); diff != "" {
			t.Error(diff)
		}
	}
}
