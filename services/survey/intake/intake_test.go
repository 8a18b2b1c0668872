package intake_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

var eighth, tenth = time.Date(2024, 5, 8, 9, 0, 0, 0, time.UTC), time.Date(2024, 5, 10, 0, 0, 0, 0, time.UTC)

func TestWhichVersion(t *testing.T) {
	judge := rules(t, "UTC")
	for _, tt := range []struct {
		name        string
		survey      string
		version     int32
		experienced time.Time
		want        string
		bound       int32
	}{
		{"the newest", "visit", 0, noon, "", 2},
		{"an old one", "visit", 1, noon, "", 1},
		{"one to come", "visit", 3, noon, "SURVEY_UNKNOWN", 0},
		{"an unknown survey", "none", 0, noon, "SURVEY_UNKNOWN", 0},
		{"a draft", "draft", 0, noon, "SURVEY_NOT_OPEN", 0},
		{"before it was closed", "closed", 0, tenth, "", 2},
		{"after it was closed", "closed", 0, tenth.Add(1), "SURVEY_NOT_OPEN", 0},
	} {
		r := &surveyv1.Response{SurveyId: tt.survey, SurveyVersion: tt.version, Answers: []*surveyv1.Answer{scored("nps", 9)}, ExperiencedAt: stamp(tt.experienced)}
		ready, err := judge.Prepare(r, noon)
		if refusal(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err == nil && ready.Record.GetResponse().GetSurveyVersion() != tt.bound {
			t.Errorf("%s: bound to version %d", tt.name, ready.Record.GetResponse().GetSurveyVersion())
		}
	}
}

func TestSubjectsAtTheTime(t *testing.T) {
	judge := rules(t, "UTC")
	for _, tt := range []struct {
		name                  string
		subjects              []*commonv1.SubjectRef
		experienced, answered time.Time
		want                  string
		path                  []string
	}{
		{"nobody", nil, noon, noon, "", nil},
		{"before the move", []*commonv1.SubjectRef{store("s1")}, eighth, noon, "", []string{"s1", "west"}},
		{"after the move", []*commonv1.SubjectRef{store("s1")}, tenth, noon, "", []string{"east", "s1"}},
		{"by the answer, if nothing else is known", []*commonv1.SubjectRef{store("s1")}, time.Time{}, eighth, "", []string{"s1", "west"}},
		{"a shared parent", []*commonv1.SubjectRef{store("s2"), store("s1")}, eighth, noon, "", []string{"s1", "s2", "west"}},
		{"a store and its own region", []*commonv1.SubjectRef{region("west"), store("s1")}, eighth, noon, "", []string{"s1", "west"}},
		{"closed since", []*commonv1.SubjectRef{store("s2")}, tenth, noon, "", []string{"s2", "west"}},
		{"closed before", []*commonv1.SubjectRef{store("s1"), store("s2")}, tenth.Add(1), noon, "FIELD_INVALID subjects[1]", nil},
		{"unknown", []*commonv1.SubjectRef{store("s1"), store("s9")}, noon, noon, "SUBJECT_UNKNOWN subjects[1]", nil},
		{"twice", []*commonv1.SubjectRef{store("s1"), store("s1")}, noon, noon, "FIELD_INVALID subjects[1]", nil},
	} {
		r := visit(scored("nps", 9))
		r.Subjects, r.AnsweredAt = tt.subjects, stamp(tt.answered)
		if !tt.experienced.IsZero() {
			r.ExperiencedAt = stamp(tt.experienced)
		}
		ready, err := judge.Prepare(r, noon)
		if refusal(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil {
			continue
		}
		var path []string
		for _, n := range ready.Tally.Path {
			path = append(path, judge.Book.Ref(n).GetId())
		}
		slices.Sort(path)
		if diff := cmp.Diff(tt.path, path); diff != "" || !slices.IsSorted(ready.Tally.Named) || len(ready.Tally.Named) != len(tt.subjects) {
			t.Errorf("%s: named %v %s", tt.name, ready.Tally.Named, diff)
		}
	}
}

func identity(kind commonv1.Identity_Kind, namespace, value string) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: kind, Namespace: namespace, Value: value}}}
}

