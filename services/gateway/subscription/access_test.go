package subscription_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
)

// guarded is a node whose callers come with signed tokens.
type guarded struct {
	t       *testing.T
	dir     string
	db      *sqldb.DB
	post    *post
	private ed25519.PrivateKey
}

const roles = `{"store": {"brands": ["demo"], "subjects_from": "stores", "sections": {%s "surveys": ["read"], "directory": ["read"], "goals": ["read"], "cases": ["detail"], "responses": ["detail"], "reports": ["read"], "subscriptions": ["read", "define"]}},
"chief": {"brands": ["demo"], "sections": {"scores": ["read"], "surveys": ["read"], "directory": ["read"], "goals": ["read"], "reports": ["read"], "subscriptions": ["read", "define", "amend"]}}}`

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{t: t, dir: t.TempDir(), db: sqldbtest.Open(t, sqldbtest.SQLite(t)), post: newPost(t, nil)}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	g.private = private
	g.write("keys.json", fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k", "x": %q}]}`, base64.RawURLEncoding.EncodeToString(public)))
	g.write("token", "the-service-token")
	g.allow(fmt.Sprintf(roles, `"scores": ["read"],`))
	return g
}

func (g *guarded) write(name, text string) {
	must(g.t, os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600))
}

// allow writes access.yaml with these roles.
func (g *guarded) allow(roles string) {
	g.write("access.yaml", fmt.Sprintf(`{"issuers": [{"issuer": "https://issuer.test", "audience": "rapport", "keys": %q}], "roles": %s}`, filepath.Join(g.dir, "keys.json"), roles))
}

// start starts the node, which reads access.yaml as it is now.
func (g *guarded) start() *node {
	n, err := start(g.t.Context(), g.db, g.dir, settings(g.post), access.Config{
		File: filepath.Join(g.dir, "access.yaml"), Shown: access.Shown{TokenFile: config.SecretFile(filepath.Join(g.dir, "token"))}, Audit: filepath.Join(g.dir, "audit"),
	}, monday)
	must(g.t, err)
	return n
}

// token is what somebody comes with.
func (g *guarded) token(name, role string, stores ...string) string {
	claims := jwt.MapClaims{"iss": "https://issuer.test", "aud": "rapport", "sub": name, "roles": []string{role}, "stores": stores, "exp": time.Now().Add(time.Hour).Unix()}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = "k"
	text, err := token.SignedString(g.private)
	must(g.t, err)
	return text
}

// by calls with a token, over the connection that has the service token otherwise.
func (n *node) by(t *testing.T, token string, do func(client reportv1.ReportServiceClient) error) error {
	t.Helper()
	return do(reportv1.NewReportServiceClient(shows{n, token}))
}

