package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// counts are what the JSON of an answer says, as far as the test looks.
type counts struct {
	Members, Persons string
	Ids              []string
	Segment          struct{ Id, Members string }
	Segments         []struct{ Id, Members string }
	Run              struct{ Persons string }
	Cells            []struct{ Persons string }
	Chosen, Rest     struct {
		Persons       string
		Scores        []struct{ Score struct{ Value *float64 } }
		Distributions []struct {
			Buckets []struct{ Value, Persons string }
		}
	}
	Migration struct {
		Units string
		Cells []struct{ Units string }
	}
}

// TestSegmentsFromTheCommandLine: what the commands say agrees with each other.
func TestSegmentsFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	at := []string{"--embedded", "--data", data}
	must(t, append([]string{"demo", "--stores", "20", "--responses", "300", "--days", "40"}, at...)...)
	ask := func(args ...string) (out counts) {
		t.Helper()
		decode(t, must(t, slices.Concat(args, at, []string{"--json"})...), &out)
		return out
	}
	toddlers := ask("segment", "preview", "--expression", `attributes.family.youngest == "toddler"`)
	if toddlers.Members == "0" || toddlers.Persons == "0" {
		t.Errorf("preview: %+v", toddlers)
	}
	if list := ask("segment", "list"); len(list.Segments) != 7 || list.Segments[5].Id != "toddlers" || list.Segments[5].Members != toddlers.Members {
		t.Errorf("list: %+v", list.Segments)
	}
	file := filepath.Join(data, "small.yaml")
	if err := os.WriteFile(file, []byte("id: small\ntitles: {en: Babies and toddlers}\nrule:\n  expression: attributes.family.youngest in ['baby', 'toddler']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := ask("segment", "create", "--file", file)
	if made.Segment.Id != "small" {
		t.Errorf("create: %+v", made)
	}
	babies := ask("segment", "create", "babies", "--difference", "small,toddlers", "--title", "en=Babies")
	if members := ask("segment", "members", "babies"); members.Members != babies.Segment.Members || len(members.Ids) == 0 {
		t.Errorf("members: %+v of %+v", members, babies)
	}
	if sample := ask("segment", "sample", "small", "--size", "3"); len(sample.Ids) != 3 {
		t.Errorf("sample: %+v", sample)
	}
	panel := ask("segment", "panel", "--segment", "small", "--where", "!attributes.family.youngest=baby", "--show", "attributes.problem", "--metric", "nps.network", "--rest")
	if panel.Chosen.Persons != toddlers.Members || len(panel.Rest.Distributions) != 1 || panel.Rest.Scores[0].Score.Value == nil {
		t.Errorf("panel: %+v", panel)
	}
	if grid := ask("rfm", "grid"); grid.Run.Persons == "0" || len(grid.Cells) < 10 {
		t.Errorf("grid: %+v", grid.Run)
	}
	if moves := ask("segment", "compare", "--from", "2026-01-01", "--over", "recency"); moves.Migration.Units == "0" {
		t.Errorf("compare: %+v", moves)
	}
	for _, args := range [][]string{
		{"segment", "show", "babies"}, {"segment", "fields"}, {"segment", "templates"}, {"segment", "value", "small", "--grain", "month"},
		{"segment", "explain", "small", "1"}, {"segment", "compare", "small", "toddlers"}, {"rfm", "compute"}, {"rfm", "grid"},
		{"segment", "update", "babies", "--rfm", "R45"}, {"segment", "preview", "--template", "active", "--parameter", "days=30"},
		{"segment", "watch", "babies", "--stop-after", "1"}, {"segment", "panel", "--range", "attributes.birth.year=1980..", "--show", "attributes.city"},
		{"segment", "archive", "babies"}, {"segment", "list", "--archived"},
	} {
		if out := must(t, append(args, at...)...); strings.TrimSpace(out) == "" || strings.Contains(out, "%!") {
			t.Errorf("%v says %q", args, out)
		}
	}
}

func TestRulesAreRead(t *testing.T) {
	for _, c := range []struct {
		say  ruling
		want string
	}{
		{ruling{Expression: "purchases.count > 1"}, "purchases.count > 1"}, {ruling{RFM: "r45f5"}, "RFM R45F5"}, {ruling{List: []string{"1", " 2"}}, "list of 2"},
		{ruling{Union: []string{"a", "b"}}, "union of a, b"}, {ruling{Difference: []string{"a", "b"}}, "difference of a, b"},
	} {
		s, err := c.say.whole()
		if err != nil || ruleText(s) != c.want {
			t.Errorf("%+v: %q, %v", c.say, ruleText(s), err)
		}
	}
	for _, c := range []struct {
		say  ruling
		want string
	}{
		{ruling{}, "no rule"}, {ruling{Expression: "true", RFM: "R1"}, "one rule at a time"}, {ruling{RFM: "R9"}, "R45F5"}, {ruling{RFM: "5"}, "R45F5"},
		{ruling{List: []string{"x"}}, "customer numbers"}, {ruling{Template: "a", Parameters: []string{"b"}}, "NAME=VALUE"}, {ruling{File: "none.yaml"}, "none.yaml"},
	} {
		if _, err := c.say.whole(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.say, err)
		}
	}
}

func TestPanelFiltersAreRead(t *testing.T) {
	c := filtering{Where: []string{"attributes.city=Omsk", "attributes.city=Tver", "!attributes.vip=true"}, Range: []string{"attributes.born=1980..1990"}, Segment: []string{"!best"}}
	got, err := c.query("demo")
	if err != nil {
		t.Fatal(err)
	}
	low, high := 1980.0, 1990.0
	field := func(not bool, f *segmentationv1.FieldFilter) *segmentationv1.PanelFilter {
		return &segmentationv1.PanelFilter{Not: not, Filter: &segmentationv1.PanelFilter_Field{Field: f}}
	}
	want := []*segmentationv1.PanelFilter{
		{Not: true, Filter: &segmentationv1.PanelFilter_SegmentId{SegmentId: "best"}},
		field(false, &segmentationv1.FieldFilter{Field: "attributes.city", Values: []string{"Omsk", "Tver"}}),
		field(true, &segmentationv1.FieldFilter{Field: "attributes.vip", Values: []string{"true"}}),
		field(false, &segmentationv1.FieldFilter{Field: "attributes.born", AtLeast: &low, AtMost: &high}),
	}
	if diff := cmp.Diff(want, got.GetFilters(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []filtering{{Where: []string{"city"}}, {Range: []string{"born=1980"}}, {Range: []string{"born=.."}}, {Range: []string{"born=a..b"}}} {
		if _, err := wrong.query("demo"); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}
