package gateway_test

import (
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/grpc"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/gateway"
	"github.com/rapport-cx/rapport/services/gateway/report"
	"github.com/rapport-cx/rapport/services/gateway/subscription"
	"github.com/rapport-cx/rapport/services/gateway/subscription/carrier"
)

// reporting serves ReportService, with settings of its own.
func reporting(t testing.TB, a *app.App, brands *config.Brands, guard *access.Guard, from gateway.Services) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "gateway.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	settings := report.NewStore(db, atNoon)
	if err := settings.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := report.New(report.Config{Brands: brands, Guard: guard, Clock: atNoon, Log: quiet},
		report.Services{Survey: from.Survey, Segmentation: from.Segmentation, Journey: from.Journey, Loyalty: from.Loyalty}, settings)
	store := subscription.NewStore(db)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	subscriptions, err := subscription.New(subscription.Config{Brands: brands, Guard: guard, Clock: atNoon, Log: quiet, Secret: []byte("0123456789abcdef0123456789abcdef"),
		Settings: subscription.Settings{Mail: carrier.MailConfig{Server: "smtp+plain://127.0.0.1:1", From: "reports@rapport.test"}}}, store, from.Report, from.Survey)
	if err != nil {
		t.Fatal(err)
	}
	a.Bind(app.Service{Name: "gateway", Register: func(r grpc.ServiceRegistrar) {
		reportv1.RegisterReportServiceServer(r, gateway.Reports{Server: s, Subscriptions: subscriptions})
	}})
}

// boards is the id of the first subscription, which follows from who asks and how.
const boards = "0e9a028a2abedac5"

// reportCalls ask of what calls of other services left behind.
var reportCalls = []call{
	{rpc: "GetOmnichannelReport", method: "POST", path: "/v1/demo/report:get", body: `{"window": {"dates": {"start": "2026-02-15", "end": "2026-03-03"}}}`},
	{rpc: "GetOmnichannelReport.section", method: "GET", path: "/v1/demo/report?subject.kind=SUBJECT_KIND_STORE&subject.id=101&sections=scores&sections=retention"},
	{rpc: "WatchReport", method: "POST", path: "/v1/demo/report:watch", lines: 1, body: `{"report": {"sections": ["responses"]}}`},
	{rpc: "GetSubjectScorecard", method: "GET", path: "/v1/demo/scorecards/SUBJECT_KIND_STORE/101?minN=1"},
	{rpc: "GetHeatMap", method: "GET", path: "/v1/demo/heat-map?under.kind=SUBJECT_KIND_REGION&under.id=north&classLabel=format&minN=1"},
	{rpc: "GetSegmentPanel", method: "GET", path: "/v1/demo/segments/annas/panel?metrics=nps.network"},
	{rpc: "GetLoyaltyImpact.report", method: "GET", path: "/v1/demo/loyalty-impact?programmeId=club&window.dates.start=2025-06-01&window.dates.end=2025-09-01"},
	{rpc: "ReportFeedback", method: "POST", path: "/v1/demo/orders/o-77/feedback", body: `{"author": {"customer": {"id": "1"}}, "mode": "CONTACT_MODE_PUSH", "experiencedAt": "2026-03-01T09:00:00Z", "answeredAt": "2026-03-02T08:00:00Z", "parts": [
		{"subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "surveyId": "visit", "answers": [{"questionId": "nps", "score": 9}]},
		{"subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "surveyId": "visit", "answers": [{"questionId": "nps", "score": 77}]}]}`},
	{rpc: "GetCustomer360", method: "POST", path: "/v1/demo/customers:360", body: `{"customer": {"identity": {"kind": "KIND_EMAIL", "value": "anna@example.com"}}, "events": 2}`},
	{rpc: "GetMetricTree.usual", method: "GET", path: "/v1/demo/metric-tree"},
	{rpc: "SetMetricTree", method: "PUT", path: "/v1/demo/metric-tree", body: `{"nodes": [
		{"id": "love", "role": "ROLE_MAIN", "titles": {"en": "They love us"}, "owner": "CX", "metric": "nps.network", "target": 40},
		{"id": "calls", "parent": "love", "role": "ROLE_COUNTER", "rate": "contact_rate", "lowerIsBetter": true},
		{"id": "orders", "parent": "love", "role": "ROLE_PROXY", "rate": "success_index", "target": 95}]}`},
	{rpc: "GetMetricTree", method: "GET", path: "/v1/demo/metric-tree?window.lastDays=14"},
	{rpc: "CreateSubscription", method: "POST", path: "/v1/demo/subscriptions", body: `{"requestId": "s1", "subscription": {"report": "REPORT_KIND_OMNICHANNEL",
		"cadence": {"every": "EVERY_MONTH", "hour": 9}, "zone": "Asia/Yekaterinburg", "locale": "ru", "email": {"address": "board@example.com", "name": "Совет"}}}`},
	{rpc: "CreateSubscription.webhook", method: "POST", path: "/v1/demo/subscriptions", body: `{"requestId": "s2", "subscription": {"report": "REPORT_KIND_SCORECARD",
		"subject": {"kind": "SUBJECT_KIND_STORE", "id": "101"}, "cadence": {"every": "EVERY_QUARTER_HOUR"}, "webhook": {"url": "https://example.com/reports"}}}`},
	{rpc: "ListSubscriptions", method: "GET", path: "/v1/demo/subscriptions"},
	{rpc: "GetSubscription", method: "GET", path: "/v1/demo/subscriptions/" + boards},
	{rpc: "UpdateSubscription", method: "PATCH", path: "/v1/demo/subscriptions/" + boards, body: `{"subscription": {"etag": "1", "report": "REPORT_KIND_OMNICHANNEL",
		"sections": ["scores", "orders"], "cadence": {"every": "EVERY_WEEK", "hour": 8, "minute": 30, "weekday": 5}, "email": {"address": "board@example.com"}, "paused": true}}`},
	{rpc: "SendSubscription", method: "POST", path: "/v1/demo/subscriptions/" + boards + ":send", body: `{"requestId": "t1"}`},
	{rpc: "ListDeliveries", method: "GET", path: "/v1/demo/deliveries?status=STATUS_PENDING"},
	{rpc: "DeleteSubscription", method: "DELETE", path: "/v1/demo/subscriptions/" + boards},
}

