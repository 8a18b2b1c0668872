package journey_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
)

// deliveryMap goes from the web shop over a desk to the purchase.
func deliveryMap(id string) *journeyv1.JourneyMap {
	return &journeyv1.JourneyMap{Id: id, Draft: &journeyv1.MapContent{
		Titles: map[string]string{"en": "Delivery"}, TimeAxis: []string{"before", "after"},
		Stages: []*journeyv1.Stage{
			{Id: "look", Touchpoints: []*journeyv1.Touchpoint{
				{Id: "site", EventKinds: []string{"visit"}, Channel: commonv1.Channel_CHANNEL_WEB, Metric: "nps.delivery"},
				{Id: "desk", Metric: "nps.nowhere"},
			}},
			{Id: "buy", Touchpoints: []*journeyv1.Touchpoint{
				{Id: "till", At: 1, EventKinds: []string{"purchase"}, Metric: "nps.delivery", Subject: store("s1")},
			}},
		},
	}}
}

func TestMapsThroughTheServer(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ctx := t.Context()
		for _, id := range []string{"b", "a", "c"} {
			for range 2 {
				out, err := r.CreateMap(ctx, &journeyv1.CreateMapRequest{Brand: brand, Map: deliveryMap(id)})
				if err != nil || out.GetMap().GetEtag() != 1 {
					t.Fatal(out, err)
				}
			}
		}
		in := &journeyv1.ListMapsRequest{Brand: brand, PageSize: 2}
		first, err := r.ListMaps(ctx, in)
		if err != nil || len(first.GetMaps()) != 2 || first.GetMaps()[0].GetId() != "a" {
			t.Fatal(first, err)
		}
		in.PageToken = first.GetNextPageToken()
		rest, err := r.ListMaps(ctx, in)
		if err != nil || len(rest.GetMaps()) != 1 || rest.GetNextPageToken() != "" {
			t.Fatal(rest, err)
		}
		in.PageToken = "AAAA"
		if _, err := r.ListMaps(ctx, in); !fault.Is(err, commonv1.Reason_REASON_PAGE_TOKEN_INVALID) {
			t.Error(err)
		}
		for range 2 {
			out, err := r.PublishMap(ctx, &journeyv1.PublishMapRequest{Brand: brand, MapId: "a"})
			if err != nil || out.GetVersion().GetVersion() != 1 {
				t.Fatal(out, err)
			}
		}
		next := deliveryMap("a")
		next.Etag, next.Draft.Titles["ru"] = 1, "Доставка"
		out, err := r.UpdateMap(ctx, &journeyv1.UpdateMapRequest{Brand: brand, Map: next})
		if err != nil || out.GetMap().GetEtag() != 2 {
			t.Fatal(out, err)
		}
		stale := deliveryMap("a")
		stale.Etag = 1
		if _, err := r.UpdateMap(ctx, &journeyv1.UpdateMapRequest{Brand: brand, Map: stale}); !fault.Is(err, commonv1.Reason_REASON_VERSION_CONFLICT) {
			t.Error(err)
		}
		got, err := r.GetMap(ctx, &journeyv1.GetMapRequest{Brand: brand, MapId: "a"})
		if err != nil || len(got.GetMap().GetVersions()) != 1 || !proto.Equal(got.GetMap().GetVersions()[0].GetContent(), deliveryMap("a").GetDraft()) {
			t.Error(got, err)
		}
		if _, err := r.GetMap(ctx, &journeyv1.GetMapRequest{Brand: brand, MapId: "z"}); !fault.Is(err, commonv1.Reason_REASON_MAP_UNKNOWN) {
			t.Error(err)
		}
		if _, err := r.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: brand, MapId: "b"}); !fault.Is(err, commonv1.Reason_REASON_MAP_UNPUBLISHED) {
			t.Error(err)
		}
	})
}