func TestRights(t *testing.T) {
	g := newGuarded(t)
	n := g.start()
	answered(t, n.survey, 40)
	ctx := t.Context()
	director, stranger, chief := g.token("director", "store", "STORE/101"), g.token("other", "store", "STORE/102"), g.token("chief", "chief")
	own := daily("anna@example.com")
	own.Subject = shop
	var made *reportv1.Subscription
	create := func(token string, sub *reportv1.Subscription) error {
		return n.by(t, token, func(client reportv1.ReportServiceClient) error {
			out, err := client.CreateSubscription(ctx, &reportv1.CreateSubscriptionRequest{Brand: demo, Subscription: sub, RequestId: "1"})
			made = out.GetSubscription()
			return err
		})
	}
	// Nobody subscribes to what it may not read, nor learns whether it is there.
	foreign, nowhere := proto.CloneOf(own), proto.CloneOf(own)
	nowhere.Subject = &commonv1.SubjectRef{Kind: shop.GetKind(), Id: "nowhere"}
	a, b := create(stranger, foreign), create(stranger, nowhere)
	if status.Code(a) == codes.OK || status.Code(a) != status.Code(b) || fault.Reason(a) != fault.Reason(b) {
		t.Fatalf("%v, %v", a, b)
	}
	must(t, create(director, own))
	if made.GetOwner() != "https://issuer.test director" || made.GetRightsUntil() == nil {
		t.Error(made)
	}
	id := made.GetId()
	// Others don't see it; who oversees the brand's may pause it and end it, not point it elsewhere.
	err := n.by(t, stranger, func(c reportv1.ReportServiceClient) error {
		_, err := c.GetSubscription(ctx, &reportv1.GetSubscriptionRequest{Brand: demo, SubscriptionId: id})
		return err
	})
	if !fault.Is(err, commonv1.Reason_REASON_SUBSCRIPTION_UNKNOWN) {
		t.Error(err)
	}
	err = n.by(t, chief, func(c reportv1.ReportServiceClient) error {
		moved := proto.CloneOf(made)
		moved.Target = &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: "chief@example.com"}}
		_, err := c.UpdateSubscription(ctx, &reportv1.UpdateSubscriptionRequest{Brand: demo, Subscription: moved})
		return err
	})
	if status.Code(err) != codes.PermissionDenied {
		t.Error(err)
	}
	must(t, n.by(t, chief, func(c reportv1.ReportServiceClient) error {
		for _, paused := range []bool{true, false} {
			read, err := c.GetSubscription(ctx, &reportv1.GetSubscriptionRequest{Brand: demo, SubscriptionId: id})
			if err != nil {
				return err
			}
			read.GetSubscription().Paused = paused
			if _, err := c.UpdateSubscription(ctx, &reportv1.UpdateSubscriptionRequest{Brand: demo, Subscription: read.GetSubscription()}); err != nil {
				return err
			}
		}
		return nil
	}))
	// The director's whole brand is the own store: numbers of others are not in the letter.
	n.clock.move(10 * time.Minute)
	n.deliver(t)
	letters := g.post.letters()
	if len(letters) != 1 || !strings.Contains(letters[0].plain, "NPS: 40.0") || !strings.Contains(letters[0].subject(t), "Тверская") {
		t.Fatalf("%v", letters)
	}
	if audit, err := os.ReadFile(filepath.Join(g.dir, "audit")); err != nil || strings.Contains(string(audit), "anna@") {
		t.Error(err, string(audit))
	}
	must(t, n.close())

	// A role that allows less takes it out of the report; one that is gone ends it.
	g.allow(fmt.Sprintf(roles, `"scores": [],`))
	n = g.start()
	n.clock.set(monday.Add(24*time.Hour + 10*time.Minute))
	n.deliver(t)
	if got := stateOf(t, n, id); got.GetState() != reportv1.Subscription_STATE_STOPPED || got.GetStoppedBecause() == "" || len(g.post.letters()) != 1 {
		t.Error(got, len(g.post.letters()))
	}
	if d := n.deliveries(t)[0]; d.GetStatus() != cancelled {
		t.Error(d)
	}
	must(t, n.close())
}

func TestRightsEnd(t *testing.T) {
	for name, change := range map[string]func(g *guarded, n *node) *node{
		"role gone": func(g *guarded, n *node) *node {
			must(g.t, n.close())
			g.allow(`{"chief": {"brands": ["demo"], "sections": {}}}`)
			return g.start()
		},
		"not shown again": func(_ *guarded, n *node) *node {
			n.clock.set(monday.Add(181 * 24 * time.Hour))
			return n
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t)
			n := g.start()
			answered(t, n.survey, 10)
			sub := daily("anna@example.com")
			sub.Subject = shop
			var id string
			must(t, n.by(t, g.token("director", "store", "STORE/101"), func(c reportv1.ReportServiceClient) error {
				out, err := c.CreateSubscription(t.Context(), &reportv1.CreateSubscriptionRequest{Brand: demo, Subscription: sub, RequestId: "1"})
				id = out.GetSubscription().GetId()
				return err
			}))
			n = change(g, n)
			if n.clock.now().Before(monday.Add(time.Hour)) {
				n.clock.set(monday.Add(10 * time.Minute))
			}
			n.deliver(t)
			if got := stateOf(t, n, id); got.GetState() != reportv1.Subscription_STATE_STOPPED || len(g.post.letters()) != 0 {
				t.Error(got, len(g.post.letters()))
			}
			must(t, n.close())
		})
	}
}

func stateOf(t *testing.T, n *node, id string) *reportv1.Subscription {
	t.Helper()
	out, err := n.GetSubscription(t.Context(), &reportv1.GetSubscriptionRequest{Brand: demo, SubscriptionId: id})
	must(t, err)
	return out.GetSubscription()
}

