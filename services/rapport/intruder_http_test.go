package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// ask asks over HTTP, not following where it is sent.
func (f *fortress) ask(method, path, body string, header ...string) (int, string, http.Header) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	f.ok(err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	got, err := http.DefaultTransport.RoundTrip(req)
	f.ok(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	f.ok(err)
	return got.StatusCode, string(text), got.Header
}

// route is one that the gateway answers.
type route struct{ method, path string }

// routes are those of the OpenAPI document, and all pages that link to each other.
func (f *fortress) routes() (calls, pages []route) {
	var live []route // what keeps them true
	_, text, _ := f.ask("GET", "/openapi.json", "", "Authorization", "Bearer "+f.service)
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	f.ok(json.Unmarshal([]byte(text), &doc))
	for path, methods := range doc.Paths {
		for method := range methods {
			calls = append(calls, route{strings.ToUpper(method), path})
		}
	}
	seen, todo := map[string]bool{}, []string{"/"}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		pages = append(pages, route{"GET", path})
		_, text, _ := f.ask("GET", path+"?brand=demo", "", "Authorization", "Bearer "+f.service)
		for _, m := range regexp.MustCompile(`href="(/[a-z][a-z/.-]*)[?"]`).FindAllStringSubmatch(text, -1) {
			todo = append(todo, m[1])
		}
		for _, m := range regexp.MustCompile(`data-live="(/live[a-z/.-]*)`).FindAllStringSubmatch(text, -1) {
			live = append(live, route{"GET", m[1]})
		}
	}
	if len(calls) < 90 || len(pages) < 10 {
		f.t.Fatalf("%d calls and %d pages: %v", len(calls), len(pages), pages)
	}
	if len(live) < 8 {
		f.t.Fatalf("pages that are live: %v", live)
	}
	return calls, append(append(pages, live...), route{"GET", "/metrics"}, route{"GET", "/openapi.json"}, route{"POST", "/customers"}, route{"POST", "/cases/1"}, route{"POST", "/subscriptions/new"}, route{"POST", "/subscriptions/1"}, route{"POST", "/survey-links/new"}, route{"POST", "/survey-links/1"},
		route{"GET", "/survey-links/1/code.svg"}, route{"GET", "/nowhere"})
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// of puts a brand, and an id, into a route.
func (r route) of(brand, id string) (path, body string) {
	// A kind that is none is refused as such, before anything is asked of anybody.
	path = strings.NewReplacer("{brand}", brand, "{subject.kind}", "SUBJECT_KIND_STORE").Replace(r.path)
	path = placeholder.ReplaceAllString(path, id)
	switch {
	case r.method == "GET" && strings.HasPrefix(path, "/v1/"):
		return path, ""
	case !strings.HasPrefix(path, "/v1/"):
		return path + "?brand=" + brand, ""
	case strings.HasSuffix(path, ":import"), strings.HasSuffix(path, ":upsert") && !strings.Contains(path, brand):
		return path, `{"brand":"` + brand + `"}`
	case strings.HasSuffix(path, "metrics:watch"):
		return path, `{"query":{"brand":"` + brand + `"}}`
	}
	return path, "{}"
}

func (f *fortress) http(t *testing.T) {
	calls, pages := f.routes()
	for who, token := range f.strangers() {
		var header []string
		if token != "" {
			header = []string{"Authorization", "Bearer " + token}
		}
		told := map[string]string{}
		for _, r := range slices.Concat(calls, pages) {
			path, body := r.of("demo", "1")
			code, text, _ := f.ask(r.method, path, body, header...)
			kind := strings.SplitN(path, "/", 3)[1]
			if kind != "v1" {
				kind = "page"
			}
			if code != http.StatusUnauthorized || told[kind] != "" && told[kind] != text {
				t.Errorf("%s %s, %s: %d %s", r.method, path, who, code, text)
			}
			told[kind] = text
		}
	}
	elsewhere := []string{"Authorization", "Bearer " + f.token(jwt.MapClaims{"roles": "elsewhere"})}
	for _, r := range slices.Concat(calls, pages) {
		if r.path == "/openapi.json" || r.path == "/nowhere" {
			continue // the contract is of no brand
		}
		var told [2]string
		for i, c := range [][2]string{{"demo", "1"}, {"no-such-brand", "999999"}} {
			path, body := r.of(c[0], c[1])
			code, text, _ := f.ask(r.method, path, body, elsewhere...)
			if told[i] = strings.ReplaceAll(text, c[0], ""); code != http.StatusForbidden && code != http.StatusBadRequest || strings.Contains(text, plantedName) {
				t.Errorf("%s %s, another brand's: %d %s", r.method, path, code, text)
			}
		}
		if told[0] != told[1] {
			t.Errorf("%s %s tells what is there:\n%s\n%s", r.method, r.path, told[0], told[1])
		}
	}
	f.session(t)
}

// session lets a browser in by its cookie, and keeps other sites' forms out.
func (f *fortress) session(t *testing.T) {
	token := f.token(nil)
	html := []string{"Accept", "text/html"}
	if code, text, h := f.ask("GET", "/segments?brand=demo", "", html...); code != http.StatusUnauthorized || !strings.Contains(text, `action="/login"`) ||
		!strings.Contains(text, "/segments?brand=demo") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("no form: %d %s", code, text)
	}
	form := func(token, next string) string { return url.Values{"token": {token}, "next": {next}}.Encode() }
	posted := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if code, _, h := f.ask("POST", "/login", form("wrong", "/"), posted...); code != http.StatusUnauthorized || h.Get("Set-Cookie") != "" {
		t.Errorf("a wrong token: %d", code)
	}
	if code, _, _ := f.ask("POST", "/login", form(token, "/"), append(posted, "Origin", "https://evil.test")...); code != http.StatusForbidden {
		t.Errorf("another site's form: %d", code)
	}
	code, _, h := f.ask("POST", "/login", form(token, "//evil.test"), posted...)
	cookie := h.Get("Set-Cookie")
	if code != http.StatusSeeOther || h.Get("Location") != "/" || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Errorf("login: %d to %s with %s", code, h.Get("Location"), cookie)
	}
	mine := []string{"Cookie", strings.SplitN(cookie, ";", 2)[0]}
	if code, text, _ := f.ask("GET", "/?brand=demo", "", mine...); code != http.StatusOK || !strings.Contains(text, "nps") {
		t.Errorf("with a session: %d", code)
	}
	post := append(slices.Clone(mine), posted...)
	if code, _, _ := f.ask("POST", "/customers?brand=demo", "", post...); code != http.StatusUnauthorized {
		t.Errorf("a write of nobody knows where: %d", code)
	}
	if code, _, _ := f.ask("POST", "/customers?brand=demo", "", append(post, "Sec-Fetch-Site", "cross-site")...); code != http.StatusForbidden {
		t.Errorf("a write of another site: %d", code)
	}
	if code, text, _ := f.ask("POST", "/customers?brand=demo", "", append(post, "Sec-Fetch-Site", "same-origin")...); code == http.StatusUnauthorized || code == http.StatusForbidden {
		t.Errorf("one's own write: %d %s", code, text)
	}
}

