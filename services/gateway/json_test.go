package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// refusal is what a program reads of an error.
type refusal struct {
	Code    int
	Message string
	Details []struct {
		Reason          string
		FieldViolations []struct{ Field, Description string }
	}
}

func readRefusal(t *testing.T, body string) (r refusal) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("no status in JSON: %v: %s", err, body)
	}
	return r
}

func (r refusal) reason() string {
	for _, d := range r.Details {
		if d.Reason != "" {
			return d.Reason
		}
	}
	return ""
}

func (r refusal) field() string {
	for _, d := range r.Details {
		for _, f := range d.FieldViolations {
			return f.Field
		}
	}
	return ""
}

// TestRefusals: the same reasons and fields as over gRPC, under the HTTP status
// that fits.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		reason, field      string
	}{
		"no such brand":     {method: "GET", path: "/v1/nobody/metrics", status: 404, reason: "BRAND_UNKNOWN"},
		"no such response":  {method: "GET", path: "/v1/demo/responses/99", status: 404, reason: "RESPONSE_UNKNOWN"},
		"no such route":     {method: "GET", path: "/v2/demo", status: 404},
		"no such call":      {method: "GET", path: "/v1/demo/nothing", status: 404},
		"not by this verb":  {method: "DELETE", path: "/v1/demo/metrics", status: 405},
		"no JSON":           {method: "POST", path: "/v1/demo/responses", body: "{", status: 400, reason: "FIELD_INVALID", field: "body"},
		"misspelt field":    {method: "POST", path: "/v1/demo/responses", body: `{"responze": {}}`, status: 400, reason: "FIELD_INVALID", field: "body"},
		"misspelt question": {method: "GET", path: "/v1/demo/metrics/nps.network?widow.lastDays=7", status: 400, reason: "FIELD_INVALID", field: "query"},
		"no number":         {method: "GET", path: "/v1/demo/metrics/nps.network?window.lastDays=x", status: 400, reason: "FIELD_INVALID"},
		"a broken rule":     {method: "GET", path: "/v1/demo/metrics/nps.network?window.lastDays=-7", status: 400, reason: "FIELD_INVALID", field: "window.last_days"},
		"a bad answer": {
			method: "POST", path: "/v1/demo/responses", status: 400, reason: "FIELD_INVALID", field: "response.answers[0].score",
			body: `{"requestId": "x", "response": {"surveyId": "visit", "answers": [{"questionId": "nps", "score": 11}]}}`,
		},
		"too large":     {method: "POST", path: "/v1/demo/responses", body: `{"requestId": "` + strings.Repeat("x", maxBody) + `"}`, status: 413},
		"out of time":   {method: "GET", path: "/v1/demo/metrics", header: []string{"Grpc-Timeout", "1n"}, status: 504},
		"a forged page": {method: "GET", path: "/v1/demo/subjects?pageToken=abc", status: 400, reason: "PAGE_TOKEN_INVALID"},
		"from elsewhere": {
			method: "POST", path: "/v1/demo/goals", body: "{}", header: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, reason: "-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			status, text, header := w.do(t, c.method, c.path, body, c.header...)
			if status != c.status {
				t.Fatalf("HTTP %d, want %d: %s", status, c.status, text)
			}
			if c.reason == "-" {
				return // refused before it reaches us
			}
			if kind := header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("content type %q", kind)
			}
			r := readRefusal(t, text)
			if r.reason() != c.reason || c.field != "" && r.field() != c.field || r.Code == 0 {
				t.Errorf("reason %q, field %q, want %q, %q: %s", r.reason(), r.field(), c.reason, c.field, text)
			}
		})
	}
}

func TestOpenAPIIsSentOnce(t *testing.T) {
	w := newWorld(t)
	status, body, header := w.get(t, "/openapi.json")
	var doc struct{ Paths map[string]any }
	if err := json.Unmarshal([]byte(body), &doc); status != 200 || err != nil || len(doc.Paths) < 20 {
		t.Fatalf("HTTP %d, %d paths, %v", status, len(doc.Paths), err)
	}
	if status, body, _ := w.get(t, "/openapi.json", "If-None-Match", header.Get("ETag")); status != http.StatusNotModified || body != "" {
		t.Errorf("HTTP %d with %d bytes to who has it", status, len(body))
	}
}

func row(line int, id string, nps int) string {
	return fmt.Sprintf(`{"line": %d, "response": {"source": "crm", "externalId": %q, "surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}],
		"answers": [{"questionId": "nps", "score": %d}], "answeredAt": "2026-03-01T10:00:00Z"}}`, line, id, nps)
}

func chunk(rows ...string) string {
	return `{"brand": "demo", "rows": [` + strings.Join(rows, ",") + `]}`
}

// TestImportAnswersWhileItReads: each chunk is answered when it is durable, before
// the next is sent: an upload of any size needs no memory and can be gone on with.
func TestImportAnswersWhileItReads(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/v1/responses:import", in)
	if err != nil {
		t.Fatal(err)
	}
	go fmt.Fprintln(out, chunk(row(1, "a", 9)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answers := json.NewDecoder(res.Body)
	for i := range 3 {
		var line struct {
			Result struct{ Recorded, Replayed int }
		}
		if err := answers.Decode(&line); err != nil || line.Result.Recorded+line.Result.Replayed != 1 {
			t.Fatalf("answer %d: %+v %v", i, line, err)
		}
		if i < 2 {
			fmt.Fprintln(out, chunk(row(i+2, []string{"a", "b"}[i], 9)))
		}
	}
	out.Close()
	if err := answers.Decode(&struct{}{}); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
}

// TestImportTellsWhereItStopped: what is durable has its answers, and a last line
// says why there are no more.
func TestImportTellsWhereItStopped(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	good := chunk(row(1, "a", 9))
	for name, c := range map[string]struct {
		body         string
		status       int
		lines        int
		field, words string
	}{
		"malformed at first": {body: "nonsense", status: 400, lines: 1, field: "chunks[0]"},
		"malformed later":    {body: good + "\n" + good + "\n{\"brand\": 5}", status: 200, lines: 3, field: "chunks[2]"},
		"too large":          {body: good + chunk(row(2, strings.Repeat("x", 2*maxBody), 9)), status: 200, lines: 2, words: "chunk 2 is larger"},
		"no such brand":      {body: `{"brand": "nobody"}`, status: 404, lines: 1, words: "nobody"},
		"cut off":            {body: good + `{"brand": "demo", "ro`, status: 200, lines: 2, field: "chunks[1]"},
		"nothing":            {body: "", status: 200, lines: 0},
	} {
		t.Run(name, func(t *testing.T) {
			status, text, _ := w.do(t, "POST", "/v1/responses:import", strings.NewReader(c.body))
			lines := strings.Split(strings.TrimSpace(text), "\n")
			if text == "" {
				lines = nil
			}
			if status != c.status || len(lines) != c.lines {
				t.Fatalf("HTTP %d with %d lines, want %d with %d: %s", status, len(lines), c.status, c.lines, text)
			}
			if c.lines == 0 {
				return
			}
			last := lines[len(lines)-1]
			if status == 200 {
				var e struct{ Error json.RawMessage }
				if err := json.Unmarshal([]byte(last), &e); err != nil || e.Error == nil {
					t.Fatalf("the last line tells no error: %s", last)
				}
				last = string(e.Error)
			}
			if r := readRefusal(t, last); c.field != "" && r.field() != c.field || !strings.Contains(r.Message, c.words) {
				t.Errorf("field %q, want %q: %s", r.field(), c.field, last)
			}
		})
	}
}