// The link of a letter ends it with one click, and only what still goes to that address.
func TestUnsubscribe(t *testing.T) {
	w := newWorld(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	sub := w.create(t, daily("anna@example.com"))
	w.clock.move(10 * time.Minute)
	w.deliver(t)
	link, err := url.Parse(strings.Trim(w.post.letters()[0].head.Get("List-Unsubscribe"), "<>"))
	must(t, err)
	mux := http.NewServeMux()
	mux.HandleFunc(subscription.UnsubscribePath, w.server.Unsubscribe)
	ask := func(method, path string) (int, string) {
		r := httptest.NewRecorder()
		mux.ServeHTTP(r, httptest.NewRequest(method, path, strings.NewReader("List-Unsubscribe=One-Click")))
		return r.Code, r.Body.String()
	}
	if code, page := ask("GET", link.Path); code != 200 || !strings.Contains(page, "<form method=\"post\">") || stateOf(t, w.node, sub.GetId()).GetState() != reportv1.Subscription_STATE_ACTIVE {
		t.Fatal(code, page)
	}
	if code, _ := ask("POST", link.Path[:len(link.Path)-3]+"abc"); code != 404 {
		t.Error("a forged link:", code)
	}
	// It goes to somebody else by now: the old letter's link means nothing.
	moved := stateOf(t, w.node, sub.GetId())
	moved.Target = &reportv1.Subscription_Email{Email: &reportv1.EmailTarget{Address: "boris@example.com"}}
	_, err = w.UpdateSubscription(t.Context(), &reportv1.UpdateSubscriptionRequest{Brand: demo, Subscription: moved})
	must(t, err)
	if code, _ := ask("POST", link.Path); code != 200 || stateOf(t, w.node, sub.GetId()).GetState() != reportv1.Subscription_STATE_ACTIVE {
		t.Error("an old link ended it:", code)
	}
	w.clock.move(24 * time.Hour)
	w.deliver(t)
	link, err = url.Parse(strings.Trim(w.post.letters()[1].head.Get("List-Unsubscribe"), "<>"))
	must(t, err)
	if code, _ := ask("POST", link.Path); code != 200 || stateOf(t, w.node, sub.GetId()).GetState() != reportv1.Subscription_STATE_STOPPED {
		t.Error(code)
	}
	w.clock.move(24 * time.Hour)
	w.deliver(t)
	if n := len(w.post.letters()); n != 2 {
		t.Errorf("%d letters", n)
	}
	_, err = w.DeleteSubscription(t.Context(), &reportv1.DeleteSubscriptionRequest{Brand: demo, SubscriptionId: sub.GetId()})
	must(t, err)
	if code, _ := ask("POST", link.Path); code != 200 {
		t.Error("of one that was deleted:", code)
	}
	// Nothing in the database names them any more, in any fact.
	for _, mail := range []string{"anna@", "boris@"} {
		rows, err := w.db.Query(t.Context(), "SELECT body FROM fact")
		must(t, err)
		for rows.Next() {
			var body []byte
			must(t, rows.Scan(&body))
			if strings.Contains(string(body), mail) {
				t.Error(mail, "stands in a fact")
			}
		}
		must(t, rows.Close())
	}
}

// A webhook gets the report as its RPC gives it.
func TestDocument(t *testing.T) {
	w := newWorld(t, sqldbtest.Open(t, sqldbtest.SQLite(t)))
	var body []byte
	var head http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		head = r.Header
		body = read(t, r)
	}))
	defer server.Close()
	sub := daily("x@example.com")
	sub.Target = &reportv1.Subscription_Webhook{Webhook: &reportv1.WebhookTarget{Url: server.URL}}
	made := w.create(t, sub)
	w.clock.move(10 * time.Minute)
	w.deliver(t)
	var got struct {
		Type string
		Data struct {
			Delivery, Subscription, Start string
			Report                        struct {
				Total struct {
					Metrics []struct{ Score struct{ Value float64 } }
				}
			}
		}
	}
	must(t, json.Unmarshal(body, &got))
	d := w.deliveries(t)[0]
	if d.GetStatus() != sent || head.Get("webhook-id") != d.GetId() || got.Data.Delivery != d.GetId() || got.Data.Subscription != made.GetId() || got.Type != "report.omnichannel" ||
		got.Data.Start != "2026-03-01" || got.Data.Report.Total.Metrics[0].Score.Value != 40 {
		t.Errorf("%v\n%s", d, body)
	}
}