func TestTheRecordDoesNotTellWhoTheCustomerIs(t *testing.T) {
	judge := rules(t, "UTC")
	hash := func(customer *commonv1.CustomerRef) []byte {
		in := visit(scored("nps", 9))
		in.Customer, in.Id, in.Version = customer, "7", 7
		given := proto.CloneOf(in)
		ready, err := judge.Prepare(in, noon)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(given, in, protocmp.Transform()); diff != "" {
			t.Errorf("the request was changed: %s", diff)
		}
		kept := ready.Record.GetResponse()
		if kept.GetId() != "" || kept.GetVersion() != 0 || kept.GetCustomer().GetIdentity() != nil {
			t.Errorf("kept %v", kept)
		}
		if ready.Record.SealedIdentity != nil {
			// As it was given: how to read it is Segmentation's business.
			if kept, err := people.OpenIdentity(judge.Seal, "demo", ready.Record.SealedIdentity); err != nil || !proto.Equal(kept, customer.GetIdentity()) {
				t.Errorf("sealed %v, %v", kept, err)
			}
		}
		if want := customer.GetId(); ready.Tally.Customer != want || kept.GetCustomer().GetId() != want {
			t.Errorf("customer %d, want %d", ready.Tally.Customer, want)
		}
		return ready.Record.GetIdentityHash()
	}
	const email = commonv1.Identity_KIND_EMAIL
	one := hash(identity(email, "", "Ann@Example.org"))
	if !bytes.Equal(one, hash(identity(email, "", " ann@example.org"))) {
		t.Error("one customer, two hashes")
	}
	if len(one) == 0 || bytes.Equal(one, hash(identity(email, "shop", "ann@example.org"))) {
		t.Error("two namespaces, one hash")
	}
	if hash(nil) != nil || hash(&commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 42}}) != nil {
		t.Error("a hash of nobody")
	}
	judge.Brand = "other"
	in := visit(scored("nps", 9))
	in.Customer = identity(email, "", "ann@example.org")
	if ready, err := judge.Prepare(in, noon); err != nil || bytes.Equal(one, ready.Record.GetIdentityHash()) {
		t.Errorf("two brands, one hash: %v", err)
	}
}

func TestNormalise(t *testing.T) {
	const email, phone, card, external = commonv1.Identity_KIND_EMAIL, commonv1.Identity_KIND_PHONE, commonv1.Identity_KIND_CARD, commonv1.Identity_KIND_EXTERNAL
	for _, tt := range []struct {
		kind commonv1.Identity_Kind
		a, b string
		same bool
	}{
		{email, "Ann@Example.org", "ann@example.ORG ", true},
		{email, "ann@example.org", "anne@example.org", false},
		{phone, "+7 (916) 123-45-67", "+79161234567", true},
		{phone, "+7\u00a0916\u00a0123\u201145.67", "+79161234567", true},
		{phone, "+79161234567", "89161234567", false},
		{card, "1234 5678-90", "1234567890", true},
		{card, "A1", "1", false},
		{external, "id-1", "id1", false},
		{external, "A", "a", false},
	} {
		normal := func(v string) string {
			return string(intake.Normalise(&commonv1.Identity{Kind: tt.kind, Value: v}))
		}
		if same := normal(tt.a) == normal(tt.b); same != tt.same {
			t.Errorf("%v %q and %q: %v", tt.kind, tt.a, tt.b, same)
		}
	}
	if bytes.Equal(intake.Normalise(&commonv1.Identity{Kind: card, Value: "1"}), intake.Normalise(&commonv1.Identity{Kind: phone, Value: "1"})) {
		t.Error("a card is a phone")
	}
}

func TestKey(t *testing.T) {
	judge := rules(t, "UTC")
	keys := map[string]string{}
	for _, k := range [][3]string{
		{"", "", "r1"}, {"", "", "r2"}, {"market", "1", ""}, {"market", "2", ""}, {"mark", "et1", ""}, {"r1", "r1", ""},
	} {
		key := intake.Key(k[0], k[1], k[2])
		if len(key) != 16 || keys[string(key)] != "" {
			t.Errorf("%v has the key of %v", k, keys[string(key)])
		}
		keys[string(key)] = fmt.Sprint(k)
	}
	if !bytes.Equal(intake.Key("market", "1", "r1"), intake.Key("market", "1", "r2")) {
		t.Error("the natural key goes first")
	}
	if intake.Key("market", "", "") != nil {
		t.Error("a source alone is no key")
	}
	r := visit(scored("nps", 9))
	r.ExternalId = "1"
	if _, err := judge.Prepare(r, noon); refusal(err) != "FIELD_INVALID source" {
		t.Errorf("an external id of no source: %v", err)
	}
}

