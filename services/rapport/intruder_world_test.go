package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
)

// fortress is the whole suite in one process as `rapport serve` starts it, with an
// access.yaml, and what intruders come with.
type fortress struct {
	t        *testing.T
	conn     *grpc.ClientConn
	url      string
	dir      string
	service  string // the service token
	private  ed25519.PrivateKey
	response string // a response of STORE/1
	file     string // its case
}

const (
	issuer       = "https://issuer.test"
	plantedMail  = "planted@person.test"
	plantedPhone = "+79161234567"
	plantedName  = "Planted Store"
)

var (
	allVerbs    = []string{"read", "detail", "submit", "amend", "define", "work"}
	allSections = []string{"directory", "surveys", "scores", "goals", "responses", "cases", "customers", "segments", "contacts", "events",
		"journeys", "points", "programmes", "reports", "subscriptions", "operations"}
)

// roles are one that may do everything, one for each verb of a section that lacks that
// one alone, and one of another brand.
func roles() map[string]any {
	sections := func(but string) map[string][]string {
		out := map[string][]string{}
		for _, s := range allSections {
			out[s] = slices.DeleteFunc(slices.Clone(allVerbs), func(v string) bool { return s+"."+v == but })
		}
		return out
	}
	out := map[string]any{
		"everything": map[string]any{"brands": []string{"*"}, "sections": sections("")},
		"elsewhere":  map[string]any{"brands": []string{"sfo"}, "sections": sections("")},
		"daily":      map[string]any{"brands": []string{"demo"}, "sections": sections(""), "finest": "day"},
		"monthly":    map[string]any{"brands": []string{"demo"}, "sections": sections(""), "finest": "month"},
		"metric":     map[string]any{"brands": []string{"demo"}, "sections": sections(""), "operations": []string{"GetMetric"}},
		"wide":       map[string]any{"brands": []string{"demo"}, "sections": sections(""), "wide": []string{"segments"}},
		"scores":     map[string]any{"brands": []string{"demo"}, "sections": sections(""), "wide": []string{"scores"}},
		"claimed":    map[string]any{"brands": []string{"demo"}, "sections": sections(""), "subjects_from": "stores"},
	}
	for _, s := range allSections {
		for _, v := range allVerbs {
			out["no."+s+"."+v] = map[string]any{"brands": []string{"demo"}, "sections": sections(s + "." + v)}
		}
	}
	return out
}

