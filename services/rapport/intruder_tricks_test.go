package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// raw asks over a connection of its own, letter by letter: no client tidies the path.
func (f *fortress) raw(method, target string, headers ...string) (int, string) {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	f.ok(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", method, target, strings.TrimPrefix(f.url, "http://"),
		strings.Join(append(headers, ""), "\r\n"))
	f.ok(err)
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	f.ok(err)
	defer got.Body.Close()
	var text strings.Builder
	_, _ = bufio.NewReader(got.Body).WriteTo(&text) // whatever came
	return got.StatusCode, text.String()
}

func shows(token string) string { return "Authorization: Bearer " + token }

// What is asked by a path or header that two readers may understand differently.
func TestTricks(t *testing.T) {
	f := newFortress(t)
	f.plant()
	elsewhere, whole := f.token(jwt.MapClaims{"roles": "elsewhere"}), f.token(nil)
	if code, text := f.raw("GET", "/v1/demo/metrics", shows(whole)); code != http.StatusOK || !strings.Contains(text, `"nps"`) {
		t.Fatalf("%d %s", code, text)
	}
	for _, target := range []string{
		"/v1/sfo/../demo/metrics", "/v1/sfo/%2e%2e/demo/metrics", "/v1/sfo%2f..%2fdemo/metrics", "/v1/sfo%2F%2E%2E%2Fdemo/metrics", "//v1/demo/metrics",
		"/v1//demo/metrics", "/v1/./demo/metrics", "/v1/demo/./metrics", "/v1/demo%00/metrics", "/v1/Demo/metrics", "/v1/demo%20/metrics", "/v1/d%65mo/metrics",
		"/v1/sfo/metrics?brand=demo", "/v1/sfo;brand=demo/metrics", "/v1/%64emo/metrics", f.url + "/v1/demo/metrics", "/v1/demo/metrics#/v1/sfo/metrics",
		"/openapi.json/../v1/demo/metrics", "/v1\\demo\\metrics",
	} {
		if code, text := f.raw("GET", target, shows(elsewhere)); code == http.StatusOK && !strings.HasPrefix(target, "/v1/sfo/metrics?") || strings.Contains(text, `"nps"`) {
			t.Errorf("%s, of another brand: %d %s", target, code, text)
		}
	}
	for _, target := range []string{
		"/login/../v1/demo/metrics", "/login%2f..%2fv1/demo/metrics", "/healthz/../v1/demo/metrics", "/healthz%2f..%2fmetrics", "//metrics", "/./metrics", "/%6detrics",
		"/login/../?brand=demo", "/healthz/..;/metrics", f.url + "/metrics", "/metrics/", "/login?next=/v1/demo/metrics&brand=demo",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "CONNECT", "PRI", "FOO"} {
			code, text := f.raw(method, target)
			if strings.HasPrefix(target, "/login?") || method == "CONNECT" && code == http.StatusBadRequest {
				continue
			}
			if code == http.StatusOK || strings.Contains(text, "rapport_") || strings.Contains(text, `"nps"`) {
				t.Errorf("%s %s, of nobody: %d %s", method, target, code, text)
			}
		}
	}
	for what, headers := range map[string][]string{
		"two headers":               {shows(elsewhere), shows(whole)},
		"the other way":             {shows(whole), shows(elsewhere)},
		"twice the same":            {shows(whole), shows(whole)},
		"a list":                    {shows(elsewhere + ", Bearer " + whole)},
		"as metadata":               {shows(elsewhere), "Grpc-Metadata-Authorization: Bearer " + whole},
		"as metadata alone":         {"Grpc-Metadata-Authorization: Bearer " + whole},
		"a cookie beside":           {shows(elsewhere), "Cookie: rapport=" + whole},
		"another method":            {shows(elsewhere), "X-Http-Method-Override: POST"},
		"another path":              {shows(elsewhere), "X-Original-Url: /v1/sfo/metrics", "X-Rewrite-Url: /v1/sfo/metrics"},
		"an oversized token":        {shows(f.token(jwt.MapClaims{"roles": strings.Repeat("everything ", 1000)}))},
		"a token with another kind": {"Authorization: Token " + whole},
		"in the address":            {"X-Forwarded-Access-Token: " + whole},
	} {
		if code, text := f.raw("GET", "/v1/demo/metrics?access_token="+url.QueryEscape(whole), headers...); code == http.StatusOK {
			t.Errorf("%s: %d %s", what, code, text)
		}
	}
	f.bodies(t, elsewhere)
	f.machines(t, whole)
}

