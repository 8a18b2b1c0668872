package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// TestLinksOnTheCommandLine makes a poster and a mailing, lists, counts and revokes them.
func TestLinksOnTheCommandLine(t *testing.T) {
	data, where := t.TempDir(), t.TempDir()
	must(t, "demo", "--embedded", "--data", data, "--stores", "24", "--responses", "100", "--days", "5")
	in := func(args ...string) []string {
		return append(append([]string{"survey"}, args...), "--embedded", "--data", data)
	}
	svg, picture := filepath.Join(where, "door.svg"), filepath.Join(where, "door.png")
	var made surveyv1.CreateSurveyLinkResponse
	text := must(t, in("link", "visit", "--channel", "store", "--qr", svg, "--request-id", "door", "--json")...)
	if err := protojson.Unmarshal([]byte(text), &made); err != nil || !made.GetLink().GetOpen() {
		t.Fatal(text, err)
	}
	text = must(t, in("link", "visit", "--channel", "store", "--qr", picture, "--request-id", "door", "--public", "https://ask.example.com/")...)
	if !strings.Contains(text, "https://ask.example.com/s/"+made.GetLink().GetToken()+"\n") {
		t.Errorf("the same request: %s", text)
	}
	if drawn, err := os.ReadFile(svg); err != nil || !bytes.HasPrefix(drawn, []byte("<svg ")) || !bytes.Contains(drawn, []byte("M4 4h1v1h-1z")) {
		t.Errorf("%.80s %v", drawn, err)
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if code, err := png.Decode(f); err != nil || code.Bounds().Dx() < 500 {
		t.Error(err)
	}
	file := filepath.Join(where, "people.csv")
	if err := os.WriteFile(file, []byte("customer,order,locale\nEMAIL:anna@example.com,o1,ru\nEMAIL:boris@example.com,o2,en\nEMAIL:anna@example.com,o3,ru\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mailing := in("invite", "visit", file, "--campaign", "march", "--channel", "store", "--mode", "email")
	first, err := rapport(t, mailing...)
	if exitCode(err) != 2 || strings.Count(first, "/s/demo.") != 2 || !strings.Contains(first, "4,EMAIL:anna@example.com,,the customer may not be contacted so") {
		t.Errorf("%s %v", first, err)
	}
	if again, err := rapport(t, mailing...); exitCode(err) != 2 || again != first {
		t.Errorf("a second run: %s %v", again, err)
	}
	if text = must(t, in("rate")...); !strings.Contains(text, "response rate") || !strings.Contains(text, "0.0 % (0.0 to 65.8)") {
		t.Error(text)
	}
	must(t, in("revoke", made.GetLink().GetId())...)
	if text = must(t, in("links")...); !strings.Contains(text, "revoked") {
		t.Error(text)
	}
	for _, wrong := range [][]string{
		{"link", "visit", "--qr", "x.gif"}, {"link", "visit", "--customer", "anna"}, {"link", "visit", "--subject", "101"}, {"link", "visit", "--channel", "moon"},
		{"link", "visit", "--experienced", "yesterday"}, {"link", "none"}, {"link", "visit", "--public", "here"}, {"revoke", "1"}, {"invite", "visit", file}, {"invite", "visit", picture, "--campaign", "x"},
	} {
		if out, err := rapport(t, in(wrong...)...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
}