func newFortress(t *testing.T, more ...string) *fortress {
	t.Helper()
	f := &fortress{t: t, dir: t.TempDir(), service: "the-planted-service-token"}
	f.ok(makeKey(f.dir))
	f.private = f.key()
	f.write("token", f.service)
	text, err := json.Marshal(map[string]any{
		"issuers": []any{map[string]any{"issuer": issuer, "audience": "rapport", "keys": filepath.Join(f.dir, publicFile)}},
		"roles":   roles(),
	}) // JSON is YAML
	f.ok(err)
	f.write("access.yaml", string(text))
	logs, err := os.Create(filepath.Join(f.dir, "log"))
	f.ok(err)
	stderr := os.Stderr
	os.Stderr = logs // the process logs there
	set, flags, cfg := config.New(nil), pflag.NewFlagSet("serve", pflag.ContinueOnError), &serving{}
	set.Bind(flags, cfg)
	f.ok(flags.Parse(append([]string{
		"--grpc=127.0.0.1:0", "--http=127.0.0.1:0", "--data=" + filepath.Join(f.dir, "data"), "--access=" + filepath.Join(f.dir, "access.yaml"),
		"--token-file=" + filepath.Join(f.dir, "token"), "--audit=" + filepath.Join(f.dir, "audit"), "--grace=5s", "--rate=100000", "--log-level=DEBUG",
	}, more...)))
	s, err := start(t.Context(), cfg, services)
	os.Stderr = stderr
	f.ok(err)
	t.Cleanup(func() { f.ok(s.stop(context.Background(), nil)) })
	f.url = "http://" + s.app.HTTPAddr().String()
	f.conn, err = grpc.NewClient(s.app.GRPCAddr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	f.ok(err)
	t.Cleanup(func() { f.conn.Close() })
	return f
}

func (f *fortress) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fortress) write(name, text string) {
	f.ok(os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
}

func (f *fortress) read(name string) string {
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	f.ok(err)
	return string(text)
}

// key reads the private key that rapport token keys made.
func (f *fortress) key() ed25519.PrivateKey {
	var k ownKey
	f.ok(json.Unmarshal([]byte(f.read(privateFile)), &k))
	seed, err := base64.RawURLEncoding.DecodeString(k.D)
	f.ok(err)
	return ed25519.NewKeyFromSeed(seed)
}

// token signs claims, on top of those of a good token.
func (f *fortress) token(more jwt.MapClaims) string {
	return f.signed(jwt.SigningMethodEdDSA, f.private, more)
}

func (f *fortress) signed(by jwt.SigningMethod, key any, more jwt.MapClaims) string {
	claims := jwt.MapClaims{"iss": issuer, "aud": "rapport", "sub": "intruder", "roles": []string{"everything"}, "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, more)
	text, err := jwt.NewWithClaims(by, claims).SignedString(key)
	f.ok(err)
	return text
}

// with shows a token; an empty one shows none.
func (f *fortress) with(token string) context.Context {
	if token == "" {
		return f.t.Context()
	}
	return metadata.AppendToOutgoingContext(f.t.Context(), "authorization", "Bearer "+token)
}

// strangers are those of whom nobody knows who they are.
func (f *fortress) strangers() map[string]string {
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	f.ok(err)
	public := []byte(f.private.Public().(ed25519.PublicKey))
	return map[string]string{
		"no token":         "",
		"rubbish":          "rubbish",
		"expired":          f.token(jwt.MapClaims{"exp": time.Now().Add(-time.Minute).Unix()}),
		"without an end":   f.token(jwt.MapClaims{"exp": nil}),
		"not yet":          f.token(jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}),
		"wrong signature":  f.signed(jwt.SigningMethodEdDSA, foreign, nil),
		"unsigned":         f.signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"by a public key":  f.signed(jwt.SigningMethodHS256, public, nil),
		"another audience": f.token(jwt.MapClaims{"aud": "somebody"}),
		"another issuer":   f.token(jwt.MapClaims{"iss": "https://other.test"}),
		"of nobody":        f.token(jwt.MapClaims{"sub": ""}),
		"odd claims":       f.token(jwt.MapClaims{"roles": 7}),
	}
}

// methods are all RPCs that the process serves, as it says itself, but those of gRPC.
func (f *fortress) methods() []protoreflect.MethodDescriptor {
	stream, err := reflectionpb.NewServerReflectionClient(f.conn).ServerReflectionInfo(f.with(f.service))
	f.ok(err)
	f.ok(stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
	got, err := stream.Recv()
	f.ok(err)
	f.ok(stream.CloseSend())
	var out []protoreflect.MethodDescriptor
	for _, s := range got.GetListServicesResponse().GetService() {
		if strings.HasPrefix(s.GetName(), "grpc.") {
			continue
		}
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(s.GetName()))
		f.ok(err)
		methods := d.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			out = append(out, methods.Get(i))
		}
	}
	if len(out) < 90 {
		f.t.Fatalf("only %d RPCs", len(out))
	}
	return out
}

func path(m protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", m.Parent().FullName(), m.Name())
}

func storeRef(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: id}
}

func employeeRef(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE, Id: id}
}

