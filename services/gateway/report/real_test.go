package report_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/report"
	"github.com/rapport-cx/rapport/services/rapport/importer"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

const root = "../../../"

// realData is a folder of the examples' data; without it the test says so.
func realData(t *testing.T, name string) string {
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

// load imports one example.
func load[Client any](t *testing.T, run func(context.Context, Client, *mapping.Mapping, importer.Options) (importer.Summary, error), client Client, file, dir string) {
	t.Helper()
	m, err := mapping.Load(root + "deploy/examples/" + file)
	must(t, err)
	got, err := run(t.Context(), client, m, importer.Options{Dir: dir})
	must(t, err)
	if got.Rejected > 0 || got.Recorded == 0 {
		t.Fatalf("%s: %+v", file, got)
	}
}

func dates(start, end string) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: start, End: end}}}
}

// stretch is a window as every service is asked for it.
type stretch struct{ start, end string }

func (s stretch) answers() *surveyv1.Window { return dates(s.start, s.end) }

func (s stretch) events() *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: &commonv1.DateRange{Start: s.start, End: s.end}}}
}

// asked is a report, and what the services are asked to hold it against.
type asked struct {
	w         *world
	brand     string
	subject   *commonv1.SubjectRef
	stretches [3]stretch // the window, the one before, the year before
}

// TestReportsEqualTheServices asks the services one by one, each channel by itself,
// for what a report asks them all at once and split.
func TestReportsEqualTheServices(t *testing.T) {
	w := newWorld(t, time.Date(2018, 11, 1, 12, 0, 0, 0, time.UTC), report.Config{Patience: time.Minute})
	olist, sfo := realData(t, "olist"), realData(t, "sfo")
	load(t, importer.Customers, w.segmentation, "olist/customers.yaml", olist)
	load(t, importer.Responses, w.survey, "olist/reviews.yaml", olist)
	load(t, importer.Events, w.journey, "olist/orders.yaml", olist)
	load(t, importer.Responses, w.survey, "sfo/passengers-2016.yaml", sfo)
	load(t, importer.Responses, w.survey, "sfo/passengers-2017.yaml", sfo)
	w.settled(t)
	state := &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: "SP"}
	for name, a := range map[string]asked{
		"olist": {brand: "olist", stretches: [3]stretch{{"2018-03-01", "2018-06-01"}, {"2017-11-29", "2018-03-01"}, {"2017-03-01", "2017-06-01"}}},
		"sp":    {brand: "olist", subject: state, stretches: [3]stretch{{"2018-05-01", "2018-05-31"}, {"2018-04-01", "2018-05-01"}, {"2017-05-01", "2017-05-31"}}},
		"sfo":   {brand: "sfo", stretches: [3]stretch{{"2017-01-01", "2018-01-01"}, {"2016-01-02", "2017-01-01"}, {"2016-01-01", "2017-01-01"}}},
	} {
		a.w = w
		t.Run(name, func(t *testing.T) { a.hold(t) })
	}
	t.Run("scorecards", func(t *testing.T) { scorecards(t, w) })
	t.Run("heat maps", func(t *testing.T) {
		heatOf(t, w, &reportv1.GetHeatMapRequest{Brand: "olist", Kind: commonv1.SubjectKind_SUBJECT_KIND_SELLER, Window: dates("2018-03-01", "2018-06-01"), MinN: 10})
		heatOf(t, w, &reportv1.GetHeatMapRequest{Brand: "olist", Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Window: dates("2018-03-01", "2018-06-01")})
		heatOf(t, w, &reportv1.GetHeatMapRequest{Brand: "sfo", Kind: sfoKind(t, w), Window: dates("2017-01-01", "2018-01-01")})
	})
}

// settled waits until every order of the file is judged and every purchase known: both
// follow Journey's log.
func (w *world) settled(t *testing.T) {
	t.Helper()
	const judged, bought = 5164 + 609, 8135
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		index, err := w.journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: "olist"})
		must(t, err)
		if index.GetTotal().GetOrders() < judged {
			continue
		}
		worth, err := w.segmentation.GetSegmentValue(ctx, &segmentationv1.GetSegmentValueRequest{
			Brand: "olist", Dates: &commonv1.DateRange{Start: "2016-01-01", End: "2018-11-01"}})
		must(t, err)
		if worth.GetTotal().GetValue().GetPurchases() == bought {
			return
		}
	}
}

// hold compares every number of a report.
func (a asked) hold(t *testing.T) {
	got, err := a.w.reports.GetOmnichannelReport(t.Context(), &reportv1.GetOmnichannelReportRequest{
		Brand: a.brand, Subject: a.subject, Window: a.stretches[0].answers()})
	must(t, err)
	for _, s := range got.GetSections() {
		want := reportv1.Section_STATUS_OK
		if s.GetName() == "retention" && a.subject != nil {
			want = reportv1.Section_STATUS_ABSENT
		}
		// Brands without a programme have no points, as of no moment.
		silent := want == reportv1.Section_STATUS_ABSENT || s.GetName() == "loyalty"
		if s.GetStatus() != want || (s.GetAsOf() == nil) != silent && a.brand == "olist" {
			t.Errorf("section %v", s)
		}
	}
	if len(got.GetChannels()) == 0 {
		t.Fatal("no channels")
	}
	all := append([]*reportv1.ChannelReport{got.GetTotal()}, got.GetChannels()...)
	for i, c := range all {
		want := a.channel(t, i > 0, c.GetChannel())
		if diff := cmp.Diff(want, c, protocmp.Transform()); diff != "" {
			t.Errorf("%v of %d: (-services +report)\n%s", c.GetChannel(), i, diff)
		}
	}
	a.nothingLeftOut(t, got)
}

// nothingLeftOut adds the channels up.
func (a asked) nothingLeftOut(t *testing.T, got *reportv1.GetOmnichannelReportResponse) {
	t.Helper()
	var responses, orders int64
	for _, c := range got.GetChannels() {
		responses, orders = responses+c.GetResponses(), orders+c.GetOrders()
	}
	if responses != got.GetTotal().GetResponses() || orders != got.GetTotal().GetOrders() || responses == 0 {
		t.Errorf("%d responses and %d orders in channels, %d and %d in all", responses, orders, got.GetTotal().GetResponses(), got.GetTotal().GetOrders())
	}
}

func (a asked) scope(split bool, c commonv1.Channel) *surveyv1.Scope {
	s := &surveyv1.Scope{}
	if a.subject != nil {
		s.Subjects = []*commonv1.SubjectRef{a.subject}
	}
	if split {
		s.Channels = []commonv1.Channel{c}
	}
	return s
}