// TestEveryRPCOfReportInJSON asks for reports of a brand of which every service knows
// something.
func TestEveryRPCOfReportInJSON(t *testing.T) {
	s := newSuite(t, nil)
	s.lived(t)
	s.golden(t, reportv1.ReportService_ServiceDesc, reportCalls, func(string) {}, nil)
}

// lived lets things happen in the brand and waits until all of it has had its effects.
func (s *suite) lived(t *testing.T) {
	t.Helper()
	upTo := func(calls []call, last string) []call {
		return calls[:1+slices.IndexFunc(calls, func(c call) bool { return c.rpc == last })]
	}
	for _, c := range slices.Concat(upTo(peopleCalls, "UpsertCustomers"), upTo(calls, "ImportResponses"), upTo(eventCalls, "ImportEvents")) {
		if status, _, got := s.make(t, c); status != 200 {
			t.Fatalf("%s: %v", c.rpc, got)
		}
	}
	if status, _, got := s.make(t, calls[slices.IndexFunc(calls, func(c call) bool { return c.rpc == "SetGoal" })]); status != 200 {
		t.Fatal(got)
	}
	// A programme that follows no purchases: what earns is told by hand.
	for _, c := range []call{
		{rpc: "CreateProgramme", method: "POST", path: "/v1/demo/programmes", body: `{"id": "club", "titles": {"en": "Club"}, "effectiveFrom": "2026-01-01T00:00:00Z"}`},
		{rpc: "CreateSegment", method: "POST", path: "/v1/demo/segments", body: `{"id": "annas", "rule": {"list": {"ids": ["1"]}}}`},
		{rpc: "Earn", method: "POST", path: "/v1/demo/programmes/club/points:earn", body: `{"requestId": "e1", "customer": {"id": "1"}, "points": "500", "origin": {"channel": "CHANNEL_WEB"}, "occurredAt": "2026-02-20T09:00:00Z"}`},
		{rpc: "Redeem", method: "POST", path: "/v1/demo/programmes/club/points:redeem", body: `{"requestId": "r1", "customer": {"id": "1"}, "points": "100", "origin": {"channel": "CHANNEL_STORE"}}`},
	} {
		if status, _, got := s.make(t, c); status != 200 {
			t.Fatalf("%s: %v", c.rpc, got)
		}
	}
	s.bought(t)
	s.firstCase(t)
	s.judged(t, 1)
}
