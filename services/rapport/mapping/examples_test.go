package mapping

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

const root = "../../../"

// realData is the folder of real files; in CI it must be there.
func realData(t testing.TB, name string) string {
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

// read makes all messages of blocks; any reject fails the test.
func read[M proto.Message](t *testing.T, d *Data, blocks []*Block) []M {
	t.Helper()
	var out []M
	for _, b := range blocks {
		var zero M
		rows, err := d.Open(b, func() proto.Message { return zero.ProtoReflect().New().Interface() })
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for {
			row, err := rows.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Message != nil {
				out = append(out, row.Message.(M))
			}
		}
	}
	return out
}

func open(t *testing.T, file, folder string) (*Mapping, *Data) {
	t.Helper()
	dir := realData(t, folder)
	m, err := Load(root + "deploy/examples/" + file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Data(dir, nil, func(r *Reject) { t.Error(r) })
	if err != nil {
		t.Fatal(err)
	}
	return m, d
}

// tally counts answers to one question by score.
type tally [11]int

func (c tally) n() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

func (c tally) share(from int) float64 {
	hits := 0
	for score := from; score <= 10; score++ {
		hits += c[score]
	}
	return 100 * float64(hits) / float64(c.n())
}

func (c tally) nps() float64 {
	low := 0
	for score := 0; score <= 6; score++ {
		low += c[score]
	}
	return c.share(9) - 100*float64(low)/float64(c.n())
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.005 {
		t.Errorf("%s is %.4f, want %.2f", what, got, want)
	}
}

// scores tallies a question in total (key "") and by subject ("REGION SP").
func scores(t *testing.T, responses []*surveyv1.Response, question string) map[string]*tally {
	t.Helper()
	out := map[string]*tally{"": {}}
	for _, r := range responses {
		for _, a := range r.GetAnswers() {
			if a.GetQuestionId() != question {
				continue
			}
			out[""][a.GetScore()]++
			for _, s := range r.GetSubjects() {
				key := strings.TrimPrefix(s.GetKind().String(), "SUBJECT_KIND_") + " " + s.GetId()
				if out[key] == nil {
					out[key] = &tally{}
				}
				out[key][a.GetScore()]++
			}
		}
	}
	return out
}

func TestOlist(t *testing.T) {
	m, d := open(t, "olist/reviews.yaml", "olist")
	responses := read[*surveyv1.Response](t, d, m.Responses)
	got := scores(t, responses, "score")
	if want := (tally{1: 2638, 2: 382, 3: 667, 4: 1184, 5: 3354}); *got[""] != want || len(responses) != 8225 {
		t.Errorf("%d responses with scores %v, want 8225 with %v", len(responses), *got[""], want)
	}
	for state, want := range map[string]struct {
		n    int
		csat float64
	}{"SP": {3488, 57.48}, "RJ": {1182, 44.92}} {
		c := got["REGION "+state]
		if c.n() != want.n {
			t.Errorf("%s has %d answers, want %d", state, c.n(), want.n)
		}
		near(t, "CSAT of "+state, c.share(4), want.csat)
	}
	keys := map[string]bool{}
	known := map[string]bool{}
	for _, s := range read[*surveyv1.Subject](t, d, m.Subjects) {
		known[s.GetRef().String()] = true
	}
	var pairs, several, none, lines, titles, comments, delivered int
	for _, r := range responses {
		keys[r.GetExternalId()] = true
		sellers := 0
		for _, s := range r.GetSubjects() {
			if !known[s.String()] {
				t.Fatalf("%v is not in the directory", s)
			}
			if s.GetKind() == commonv1.SubjectKind_SUBJECT_KIND_SELLER {
				sellers++
			}
		}
		pairs += sellers
		if sellers > 1 {
			several++
		}
		if sellers == 0 {
			none++
		}
		for _, a := range r.GetAnswers() {
			switch {
			case a.GetQuestionId() == "title":
				titles++
			case a.GetQuestionId() == "comment":
				comments++
				if strings.Contains(a.GetText(), "\n") {
					lines++
				}
			}
		}
		if e := r.GetExperiencedAt(); e != nil {
			delivered++
			if e.AsTime().After(r.GetAnsweredAt().AsTime()) {
				t.Fatalf("%s was answered before it was experienced", r.GetExternalId())
			}
		}
	}
	for what, n := range map[string][2]int{
		"keys": {len(keys), 8225}, "pairs": {pairs, 7523}, "several sellers": {several, 74}, "no seller": {none, 778},
		"comments of several lines": {lines, 436}, "titles": {titles, 980}, "comments": {comments, 4113},
		"regions, sellers and the network": {len(known), 27 + 1610 + 1}, "with a delivery": {delivered, 5238 - 282},
	} {
		if n[0] != n[1] {
			t.Errorf("%s: %d, want %d", what, n[0], n[1])
		}
	}
	first := responses[0]
	if at := first.GetAnsweredAt().AsTime(); !at.Equal(time.Date(2018, 8, 15, 7, 10, 37, 0, time.UTC)) {
		t.Errorf("answered at %v, want 04:10:37 in São Paulo", at)
	}
}

func TestSFO(t *testing.T) {
	m, d := open(t, "sfo/passengers-2017.yaml", "sfo")
	responses := read[*surveyv1.Response](t, d, m.Responses)
	got := scores(t, responses, "recommend")
	all, g := got[""], got["STORE G"]
	if len(responses) != 2831 || all.n() != 2746 || all[9]+all[10] != 1436 || all[7]+all[8] != 968 || g.n() != 625 {
		t.Errorf("%d responses, scores %v, in G %v", len(responses), *all, *g)
	}
	near(t, "NPS", all.nps(), 39.84)
	near(t, "NPS of G", g.nps(), 32.96)
	airport := scores(t, responses, "airport")[""]
	if want := (tally{1: 6, 2: 32, 3: 444, 4: 1507, 5: 699}); *airport != want {
		t.Errorf("the airport as a whole is rated %v, want %v", *airport, want)
	}
	if n := len(m.Metrics); n != 27 || len(m.Surveys[0].GetDraft().GetQuestions()) != n {
		t.Errorf("%d metrics, %d questions, want 27 of each", n, len(m.Surveys[0].GetDraft().GetQuestions()))
	}
	for _, r := range responses {
		if at := r.GetExperiencedAt().AsTime().In(mustZone(t)); at.Year() != 2017 || at.Month() != time.May {
			t.Fatalf("%s was experienced on %v", r.GetExternalId(), at)
		}
	}
	if at := responses[0].GetExperiencedAt().AsTime(); !at.Equal(time.Date(2017, 5, 13, 16, 30, 0, 0, time.UTC)) {
		t.Errorf("first flight left at %v, want 09:30 in San Francisco", at)
	}
}

func mustZone(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestSFO2016(t *testing.T) {
	m, d := open(t, "sfo/passengers-2016.yaml", "sfo")
	responses := read[*surveyv1.Response](t, d, m.Responses)
	airport := *scores(t, responses, "airport")[""]
	if want := (tally{1: 7, 2: 51, 3: 497, 4: 1633, 5: 731}); len(responses) != 3087 || airport != want {
		t.Errorf("%d responses, the airport as a whole is rated %v, want %v", len(responses), airport, want)
	}
	later, err := Load(root + "deploy/examples/sfo/passengers-2017.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// The same metrics, or one import would refuse or rename the other's.
	for i, metric := range m.Metrics {
		if !proto.Equal(metric, later.Metrics[i+1]) {
			t.Errorf("%v differs from %v", metric, later.Metrics[i+1])
		}
	}
}

// What the documentation shows must be right.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(root + "deploy/examples/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []*Mapping
	for _, rest := range strings.Split(string(text), "```yaml\n")[1:] {
		example, _, _ := strings.Cut(rest, "```")
		m, err := Parse([]byte(example), "README.md")
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, m)
	}
	if len(found) != 2 || len(found[0].Subjects) != 2 || len(found[0].Responses) != 1 || len(found[0].Surveys) != 1 ||
		len(found[1].Customers) != 1 || len(found[1].Events) != 1 || len(found[1].Attributes) != 2 || len(found[1].Kinds) != 1 {
		t.Errorf("%+v", found)
	}
}