// visited records what the map of the tests counts.
func visited(t *testing.T, r *replica) {
	t.Helper()
	for i, who := range []int64{1, 2, 2, 3} {
		e := happened(fmt.Sprint("v", i), "visit.page", 2*time.Hour)
		e.Actor, e.Channel = byNumber(who), commonv1.Channel_CHANNEL_WEB
		put(t, r, e)
	}
	elsewhere := happened("elsewhere", "visit", 2*time.Hour)
	bought := happened("bought", "purchase", time.Hour)
	bought.Actor = byNumber(2)
	asked := happened("asked", "contact.desk", time.Hour)
	asked.Touchpoint = "desk"
	clerk := proto.CloneOf(asked)
	clerk.ExternalId, clerk.Actor = "clerk", &journeyv1.Event_Employee{Employee: "e1"}
	put(t, r, elsewhere, bought, asked, clerk)
}

func TestMapScores(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		n := newSurvey(t, c.Now)
		r := newReplica(t, url, c.Now, journey.Neighbours{Survey: surveyv1.NewSurveyServiceClient(n)})
		visited(t, r)
		published(t, r, deliveryMap("m"))
		ask := func(within time.Duration, w *journeyv1.Window) *journeyv1.GetMapScoresResponse {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			out, err := r.GetMapScores(ctx, &journeyv1.GetMapScoresRequest{Brand: brand, MapId: "m", Window: w})
			if err != nil {
				t.Fatal(err)
			}
			checkNumbers(t, out)
			return out
		}
		today := &journeyv1.Window{Window: &journeyv1.Window_LastDays{LastDays: 2}}
		for _, w := range []*journeyv1.Window{nil, today} {
			out := ask(time.Minute, w)
			p := out.GetTouchpoints()
			if out.GetScoresMissing() || p[0].GetScore().GetN() != 1 || p[0].GetScore().GetValue() != -100 ||
				p[1].GetScore() != nil || p[2].GetScore().GetN() != 2 || p[2].GetScore().GetValue() != 0 {
				t.Errorf("scores: %v", out)
			}
		}
		n.held.Store(true)
		if out := ask(2*time.Second, nil); !out.GetScoresMissing() || out.GetTouchpoints()[0].GetScore() != nil {
			t.Errorf("scores of one who does not answer: %v", out)
		}
		n.held.Store(false)
		n.stop()
		if out := ask(time.Minute, nil); !out.GetScoresMissing() {
			t.Errorf("scores of one who is away: %v", out)
		}
	})
}

func published(t *testing.T, r *replica, m *journeyv1.JourneyMap) {
	t.Helper()
	if _, err := r.CreateMap(t.Context(), &journeyv1.CreateMapRequest{Brand: brand, Map: m}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.PublishMap(t.Context(), &journeyv1.PublishMapRequest{Brand: brand, MapId: m.GetId()}); err != nil {
		t.Fatal(err)
	}
}

func checkNumbers(t *testing.T, out *journeyv1.GetMapScoresResponse) {
	t.Helper()
	p := out.GetTouchpoints()
	if len(p) != 3 || p[0].GetVisits() != 4 || p[0].GetPeople() != 3 || p[0].GetLost() != 2 || p[0].GetDropOff() != 2.0/3 ||
		p[1].GetVisits() != 0 || p[1].GetContacts() != 1 || p[1].Lost != nil ||
		p[2].GetVisits() != 1 || p[2].GetPeople() != 1 || p[2].Lost != nil || out.GetAsOf() == nil {
		t.Errorf("numbers: %v", p)
	}
}

func TestMapAudiences(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		visited(t, r)
		for id, c := range map[string]struct {
			audience                 *journeyv1.MapAudience
			visits, people, contacts int64
		}{
			"all":       {nil, 4, 3, 1},
			"segment":   {&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_SegmentId{SegmentId: "vip"}}, 4, 3, 1},
			"one":       {&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_CustomerId{CustomerId: 2}}, 2, 1, 0},
			"employees": {&journeyv1.MapAudience{Audience: &journeyv1.MapAudience_Employees{Employees: true}}, 0, 0, 1},
		} {
			m := deliveryMap(id)
			m.Draft.Audience = c.audience
			published(t, r, m)
			out, err := r.GetMapScores(t.Context(), &journeyv1.GetMapScoresRequest{Brand: brand, MapId: id, Version: 1})
			if err != nil {
				t.Fatal(err)
			}
			p := out.GetTouchpoints()
			if p[0].GetVisits() != c.visits || p[0].GetPeople() != c.people || p[1].GetContacts() != c.contacts || !out.GetScoresMissing() {
				t.Errorf("%s: %v", id, out)
			}
		}
	})
}
