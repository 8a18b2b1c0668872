package maps

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

func drawn(title string) *journeyv1.JourneyMap {
	return &journeyv1.JourneyMap{Id: "delivery", Draft: &journeyv1.MapContent{
		Titles: map[string]string{"en": title}, TimeAxis: []string{"before", "day 1"},
		Stages: []*journeyv1.Stage{
			{Id: "order", Touchpoints: []*journeyv1.Touchpoint{{Id: "site", EventKinds: []string{"visit"}}, {Id: "pay", At: 1}}},
			{Id: "wait", Touchpoints: []*journeyv1.Touchpoint{{Id: "courier", Metric: "csi.delivery", Subject: &commonv1.SubjectRef{Kind: 5, Id: "c1"}}}},
		},
	}}
}

// applied takes the facts into the book, as the log's tail does.
func applied(t *testing.T, b *Book) func([]feed.Fact, error) int {
	return func(facts []feed.Fact, err error) int {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for i := range facts {
			if err := b.Apply(&facts[i]); err != nil {
				t.Fatal(err)
			}
		}
		return len(facts)
	}
}

func TestVersionsAreFrozen(t *testing.T) {
	b := NewBook()
	write, now := applied(t, b), time.Unix(1e9, 0)
	if n := write(b.Create(drawn("a"))) + write(b.Create(drawn("a"))); n != 1 {
		t.Fatalf("%d facts make a map", n)
	}
	if _, err := b.Create(drawn("b")); !fault.Is(err, commonv1.Reason_REASON_ALREADY_EXISTS) {
		t.Fatal(err)
	}
	if _, err := b.Version("delivery", 0); !fault.Is(err, commonv1.Reason_REASON_MAP_UNPUBLISHED) {
		t.Fatal(err)
	}
	if n := write(b.Publish("delivery", now)) + write(b.Publish("delivery", now)); n != 1 {
		t.Fatalf("%d facts publish an unchanged draft", n)
	}
	next := drawn("b")
	next.Etag = 1
	if n := write(b.Update(next)) + write(b.Update(next)); n != 1 {
		t.Fatalf("%d facts change a draft", n)
	}
	stale := drawn("c")
	stale.Etag = 1
	if _, err := b.Update(stale); !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) {
		t.Fatal(err)
	}
	write(b.Publish("delivery", now))
	first, err := b.Version("delivery", 1)
	if err != nil || !proto.Equal(first.GetContent(), drawn("a").GetDraft()) {
		t.Fatal(first, err)
	}
	newest, err := b.Version("delivery", 0)
	if err != nil || newest.GetVersion() != 2 || !proto.Equal(newest.GetContent(), drawn("b").GetDraft()) {
		t.Fatal(newest, err)
	}
	for _, c := range []struct {
		id      string
		version int32
	}{{"delivery", 3}, {"none", 0}} {
		if _, err := b.Version(c.id, c.version); !fault.Is(err, commonv1.Reason_REASON_MAP_UNKNOWN) {
			t.Error(err)
		}
	}
}

func TestListIsInOrder(t *testing.T) {
	b := NewBook()
	for _, id := range []string{"c", "a", "d", "b"} {
		m := drawn("x")
		m.Id = id
		applied(t, b)(b.Create(m))
	}
	first, more := b.List("", 3)
	rest, end := b.List(first[2].GetId(), 3)
	if !more || end || first[0].GetId() != "a" || len(rest) != 1 || rest[0].GetId() != "d" {
		t.Error(first, rest, more, end)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	for field, spoil := range map[string]func(*journeyv1.JourneyMap){
		"map.etag":                                          func(m *journeyv1.JourneyMap) { m.Etag = 1 },
		"map.versions":                                      func(m *journeyv1.JourneyMap) { m.Versions = []*journeyv1.MapVersion{{}} },
		"map.draft.titles":                                  func(m *journeyv1.JourneyMap) { m.Draft.Titles["en"] = " " },
		"map.draft.audience.employees":                      audience(&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_Employees{}}),
		"map.draft.audience.customer_id":                    audience(&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_CustomerId{CustomerId: -1}}),
		"map.draft.audience.segment_id":                     audience(&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_SegmentId{}}),
		"map.draft.time_axis[1]":                            func(m *journeyv1.JourneyMap) { m.Draft.TimeAxis[1] = "" },
		"map.draft.stages[1].id":                            func(m *journeyv1.JourneyMap) { m.Draft.Stages[1].Id = "order" },
		"map.draft.stages[1].touchpoints[0].id":             point(func(p *journeyv1.Touchpoint) { p.Id = "site" }),
		"map.draft.stages[1].touchpoints[0].at":             point(func(p *journeyv1.Touchpoint) { p.At = 2 }),
		"map.draft.stages[1].touchpoints[0].event_kinds[0]": point(func(p *journeyv1.Touchpoint) { p.EventKinds = []string{""} }),
		"map.draft.stages[1].touchpoints[0].event_kinds[1]": point(func(p *journeyv1.Touchpoint) { p.EventKinds = []string{"a", "a"} }),
		"map.draft.stages[1].touchpoints[0].subject":        point(func(p *journeyv1.Touchpoint) { p.Metric = "" }),
	} {
		m := drawn("x")
		if err := CheckNew(m); err != nil {
			t.Fatal(err)
		}
		spoil(m)
		err := fault.From(CheckNew(m))
		if err == nil || len(err.Fields) != 1 || err.Fields[0].Path != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := CheckUpdate(drawn("x")); err == nil || !strings.Contains(err.Error(), "etag") {
		t.Error(err)
	}
}

func audience(a *journeyv1.MapAudience) func(*journeyv1.JourneyMap) {
	return func(m *journeyv1.JourneyMap) { m.Draft.Audience = a }
}

func point(spoil func(*journeyv1.Touchpoint)) func(*journeyv1.JourneyMap) {
	return func(m *journeyv1.JourneyMap) { spoil(m.Draft.Stages[1].Touchpoints[0]) }
}