// cadence keeps numbers of less than a day, and those of few persons, from who may not
// know them.
func (f *fortress) cadence(t *testing.T) {
	client := surveyv1.NewSurveyServiceClient(f.conn)
	ctx := f.with(f.token(jwt.MapClaims{"roles": []string{"everything", "daily"}}))
	quarter := &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{
		Start: &timestamppb.Timestamp{Seconds: 1_700_000_100}, End: &timestamppb.Timestamp{Seconds: 1_700_001_000},
	}}}
	for what, in := range map[string]*surveyv1.GetMetricRequest{
		"grain":  {Grain: commonv1.Grain_GRAIN_HOUR},
		"window": {Window: quarter, Clock: surveyv1.Clock_CLOCK_ANSWER},
		"hours":  {GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_HOUR}}},
	} {
		in.Brand, in.Metric = "demo", "nps"
		if _, err := client.GetMetric(ctx, in); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Grain: commonv1.Grain_GRAIN_DAY}); err != nil {
		t.Error(err)
	}
	ages := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: "age"}}}
	for token, hidden := range map[string]bool{f.token(nil): true, f.service: false} {
		out, err := client.GetMetric(f.with(token), ages)
		f.ok(err)
		if out.GetTotal().GetN() != 9 || len(out.GetSeries()) != 2 {
			t.Errorf("a total, or a group, is gone: %v", out)
		}
		for _, s := range out.GetSeries() {
			if s.GetTotal().GetSuppressed() != hidden || hidden && s.GetTotal().GetN() != 0 {
				t.Errorf("group %v: %v", s.GetKey(), s.GetTotal())
			}
		}
	}
	for _, age := range []string{"old", "young"} { // 2 of 9, and 7 that leave 2
		out, err := client.GetMetric(f.with(f.token(nil)), &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Scope: &surveyv1.Scope{Facets: map[string]string{"age": age}}})
		f.ok(err)
		if !out.GetTotal().GetSuppressed() {
			t.Errorf("%s: %v", age, out.GetTotal())
		}
	}
	for token, ranked := range map[string]int{f.token(nil): 0, f.service: 2} { // 6 answers of one, 1 of the other, which the first would tell
		out, err := client.RankSubjects(f.with(token), &surveyv1.RankSubjectsRequest{Brand: "demo", Metric: "nps", Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE})
		f.ok(err)
		if len(out.GetSubjects()) != ranked {
			t.Errorf("%d employees ranked, not %d", len(out.GetSubjects()), ranked)
		}
	}
	segment := &surveyv1.GetMetricRequest{Brand: "demo", Metric: "nps", Scope: &surveyv1.Scope{SegmentId: "x"}}
	for claims, want := range map[string]codes.Code{"no.segments.read": codes.PermissionDenied, "everything": codes.NotFound} {
		if _, err := client.GetMetric(f.with(f.token(jwt.MapClaims{"roles": claims})), segment); status.Code(err) != want {
			t.Errorf("a segment, %s: %v", claims, err)
		}
	}
}

