package house

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.yaml.in/yaml/v3"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/app"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/internal/hot"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/telemetry"
)

// touching is the process's own meter, which shows every instrument as soon as it
// is made and not only after it first counted: dashboards name rare events too.
type touching struct{ metric.MeterProvider }

func (p touching) Meter(name string, o ...metric.MeterOption) metric.Meter {
	return touched{p.MeterProvider.Meter(name, o...)}
}

type touched struct{ metric.Meter }

func (m touched) Int64Counter(name string, o ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	c, err := m.Meter.Int64Counter(name, o...)
	c.Add(context.Background(), 0)
	return c, err
}

func (m touched) Int64Histogram(name string, o ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	h, err := m.Meter.Int64Histogram(name, o...)
	h.Record(context.Background(), 0)
	return h, err
}

func (m touched) Float64Histogram(name string, o ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	h, err := m.Meter.Float64Histogram(name, o...)
	h.Record(context.Background(), 0)
	return h, err
}

// exported is what a process with all of the floor tells Prometheus.
func exported(t *testing.T) string {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Config{}, "house", "test", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	tel.Meter = touching{tel.Meter}
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(tel.Meter)
	t.Cleanup(func() { otel.SetMeterProvider(before) })

	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	guard, err := access.New(access.Config{}, brands, true)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(app.Config{}, guard, tel)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop() })
	// It listens nowhere; what it serves is counted by method from its start.
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), "sqlite:"+t.TempDir()+"/house.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	// Nobody answers there, and nobody needs to: its instruments are made at once.
	cache, err := hot.Open("redis://127.0.0.1:1", []byte(strings.Repeat("s", 32)), hot.Options{Service: "house", RetryAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cache.Close(context.Background()) })
	commit.New[int, int](commit.Options{Name: "house"}, nil)
	fold.New(fold.Config{}, feed.New(db), db, cache, fold.Rules[int]{})

	page := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	return page.Body.String()
}

var (
	metricName = regexp.MustCompile(`\b(rapport|process|go)_[a-z_]+\b`)
	labelUsed  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"|by \(([a-z_, ]*)\)|{{\s*\$?(?:labels\.)?([a-z_]+)\s*}}`)
	labels     = regexp.MustCompile(`^(|job|instance|service|le|severity|method|code|queue|outcome|section|source|status|shared|state|reason)$`)
)

// queries lists every expression of the dashboards and alerts, by where it stands.
func queries(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	var board struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/rapport.json")), &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for i, target := range p.Targets {
			found[fmt.Sprintf("panel %s %d", p.Title, i+1)] = target.Expr + " " + target.LegendFormat
		}
	}
	for _, v := range board.Templating.List {
		found["variable "+v.Name] = v.Definition
	}
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "deploy/prometheus/alerts.yaml")), &alerts); err != nil {
		t.Fatal(err)
	}
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Expr == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("alert %q: needs an expression, a summary and what to do", r.Alert)
			}
			found["alert "+r.Alert] = r.Expr
		}
	}
	return found
}

var instrument = regexp.MustCompile(`\b(counter|Int64Counter|Int64Histogram|Float64Histogram|Int64ObservableGauge)\("(rapport\.[a-z_.]+)"(?:, metric\.WithUnit\("([^"]+)"\))?`)

// declared are what services count, by what they call it, as Prometheus names it. They
// are read from their sources: nothing in internal may import them.
func declared(t *testing.T) map[string][]string {
	t.Helper()
	units := map[string]string{"": "", "s": "_seconds", "us": "_microseconds", "By": "_bytes"}
	found := map[string][]string{}
	for _, f := range ours(t).files {
		if f.test || service(f.pkg.room()) == "" {
			continue
		}
		for _, m := range instrument.FindAllStringSubmatch(read(t, f.name), -1) {
			// A unit that the name ends in already is not said twice.
			name := strings.TrimSuffix(strings.ReplaceAll(m[2], ".", "_"), units[m[3]]) + units[m[3]]
			switch {
			case strings.HasSuffix(strings.ToLower(m[1]), "counter"):
				found[m[2]] = []string{name + "_total"}
			case strings.HasSuffix(m[1], "Histogram"):
				found[m[2]] = []string{name + "_bucket", name + "_count", name + "_sum"}
			default:
				found[m[2]] = []string{name}
			}
		}
	}
	return found
}

func TestDashboardsNameRealMetrics(t *testing.T) {
	page, all, counted := exported(t), queries(t), declared(t)
	used, served := map[string]bool{}, map[string]bool{}
	for _, names := range counted {
		for _, name := range names {
			served[name] = true
		}
	}
	for where, query := range all {
		for _, name := range metricName.FindAllString(query, -1) {
			used[name] = true
			if !served[name] && !strings.Contains(page, "\n"+name+" ") && !strings.Contains(page, "\n"+name+"{") {
				t.Errorf("%s: nothing is named %s", where, name)
			}
		}
		for _, m := range labelUsed.FindAllStringSubmatch(query, -1) {
			for label := range strings.SplitSeq(m[1]+m[2]+m[3], ",") {
				if !labels.MatchString(strings.TrimSpace(label)) {
					t.Errorf("%s: no metric has the label %q", where, label)
				}
			}
		}
		if strings.Count(query, "(") != strings.Count(query, ")") || strings.Count(query, "{") != strings.Count(query, "}") {
			t.Errorf("%s: brackets do not close", where)
		}
	}
	if len(used) < 15 {
		t.Errorf("only %d metrics are shown", len(used))
	}
	told := read(t, "services/README.md")
	for name, names := range counted {
		if !slices.ContainsFunc(names, func(name string) bool { return used[name] }) {
			t.Errorf("no panel and no alert looks at %s", name)
		}
		if !strings.Contains(told, "| `"+name+"`") {
			t.Errorf("services/README.md does not tell what %s is", name)
		}
	}
	// What we count and nobody looks at is either missing here or not worth counting.
	for _, line := range strings.Split(page, "\n") {
		name, ok := strings.CutPrefix(line, "# TYPE rapport_")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut("rapport_"+name, " ")
		if !used[name] && !used[name+"_bucket"] && !used[name+"_count"] {
			t.Errorf("no panel and no alert looks at %s", name)
		}
	}
}