// plant brings two stores of a region with answers: one of STORE/1 opened a case.
func (f *fortress) plant() {
	ctx, client := f.with(f.service), surveyv1.NewSurveyServiceClient(f.conn)
	region := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "R"}
	below := []*surveyv1.ParentLink{{Parent: region}}
	_, err := client.UpsertSubjects(ctx, &surveyv1.UpsertSubjectsRequest{Brand: "demo", Subjects: []*surveyv1.Subject{
		{Ref: region, Name: "Region"}, {Ref: storeRef("1"), Name: plantedName, Parents: below}, {Ref: storeRef("2"), Name: "Second", Parents: below},
		{Ref: employeeRef("a")}, {Ref: employeeRef("b")},
	}})
	f.ok(err)
	_, err = client.UpsertMetrics(ctx, &surveyv1.UpsertMetricsRequest{Brand: "demo", Metrics: []*surveyv1.Metric{{Name: "nps", Kind: surveyv1.MetricKind_METRIC_KIND_NPS}}})
	f.ok(err)
	_, err = client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{Brand: "demo", Survey: &surveyv1.Survey{Id: "visit", Kind: surveyv1.SurveyKind_SURVEY_KIND_TRIGGERED, Draft: &surveyv1.Questionnaire{
		Questions: []*surveyv1.Question{{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps"}},
		Facets:    []string{"age"}, PersonalFacets: []string{"age"},
		CaseRules: []*surveyv1.CaseRule{{Cause: "low", Queue: "store", DueIn: durationpb.New(time.Hour), Conditions: []*surveyv1.Condition{
			{QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Max: 6}}},
		}}},
	}}})
	f.ok(err)
	_, err = client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Brand: "demo", SurveyId: "visit"})
	f.ok(err)
	for i, at := range []string{"1", "1", "2", "2", "2", "2", "2", "2", "2"} {
		age := "young"
		if i > 6 {
			age = "old"
		}
		mail := plantedMail
		if i > 0 {
			mail = fmt.Sprintf("planted%d@person.test", i)
		}
		subjects := []*commonv1.SubjectRef{storeRef(at)}
		if i > 1 {
			subjects = append(subjects, employeeRef([]string{"a", "b"}[i/8]))
		}
		r, err := client.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Brand: "demo", RequestId: fmt.Sprint(i), Response: &surveyv1.Response{
			SurveyId: "visit", Subjects: subjects, Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_QR,
			Facets:   map[string]string{"age": age},
			Answers:  []*surveyv1.Answer{{QuestionId: "nps", Value: &surveyv1.Answer_Score{Score: int32(i)}}},
			Customer: &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: mail}}},
		}})
		f.ok(err)
		if i == 0 {
			f.response = r.GetId()
		}
		_, err = journeyv1.NewJourneyServiceClient(f.conn).RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: "demo", Events: []*journeyv1.Event{{
			Kind: "purchase", Subjects: []*commonv1.SubjectRef{storeRef(at)}, OccurredAt: timestamppb.Now(), Source: "till", ExternalId: fmt.Sprint(i),
		}}})
		f.ok(err)
	}
	for f.file == "" {
		all, err := client.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: "demo", ResponseIds: []string{f.response}})
		f.ok(err)
		if len(all.GetCases()) > 0 {
			f.file = all.GetCases()[0].GetId()
		}
	}
}

// rule is what an RPC needs of its caller.
func rule(t *testing.T, m protoreflect.MethodDescriptor) *access.Rule {
	r := access.RuleOf(path(m))
	if r == nil {
		t.Fatalf("%s has no rule in internal/access: nobody but neighbours may call it", path(m))
	}
	return r
}

// revoke takes back the token of an id, and no other.
func (f *fortress) revoke(id string) {
	var file map[string]any
	f.ok(json.Unmarshal([]byte(f.read("access.yaml")), &file))
	file["revoked"] = []any{map[string]any{"token": id}}
	text, err := json.Marshal(file)
	f.ok(err)
	f.write("access.yaml.new", string(text))
	f.ok(os.Rename(filepath.Join(f.dir, "access.yaml.new"), filepath.Join(f.dir, "access.yaml")))
}