func TestCheckOutput(t *testing.T) {
	if err := intake.CheckOutput(visit()); err != nil {
		t.Error(err)
	}
	full := &surveyv1.Response{
		Id: "1", Version: 1, ReceivedAt: stamp(noon), CountedIn: []*commonv1.SubjectRef{store("s1")},
		Retracted: true, ChangedAt: stamp(noon), ChangeReason: "why",
	}
	want := "FIELD_INVALID id version received_at counted_in retracted changed_at change_reason"
	if got := refusal(intake.CheckOutput(full)); got != want {
		t.Errorf("%q", got)
	}
}

// Whatever is accepted counts from the log as it was judged.
func TestFactsCarryTheTally(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	judge := rules(t, "America/Sao_Paulo")
	accepted := 0
	for range 3000 {
		in := anything(random)
		ready, err := judge.Prepare(in, noon)
		if err != nil {
			continue
		}
		accepted++
		key := intake.Key(in.GetSource(), in.GetExternalId(), fmt.Sprint(accepted))
		f, err := ready.Fact(key)
		if err != nil {
			t.Fatal(err)
		}
		f.Seq = int64(accepted)
		checkFact(t, ready, &f)
		if again, _ := ready.Fact(key); !cmp.Equal(f.Body, again.Body) || !cmp.Equal(f.Data, again.Data) {
			t.Fatal("one response, two facts")
		}
	}
	if accepted < 300 {
		t.Errorf("only %d were accepted: the test says nothing", accepted)
	}
}

func checkFact(t *testing.T, ready *intake.Ready, f *feed.Fact) {
	t.Helper()
	if f.Kind != record.Response || f.Day != ready.Tally.Day || f.Day2 != ready.Tally.Live || f.Who != ready.Tally.Customer || f.Of != 0 || len(f.Key) != 16 {
		t.Fatalf("fact %+v of %+v", f, ready.Tally)
	}
	got, err := record.Tally(f)
	if err != nil {
		t.Fatal(err)
	}
	want := *ready.Tally
	want.Row = f.Seq
	if diff := cmp.Diff(&want, got, cmp.Transformer("empty", func(s []uint32) []uint32 { return append([]uint32(nil), s...) })); diff != "" {
		t.Fatal(diff)
	}
	rec, err := record.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ready.Record, rec, protocmp.Transform()); diff != "" {
		t.Fatal(diff)
	}
	if !slices.IsSortedFunc(got.Scores, func(a, b tally.Score) int { return int(a.Metric) - int(b.Metric) }) {
		t.Fatalf("scores %v", got.Scores)
	}
}

// anything is a response that is often good.
func anything(random *rand.Rand) *surveyv1.Response {
	maybe := func() bool { return random.IntN(2) == 0 }
	moment := func() *timestamppb.Timestamp { return stamp(noon.Add(-time.Duration(random.IntN(400*24)) * time.Hour)) }
	r := visit(scored("nps", 4+random.Int32N(7)))
	r.Channel, r.Mode = commonv1.Channel(random.IntN(12)), commonv1.ContactMode(random.IntN(11))
	for _, a := range []*surveyv1.Answer{
		scored("csat", 1+random.Int32N(5)), weighted("csi", 1+random.Int32N(10), 1+random.Int32N(10)), scored("never", random.Int32N(6)),
		chosen("any", "a"), text("text", "words"), expected("hope", 9, 1+random.Int32N(10)), {QuestionId: "one"},
	} {
		if maybe() {
			r.Answers = append(r.Answers, a)
		}
	}
	random.Shuffle(len(r.Answers), func(i, j int) { r.Answers[i], r.Answers[j] = r.Answers[j], r.Answers[i] })
	for _, s := range []*commonv1.SubjectRef{store("s1"), store("s2"), region("east"), region("west")} {
		if maybe() {
			r.Subjects = append(r.Subjects, s)
		}
	}
	if maybe() {
		r.AnsweredAt = moment()
	}
	if maybe() {
		r.ExperiencedAt = moment()
	}
	if maybe() {
		r.Facets = map[string]string{"basket": "big", "order.late": fmt.Sprint(random.IntN(2))}
	}
	switch random.IntN(3) {
	case 0:
		r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: 1 + random.Int64N(1<<40)}}
	case 1:
		r.Customer = identity(commonv1.Identity_KIND_PHONE, "", fmt.Sprint(random.Int64()))
	}
	return r
}
