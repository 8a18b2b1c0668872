package access

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

func loaded(t *testing.T, text string) error {
	t.Helper()
	name := filepath.Join(t.TempDir(), "access.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(Config{File: name}, brands, true)
	return err
}

// A word that nobody knows would be a restriction that nobody keeps.
func TestFileIsReadWholeOrNotAtAll(t *testing.T) {
	issuer := "issuers: [{issuer: a, audience: b, jwks: 'https://a.test/keys'}]\n"
	role := func(text string) string { return issuer + "roles: {r: {" + text + "}}" }
	for text, want := range map[string]string{
		role("brands: [demo]"): "",
		"roles: {}":            "issuers",
		"issuers: [{issuer: a, jwks: 'https://a.test'}]":                            "audience",
		"issuers: [{issuer: a, audience: b}]":                                       "jwks or keys",
		"issuers: [{issuer: a, audience: b, jwks: 'http://a.test'}]":                "https",
		"issuers: [{issuer: a, audience: b, keys: nowhere.json}]":                   "nowhere.json",
		issuer + "rolls: {}":                                                        "rolls",
		role("sections: {scores: [read]}"):                                          "brands",
		role("brands: [demmo]"):                                                     "demmo",
		role("brands: [demo], sections: {score: [read]}"):                           "score",
		role("brands: [demo], sections: {scores: [reed]}"):                          "reed",
		role("brands: [demo], subjects: [SHOP/1]"):                                  "SHOP/1",
		role("brands: [demo], subjects: [STORE/1], subjects_from: x"):               "either",
		role("brands: [demo], finest: year"):                                        "finest",
		role("brands: [demo], wide: [everything]"):                                  "wide",
		role("brands: [demo], operations: [GetMetrics]"):                            "GetMetrics",
		role("brands: [demo], operations: [GetMetric], sections: {scores: [read]}"): "",
	} {
		err := loaded(t, text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestExampleIsGood(t *testing.T) {
	text, err := os.ReadFile("../../deploy/access.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(keys, []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := loaded(t, strings.ReplaceAll(string(text), "/etc/rapport-access/keys.json", keys)); err != nil {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	now := time.Now()
	g := &Guard{limits: newLimits(2), clock: func() time.Time { return now }}
	r := RuleOf("/rapport.survey.v1.SurveyService/GetMetric")
	of := func(name string) error { return g.Limit(With(context.Background(), &Principal{Name: name}, r)) }
	for i := range 10 {
		if err := of("a"); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	err := of("a")
	if e := fault.From(err); !fault.Is(err, commonv1.Reason_REASON_RATE_LIMITED) || e.RetryAfter <= 0 || e.RetryAfter > time.Second/2 {
		t.Errorf("the eleventh: %v", err)
	}
	if of("b") != nil {
		t.Error("another one pays for it")
	}
	now = now.Add(500 * time.Millisecond)
	if of("a") != nil || of("a") == nil {
		t.Error("half a second is one call")
	}
	if g.Limit(With(context.Background(), service, r)) != nil {
		t.Error("a neighbour is counted")
	}
}

func TestAuditTellsNumbersAlone(t *testing.T) {
	var out bytes.Buffer
	g := &Guard{}
	g.AuditTo(&out)
	who := &Principal{Name: "here " + pseudonym("ann@shop.test")}
	ctx := With(context.Background(), who, RuleOf("/rapport.survey.v1.SurveyService/ListResponses"))
	if !g.Audited(ctx) || g.Audited(With(context.Background(), who, RuleOf("/rapport.survey.v1.SurveyService/GetMetric"))) {
		t.Error("what is recorded is not what is read of persons")
	}
	ref := func(id int64) *commonv1.CustomerRef {
		return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
	}
	mail := &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: 1, Value: "bob@shop.test"}}}
	list := &surveyv1.ListResponsesResponse{Responses: []*surveyv1.Response{{Id: "77", Customer: ref(9)}, {Customer: ref(3)}, {Customer: ref(9)}, {Customer: mail}}}
	g.Record(ctx, "/x.Y/Z", "demo", "OK", Persons(list, nil))
	line := out.String()
	if !strings.Contains(line, `"kind":"audit"`) || !strings.Contains(line, `"customers":[3,9]`) || !strings.Contains(line, "sha256:") || strings.Contains(line, "shop.test") {
		t.Error(line)
	}
	for subject, opaque := range map[string]bool{"auth0|17": true, "7a-b.c": true, "+79161234567": false, "89161234567": false, "a@b.c": false, "Ann Lee": false} {
		if (pseudonym(subject) == subject) != opaque {
			t.Errorf("%q is told as %q", subject, pseudonym(subject))
		}
	}
}