// bodies name another brand than the path.
func (f *fortress) bodies(t *testing.T, elsewhere string) {
	as := []string{"Authorization", "Bearer " + elsewhere, "Content-Type", "application/json"}
	for _, path := range []string{"/v1/sfo/metrics/nps:query", "/v1/sfo/subjects:batchUpsert", "/v1/sfo/goals", "/v1/sfo/responses"} {
		code, text, _ := f.ask("POST", path, `{"brand":"demo","goal":{"metric":"nps","target":1,"days":{"start":"2026-01-01","end":"2026-02-01"}}}`, as...)
		if strings.Contains(text, `"nps"`) && code == http.StatusOK {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	for _, body := range []string{
		`{"query":{"brand":"demo","metric":"nps"}}`, `{"query":{"brand":"sfo","brand":"demo","metric":"nps"}}`, `{"query":{"brand":"sfo"},"query":{"brand":"demo","metric":"nps"}}`,
	} {
		if code, text, _ := f.ask("POST", "/v1/metrics:watch", body, as...); code == http.StatusOK {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
}

// machines may ask for health, and who is known for nothing else of gRPC's own.
func (f *fortress) machines(t *testing.T, whole string) {
	for who, token := range map[string]string{"nobody": "", "somebody": whole, "neighbour": f.service} {
		stream, err := reflectionpb.NewServerReflectionClient(f.conn).ServerReflectionInfo(f.with(token))
		f.ok(err)
		_ = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}})
		_, err = stream.Recv()
		if allowed := err == nil; allowed != (who == "neighbour") {
			t.Errorf("reflection to %s: %v", who, err)
		}
		if _, err := healthpb.NewHealthClient(f.conn).Check(f.with(token), &healthpb.HealthCheckRequest{}); err != nil {
			t.Errorf("health to %s: %v", who, err)
		}
		if err := f.conn.Invoke(f.with(token), "/grpc.health.v1.Health/../../rapport.survey.v1.SurveyService/ListMetrics", &surveyv1.ListMetricsRequest{Brand: "demo"}, &surveyv1.ListMetricsResponse{}); err == nil {
			t.Errorf("an odd method name to %s", who)
		}
	}
	twice := metadata.AppendToOutgoingContext(f.with(f.token(jwt.MapClaims{"roles": "elsewhere"})), "authorization", "Bearer "+whole)
	if _, err := surveyv1.NewSurveyServiceClient(f.conn).ListMetrics(twice, &surveyv1.ListMetricsRequest{Brand: "demo"}); status.Code(err) != codes.Unauthenticated {
		t.Errorf("two headers: %v", err)
	}
}

// Reports that ask the same at the same time are answered together, but never to callers
// who see different parts.
func TestReportsOfTwoCallers(t *testing.T) {
	f := newFortress(t)
	f.plant()
	want := map[string]int64{
		f.token(jwt.MapClaims{"subjects": "STORE/1"}): 2, f.token(jwt.MapClaims{"subjects": "STORE/2"}): 7, f.token(nil): 9,
		f.token(jwt.MapClaims{"roles": []string{"everything", "no.scores.read"}}): 0,
	}
	client := reportv1.NewReportServiceClient(f.conn)
	var wg sync.WaitGroup
	for range 40 {
		for token, n := range want {
			wg.Go(func() {
				out, err := client.GetOmnichannelReport(f.with(token), &reportv1.GetOmnichannelReportRequest{Brand: "demo"})
				if err != nil {
					t.Error(err)
					return
				}
				got := int64(0)
				for _, m := range out.GetTotal().GetMetrics() {
					if m.GetMetric().GetName() == "nps" {
						got = m.GetScore().GetN()
					}
				}
				if got != n {
					t.Errorf("%d answers, not %d: %v", got, n, out.GetSections())
				}
			})
		}
	}
	wg.Wait()
}

// A stream over HTTP ends with its caller's token, whether that expires or is taken back.
func TestStreamsEndWithTheToken(t *testing.T) {
	f := newFortress(t)
	f.plant()
	for _, what := range []string{"expired", "taken back"} {
		for _, path := range []string{"/v1/metrics:watch", "/live?brand=demo&metric=nps"} {
			claims := jwt.MapClaims{"exp": time.Now().Add(-27 * time.Second).Unix()} // within the leeway
			if what == "taken back" {
				claims = jwt.MapClaims{"jti": path}
			}
			token := f.token(claims)
			ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
			method, body := "POST", `{"query":{"brand":"demo","metric":"nps"}}`
			if path[1] == 'l' {
				method, body = "GET", ""
			}
			req, err := http.NewRequestWithContext(ctx, method, f.url+path, strings.NewReader(body))
			f.ok(err)
			req.Header.Set("Authorization", "Bearer "+token)
			got, err := http.DefaultClient.Do(req)
			f.ok(err)
			lines := bufio.NewScanner(got.Body)
			lines.Buffer(nil, 8<<20)
			if got.StatusCode != http.StatusOK || !lines.Scan() {
				t.Errorf("%s, %s: %d", path, what, got.StatusCode)
			}
			if what == "taken back" {
				f.revoke(path)
			}
			for lines.Scan() {
			}
			if ctx.Err() != nil {
				t.Errorf("%s, %s: it goes on", path, what)
			}
			got.Body.Close()
			cancel()
		}
	}
}