// logs plants what must not stand in logs, lets everything be logged, and reads them.
func (f *fortress) logs(t *testing.T) {
	people := segmentationv1.NewSegmentationServiceClient(f.conn)
	named := "planted-name@person.test"
	token := f.token(jwt.MapClaims{"sub": named})
	ctx := f.with(token)
	identity := func(kind commonv1.Identity_Kind, value string) *commonv1.Identity {
		return &commonv1.Identity{Kind: kind, Value: value}
	}
	found, err := people.ResolveCustomers(ctx, &segmentationv1.ResolveCustomersRequest{Brand: "demo", Identities: []*commonv1.Identity{
		identity(commonv1.Identity_KIND_EMAIL, plantedMail), identity(commonv1.Identity_KIND_PHONE, plantedPhone), identity(commonv1.Identity_KIND_EMAIL, "planted@@broken"),
	}})
	f.ok(err)
	for _, value := range []string{plantedMail, "planted-unknown@person.test", "planted@@broken"} {
		_, _ = people.GetCustomer(ctx, &segmentationv1.GetCustomerRequest{Brand: "demo", Customer: &commonv1.CustomerRef{
			Ref: &commonv1.CustomerRef_Identity{Identity: identity(commonv1.Identity_KIND_EMAIL, value)},
		}})
	}
	f.ask("GET", "/v1/demo/customers?customer.identity.kind=1&customer.identity.value="+plantedMail, "", "Authorization", "Bearer "+token)
	f.ask("GET", "/v1/demo/subjects", "", "Authorization", "Bearer planted"+token)
	audit := f.read("audit")
	if !strings.Contains(audit, `"kind":"audit"`) || !strings.Contains(audit, "GetCustomer") || !strings.Contains(audit, `"customers":[1]`) ||
		!strings.Contains(audit, "ListResponses") || !strings.Contains(audit, "sha256:") {
		t.Errorf("the audit log (found %v):\n%s", found, audit)
	}
	all, err := filepath.Glob(filepath.Join(f.dir, "data", "*"))
	f.ok(err)
	if len(all) == 0 {
		t.Error("no data")
	}
	logged, err := os.ReadFile(filepath.Join(f.dir, "log"))
	f.ok(err)
	if len(logged) < 1000 {
		t.Errorf("next to nothing was logged: %s", logged)
	}
	for _, text := range []string{audit, string(logged)} {
		for _, secret := range []string{"planted", "9161234567", token, "eyJ", f.service} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%q is in a log: …%s…", secret, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}
