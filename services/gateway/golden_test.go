package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"google.golang.org/grpc"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var update = flag.Bool("update", false, "write testdata anew")

// call is one RPC as a program without gRPC makes it.
type call struct {
	rpc, method, path, body string
	// lines is how many lines of a stream are read; 0: it is no stream.
	lines int
}

// calls are a life of one brand, each RPC at least once, in an order in which each
// has something to answer.
var calls = []call{
	{rpc: "UpsertSubjects", method: "POST", path: "/v1/demo/subjects:upsert", body: `{"subjects": [
		{"ref": {"kind": "SUBJECT_KIND_REGION", "id": "north"}, "name": "Северный регион"},
		{"ref": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "name": "На Ленина", "parents": [{"parent": {"kind": "SUBJECT_KIND_REGION", "id": "north"}}], "labels": {"format": "hyper"}},
		{"ref": {"kind": "SUBJECT_KIND_STORE", "id": "102"}, "parents": [{"parent": {"kind": "SUBJECT_KIND_REGION", "id": "nowhere"}}]}]}`},
	{rpc: "GetSubject", method: "GET", path: "/v1/demo/subject?ref.kind=SUBJECT_KIND_STORE&ref.id=101"},
	{rpc: "ListSubjects", method: "GET", path: "/v1/demo/subjects?labels[format]=hyper&pageSize=1"},
	{rpc: "UpsertMetrics", method: "POST", path: "/v1/demo/metrics:upsert", body: `{"metrics": [
		{"name": "nps.network", "kind": "METRIC_KIND_NPS", "title": {"texts": {"en": "Would recommend us"}}}, {"name": "ces.delivery", "kind": "METRIC_KIND_CES"}]}`},
	{rpc: "ListMetrics", method: "GET", path: "/v1/demo/metrics"},
	{rpc: "CreateSurvey", method: "POST", path: "/v1/demo/surveys", body: `{"id": "visit", "kind": "SURVEY_KIND_TRIGGERED", "draft": {"questions": [
		{"id": "nps", "kind": "QUESTION_KIND_NPS", "metric": "nps.network", "required": true}, {"id": "why", "kind": "QUESTION_KIND_TEXT"}],
		"caseRules": [{"cause": "low_score", "queue": "store", "dueIn": "14400s", "conditions": [{"questionId": "nps", "score": {"min": 0, "max": 6}}]}]}}`},
	{rpc: "UpdateSurvey", method: "PUT", path: "/v1/demo/surveys/visit", body: `{"kind": "SURVEY_KIND_TRIGGERED", "title": {"texts": {"en": "After a visit"}}, "draft": {"questions": [
		{"id": "nps", "kind": "QUESTION_KIND_NPS", "metric": "nps.network", "required": true}, {"id": "why", "kind": "QUESTION_KIND_TEXT"}],
		"caseRules": [{"cause": "low_score", "queue": "store", "dueIn": "14400s", "conditions": [{"questionId": "nps", "score": {"min": 0, "max": 6}}]}]}}`},
	{rpc: "PublishSurvey", method: "POST", path: "/v1/demo/surveys/visit:publish", body: `{}`},
	{rpc: "GetSurvey", method: "GET", path: "/v1/demo/surveys/visit"},
	{rpc: "ListSurveys", method: "GET", path: "/v1/demo/surveys"},
	{rpc: "SubmitResponse", method: "POST", path: "/v1/demo/responses", body: `{"requestId": "one", "response": {"surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}],
		"channel": "CHANNEL_STORE", "mode": "CONTACT_MODE_QR", "customer": {"id": "7"}, "experiencedAt": "2026-03-01T12:00:00Z", "answeredAt": "2026-03-01T12:30:00Z",
		"answers": [{"questionId": "nps", "score": 3}, {"questionId": "why", "text": "A long queue.\nOne till of five."}]}}`},
	{rpc: "ImportResponses", method: "POST", path: "/v1/responses:import", lines: 2, body: `{"brand": "demo", "rows": [
		{"line": 2, "response": {"source": "crm", "externalId": "a", "surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}], "channel": "CHANNEL_COURIER", "answers": [{"questionId": "nps", "score": 10}], "experiencedAt": "2026-02-20T12:00:00Z", "answeredAt": "2026-02-20T12:30:00Z"}},
		{"line": 3, "response": {"source": "crm", "externalId": "b", "surveyId": "visit", "answers": [{"questionId": "nps", "score": 11}]}}]}
		{"brand": "demo", "rows": [{"line": 4, "response": {"source": "crm", "externalId": "c", "surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}], "channel": "CHANNEL_STORE", "answers": [{"questionId": "nps", "score": 9}], "experiencedAt": "2026-03-01T18:00:00Z", "answeredAt": "2026-03-01T18:30:00Z"}}]}`},
	{rpc: "GetResponse", method: "GET", path: "/v1/demo/responses/{id}"},
	{rpc: "ListResponses", method: "POST", path: "/v1/demo/responses:list", body: `{"filter": {"commented": true, "subjects": [{"kind": "SUBJECT_KIND_REGION", "id": "north"}]}}`},
	{rpc: "WatchResponses", method: "GET", path: "/v1/demo/responses:watch", lines: 1},
	{rpc: "GetMetric", method: "POST", path: "/v1/demo/metrics/nps.network:get", body: `{"window": {"lastDays": 30}, "grain": "GRAIN_DAY", "groupBy": [{"dimension": "DIMENSION_CHANNEL"}]}`},
	{rpc: "WatchMetric", method: "POST", path: "/v1/metrics:watch", lines: 1, body: `{"query": {"brand": "demo", "metric": "nps.network", "window": {"dates": {"start": "2026-03-01", "end": "2026-03-02"}}}}`},
	{rpc: "RankSubjects", method: "GET", path: "/v1/demo/metrics/nps.network/ranking?kind=SUBJECT_KIND_STORE&under.kind=SUBJECT_KIND_REGION&under.id=north"},
	{rpc: "GetOverview", method: "POST", path: "/v1/demo/overview", body: `{"windows": [{"lastDays": 7}, {}], "subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "metrics": ["nps.network"]}`},
	{rpc: "BatchGetMetrics", method: "POST", path: "/v1/demo/metrics:batchGet", body: `{"requests": [{"metric": "nps.network"}, {"metric": "nps.weather"}]}`},
	{rpc: "GetStanding", method: "GET", path: "/v1/demo/metrics/nps.network/standing?subject.kind=SUBJECT_KIND_STORE&subject.id=101"},
	{rpc: "CompareMetric", method: "POST", path: "/v1/demo/metrics/nps.network:compare", body: `{"a": {"window": {"lastDays": 7}}, "b": {"window": {"dates": {"start": "2026-02-17", "end": "2026-02-24"}}}}`},
	{rpc: "SetGoal", method: "POST", path: "/v1/demo/goals", body: `{"goal": {"metric": "nps.network", "days": {"start": "2026-01-01", "end": "2027-01-01"}, "target": 40}}`},
	{rpc: "ListGoals", method: "GET", path: "/v1/demo/goals?metric=nps.network"},
	{rpc: "ListCases", method: "GET", path: "/v1/demo/cases?subject.kind=SUBJECT_KIND_STORE&subject.id=101"},
	{rpc: "ClaimCase", method: "POST", path: "/v1/demo/cases/{case}:claim", body: `{"assignee": "anna"}`},
	{rpc: "AddCaseNote", method: "POST", path: "/v1/demo/cases/{case}/notes", body: `{"author": "anna", "text": "Called back.", "requestId": "n1"}`},
	{rpc: "ResolveCase", method: "POST", path: "/v1/demo/cases/{case}:resolve", body: `{"author": "anna", "rootCause": "tills", "note": "A second till is open now."}`},
	{rpc: "ReopenCase", method: "POST", path: "/v1/demo/cases/{case}:reopen", body: `{"author": "boris", "note": "It happened again."}`},
	{rpc: "GetCase", method: "GET", path: "/v1/demo/cases/{case}"},
	{rpc: "GetCaseStats", method: "GET", path: "/v1/demo/cases:stats?queue=store"},
	{rpc: "ReplyToResponse", method: "PUT", path: "/v1/demo/responses/{id}/reply", body: `{"subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "author": "The manager", "text": "We opened a second till.", "public": true}`},
	{rpc: "ModerateReply", method: "POST", path: "/v1/demo/responses/{id}/reply:moderate", body: `{"subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "withheld": true, "reason": "promises a date"}`},
	{rpc: "AmendResponse", method: "PUT", path: "/v1/demo/responses/{id}", body: `{"reason": "misread", "response": {"surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}],
		"channel": "CHANNEL_STORE", "experiencedAt": "2026-03-01T12:00:00Z", "answeredAt": "2026-03-01T12:30:00Z", "answers": [{"questionId": "nps", "score": 8}]}}`},
	{rpc: "RetractResponse", method: "POST", path: "/v1/demo/responses/{id}:retract", body: `{"reason": "a test"}`},
	{rpc: "CloseSurvey", method: "POST", path: "/v1/demo/surveys/visit:close", body: `{}`},
}

