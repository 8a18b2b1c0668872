package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
)

// TestFeedbackAndReplies: what is said of an order is recorded once, its store replies,
// and the brand withholds the reply and lets it be seen again.
func TestFeedbackAndReplies(t *testing.T) {
	data := t.TempDir()
	must(t, "demo", "--embedded", "--data", data, "--stores", "24", "--responses", "300", "--days", "5")
	in := func(args ...string) []string { return append(args, "--embedded", "--data", data) }
	file := filepath.Join(t.TempDir(), "said.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`author: {customer: {id: 1}}
parts:
  - {subject: {kind: SUBJECT_KIND_STORE, id: s0001}, survey_id: visit, answers: [{question_id: nps, score: 9}, {question_id: csat, score: 5}]}
  - {subject: {kind: SUBJECT_KIND_STORE, id: nowhere}, survey_id: visit, answers: [{question_id: nps, score: 9}, {question_id: csat, score: 5}]}
`)
	text, err := rapport(t, in("report", "feedback", "o-1", file, "--json")...)
	got := &reportv1.ReportFeedbackResponse{}
	if bad := protojson.Unmarshal([]byte(text), got); exitCode(err) != 2 || bad != nil || got.GetComplete() || got.GetResults()[0].GetResponseId() == "" || got.GetResults()[1].GetError() == nil {
		t.Fatal(text, err, bad)
	}
	id := got.GetResults()[0].GetResponseId()
	if text, err = rapport(t, in("report", "feedback", "o-1", file)...); exitCode(err) != 2 || !strings.Contains(text, id+"  recorded before") || !strings.Contains(text, "store:nowhere") {
		t.Error(text, err)
	}
	reply := in("survey", "reply", id, "--subject", "STORE:s0001", "--text", "Thank you.", "--in-public", "--author", "The store")
	if text = must(t, reply...); !strings.Contains(text, "reply of store:s0001, version ") || !strings.Contains(text, ", public\nThank you.") {
		t.Error(text)
	}
	if text = must(t, reply...); !strings.Contains(text, "as it was before") {
		t.Error(text)
	}
	moderate := []string{"survey", "moderate", id, "--subject", "STORE:s0001"}
	if text = must(t, in(append(moderate, "--withhold", "--reason", "names somebody")...)...); !strings.Contains(text, "withheld: names somebody") {
		t.Error(text)
	}
	if text = must(t, in(append(moderate, "--release")...)...); !strings.Contains(text, ", public\n") {
		t.Error(text)
	}
	write("author: [")
	for _, wrong := range [][]string{moderate, append(moderate, "--withhold", "--release"), {"survey", "reply", id, "--subject", "STORE:s0001"}, {"survey", "reply", id, "--text", "x"}, {"survey", "reply", "none", "--subject", "STORE:s0001", "--text", "x"},
		{"report", "feedback", "o-1", file}, {"report", "feedback", "o-1", file + ".none"}, {"report", "heat-map", "--kind", "MOON"}, {"report", "heat-map", "--under", "x"}, {"report", "heat-map", "--to", "x"}, {"report", "heat-map", "--metric", "none"}} {
		if out, err := rapport(t, in(wrong...)...); err == nil || exitCode(err) == 2 {
			t.Errorf("%v: %s %v", wrong, out, err)
		}
	}
	text = must(t, in("report", "heat-map", "--under", "REGION:moscow", "--days", "30", "--min-n", "5", "--metric", "nps.network,csi.visit")...)
	if !strings.Contains(text, "tier  name") || !strings.Contains(text, "nps.network") || !strings.Contains(text, "all together") || !strings.Contains(text, "as of 20") {
		t.Error(text)
	}
	if text = must(t, in("report", "heat-map", "--class", "format", "--from", "2026-01-01", "--json")...); !strings.Contains(text, `"sections"`) {
		t.Error(text)
	}
}