// TestEveryRPCInJSON holds the JSON of each RPC against testdata.
func TestEveryRPCInJSON(t *testing.T) {
	w := newWorld(t)
	w.golden(t, surveyv1.SurveyService_ServiceDesc, slices.Concat(calls[:len(calls)-1], linkCalls, calls[len(calls)-1:], driverCalls), func(rpc string) {
		if rpc == "GetDrivers" {
			w.explained(t)
		}
	}, nil)
}

// golden makes calls in order and holds their JSON against testdata, one each. What
// one answers others need: their ids stand in braces. Unserved are RPCs that the
// service does not answer yet.
func (w *world) golden(t *testing.T, service grpc.ServiceDesc, calls []call, before func(rpc string), unserved []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, m := range service.Methods {
		missing[m.MethodName] = true
	}
	for _, s := range service.Streams {
		missing[s.StreamName] = true
	}
	ids := map[string]string{}
	for _, c := range calls {
		name, _, _ := strings.Cut(c.rpc, ".") // the rest tells calls of the same name apart
		delete(missing, name)
		before(c.rpc)
		if c.rpc == "ListCases" {
			ids["{case}"] = w.firstCase(t)
		}
		for from, to := range ids {
			c.path, c.body = strings.ReplaceAll(c.path, from, to), strings.ReplaceAll(c.body, from, to)
		}
		status, kind, got := w.make(t, c)
		if answered := idOf[c.rpc]; answered != nil {
			name, value := answered(t, got[0])
			ids["{"+name+"}"] = value
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s\n%d %s\n", c.method, changingPath.ReplaceAllString(c.path, "/contacts/…:"), status, kind)
		for _, line := range got {
			b.WriteString(indented(t, line))
		}
		compare(t, c.rpc, b.String())
	}
	for _, rpc := range unserved {
		delete(missing, rpc)
	}
	for rpc := range missing {
		t.Errorf("%s has no golden JSON", rpc)
	}
}

// idOf are the answers whose ids are needed later.
var idOf = map[string]func(*testing.T, string) (name, value string){
	"SubmitResponse": func(t *testing.T, body string) (string, string) {
		var made struct{ ID string }
		return "id", told(t, body, &made, &made.ID)
	},
	"ReserveContact": func(t *testing.T, body string) (string, string) {
		var made struct{ ReservationID string }
		return "reservationId", told(t, body, &made, &made.ReservationID)
	},
	"CreateSurveyLink": func(t *testing.T, body string) (string, string) {
		var made struct{ Link struct{ Token string } }
		return "token", told(t, body, &made, &made.Link.Token)
	},
	"ListSurveyLinks": func(t *testing.T, body string) (string, string) {
		var made struct{ Links []struct{ ID string } }
		if err := json.Unmarshal([]byte(body), &made); err != nil || len(made.Links) != 1 {
			t.Fatal(body, err)
		}
		return "link", made.Links[0].ID
	},
	"Hold": func(t *testing.T, body string) (string, string) {
		var made struct{ Movement struct{ ID string } }
		return "hold", told(t, body, &made, &made.Movement.ID)
	},
	"TakeReward": func(t *testing.T, body string) (string, string) {
		var made struct{ Taken struct{ ID string } }
		return "taken", told(t, body, &made, &made.Taken.ID)
	},
	"CreateMap": func(t *testing.T, body string) (string, string) {
		var made struct{ Map struct{ Etag string } }
		return "etag", told(t, body, &made, &made.Map.Etag)
	},
}

// told reads a value that an answer must have.
func told(t *testing.T, body string, into any, value *string) string {
	t.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil || *value == "" {
		t.Fatal(body, err)
	}
	return *value
}

// firstCase waits until the case of the first response is open: that follows the
// log, a moment later.
func (w *world) firstCase(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		list, err := w.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		if all := list.GetCases(); len(all) > 0 {
			return all[0].GetId()
		}
	}
}

func (w *world) make(t *testing.T, c call) (int, string, []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, c.method, w.url+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", c.rpc, err)
	}
	defer res.Body.Close()
	var lines []string
	scan := bufio.NewScanner(res.Body)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() && len(lines) < max(c.lines, 1) {
		lines = append(lines, scan.Text())
		if len(lines) == c.lines && !strings.HasSuffix(c.path, ":import") && !strings.HasSuffix(c.path, ":upsert") {
			break
		}
	}
	return res.StatusCode, res.Header.Get("Content-Type"), lines
}

var (
	changing     = regexp.MustCompile(`"(commitId|nextPageToken|publishedAt|closedAt|reservationId|path|uptoSeq|sizeBytes|took|webhookSecret)": "[^"]+"`)
	changingPath = regexp.MustCompile(`/contacts/[^:]+:`)
)

// indented is JSON as people read it, and without what differs from run to run.
func indented(t *testing.T, line string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(line), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return changing.ReplaceAllString(b.String(), `"$1": "…"`) + "\n"
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test -update writes it anew):\n%s", name, diff)
	}
}
