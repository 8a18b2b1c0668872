package journey_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/journey"
)

func TestRecordAndRead(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		in := happened("1", "purchase", time.Hour)
		in.Lines = []*journeyv1.Line{
			{Category: "food", Sku: "a", QuantityMilli: 2000, Amount: &commonv1.Money{Currency: "RUB", MinorUnits: 150}},
			{Category: "food", Sku: "b", Amount: &commonv1.Money{Currency: "RUB", MinorUnits: 50}},
		}
		in.Properties = map[string]string{"note": "gift"}
		ids := put(t, r, in)
		want := proto.CloneOf(in)
		want.Id, want.ReceivedAt = ids[0], stamp(start)
		want.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: 200}
		got := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: 7})
		if diff := cmp.Diff([]*journeyv1.Event{want}, got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSameEventTwice(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		first := put(t, r, happened("1", "purchase", time.Hour))
		again := try(t, r, happened("1", "purchase", time.Hour), happened("2", "visit", time.Hour), happened("2", "visit", time.Hour))
		if !again[0].GetReplayed() || again[0].GetId() != first[0] {
			t.Errorf("repeated: %v, first %v", again[0], first)
		}
		if again[1].GetReplayed() || !again[2].GetReplayed() || again[1].GetId() != again[2].GetId() {
			t.Errorf("twice in one batch: %v, %v", again[1], again[2])
		}
		for field, change := range map[string]func(*journeyv1.Event){
			"event.kind":         func(e *journeyv1.Event) { e.Kind = "return" },
			"event.customer":     func(e *journeyv1.Event) { e.Actor = nil },
			"event.customer.id":  func(e *journeyv1.Event) { e.Actor = byNumber(8) },
			"event.occurred_at":  func(e *journeyv1.Event) { e.OccurredAt = stamp(start) },
			"event.subjects":     func(e *journeyv1.Event) { e.Subjects = nil },
			"event.promised_at":  func(e *journeyv1.Event) { e.PromisedAt = stamp(start) },
			"event.properties":   func(e *journeyv1.Event) { e.Properties = map[string]string{"a": "b"} },
			"event.external_id.": nil,
		} {
			if change == nil {
				continue
			}
			e := happened("1", "purchase", time.Hour)
			change(e)
			got := fault.FromStatus(try(t, r, e)[0].GetError())
			if !fault.Is(got, commonv1.Reason_REASON_KEY_REUSED) || got.Meta["field"] != field {
				t.Errorf("want %s, got %v (%v)", field, got, got.Meta)
			}
		}
		if all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: 7}); len(all) != 2 {
			t.Errorf("%d events", len(all))
		}
	})
}

func TestBadEventsFailAlone(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for path, spoil := range map[string]func(*journeyv1.Event){
			"event.source":                   func(e *journeyv1.Event) { e.Source = "" },
			"event.external_id":              func(e *journeyv1.Event) { e.ExternalId = "" },
			"event.kind":                     func(e *journeyv1.Event) { e.Kind = "a\x00b" },
			"event.occurred_at":              func(e *journeyv1.Event) { e.OccurredAt = stamp(start.Add(25 * time.Hour)) },
			"event.promised_at":              func(e *journeyv1.Event) { e.PromisedAt = stamp(time.Unix(0, 0)) },
			"event.subjects[1]":              func(e *journeyv1.Event) { e.Subjects = append(e.Subjects, e.Subjects[0]) },
			"event.subjects[0].id":           func(e *journeyv1.Event) { e.Subjects[0].Id = "" },
			"event.amount.currency":          func(e *journeyv1.Event) { e.Amount = &commonv1.Money{Currency: "EUR"} },
			"event.amount.minor_units":       func(e *journeyv1.Event) { e.Amount = &commonv1.Money{Currency: "RUB", MinorUnits: -1} },
			"event.lines[0].amount.currency": func(e *journeyv1.Event) { e.Lines = []*journeyv1.Line{{Amount: &commonv1.Money{Currency: "USD"}}} },
			"event.party_size":               func(e *journeyv1.Event) { e.PartySize = 1001 },
			"event.order_id":                 func(e *journeyv1.Event) { e.OrderId = "a\x00" },
			"event.id":                       func(e *journeyv1.Event) { e.Id = "1" },
			"event.occasions":                func(e *journeyv1.Event) { e.Occasions = []string{"x"} },
		} {
			bad := happened("bad", "visit", time.Hour)
			spoil(bad)
			got := try(t, r, bad, happened(path, "visit", time.Hour))
			e := fault.FromStatus(got[0].GetError())
			if e == nil || len(e.Fields) == 0 || e.Fields[0].Path != path {
				t.Errorf("%s: %v", path, e)
			}
			if got[1].GetError() != nil {
				t.Errorf("%s took another one along: %v", path, got[1])
			}
		}
		if _, err := r.RecordEvents(t.Context(), &journeyv1.RecordEventsRequest{Brand: "nobody", Events: []*journeyv1.Event{happened("1", "visit", 0)}}); !fault.Is(err, commonv1.Reason_REASON_BRAND_UNKNOWN) {
			t.Error(err)
		}
	})
}

func TestOccasions(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		e := happened("1", "purchase.cafe", 0) // noon in Moscow
		e.PartySize = 1
		e.Lines = []*journeyv1.Line{{QuantityMilli: 4000}}
		put(t, r, e)
		got := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: 7})
		if diff := cmp.Diff([]string{"lunch.solo"}, got[0].GetOccasions()); diff != "" {
			t.Error(diff)
		}
	})
}

// imported sends chunks and returns the answers.
func imported(t testing.TB, c journeyv1.JourneyServiceClient, chunks ...[]*journeyv1.Event) []*journeyv1.ImportEventsResponse {
	t.Helper()
	stream, err := c.ImportEvents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		row := int64(0)
		for _, events := range chunks {
			in := &journeyv1.ImportEventsRequest{Brand: brand}
			for _, e := range events {
				row++
				in.Rows = append(in.Rows, &journeyv1.EventRow{Line: row, Event: e})
			}
			if stream.Send(in) != nil {
				return // Recv tells why
			}
		}
		_ = stream.CloseSend()
	}()
	var out []*journeyv1.ImportEventsResponse
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, answer)
	}
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		var chunk []*journeyv1.Event
		for i := range 50 {
			chunk = append(chunk, happened(fmt.Sprint(i), "visit", time.Duration(i)*time.Minute))
		}
		chunk[3].Kind, chunk[9].OccurredAt = "", nil
		got := imported(t, r, chunk, chunk)
		for i, answer := range got {
			if answer.GetRecorded()+answer.GetReplayed() != 48 || (answer.GetReplayed() == 48) != (i == 1) {
				t.Errorf("chunk %d: %v", i, answer)
			}
			if len(answer.GetRejections()) != 2 || answer.GetRejections()[0].GetLine() != int64(50*i+4) {
				t.Errorf("chunk %d: %v", i, answer.GetRejections())
			}
		}
		kinds, err := r.ListEventKinds(t.Context(), &journeyv1.ListEventKindsRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds.GetKinds() {
			if want := map[string]int64{"visit": 48}[k.GetKind()]; k.GetEvents() != want {
				t.Errorf("%s: %d events", k.GetKind(), k.GetEvents())
			}
		}
	})
}

func TestMany(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		var wg sync.WaitGroup
		fresh := make([]int, 8)
		for w := range fresh {
			wg.Go(func() {
				for i := range 40 {
					for _, one := range try(t, r, happened(fmt.Sprint(i), "visit", time.Duration(i)*time.Minute)) {
						if !one.GetReplayed() && one.GetError() == nil {
							fresh[w]++
						}
					}
				}
			})
		}
		wg.Wait()
		sum := 0
		for _, n := range fresh {
			sum += n
		}
		if all := line(t, r, &journeyv1.ListJourneyRequest{CustomerId: 7, PageSize: 7}); sum != 40 || len(all) != 40 {
			t.Errorf("%d recorded, %d listed, of 40", sum, len(all))
		}
	})
}

// Two replicas are sent the same events at the same time: each is recorded once,
// and whoever says that it is in counts it.
func TestTwoReplicas(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		c := &clock{now: start}
		both := []*replica{newReplica(t, url, c.Now, journey.Neighbours{}), newReplica(t, url, c.Now, journey.Neighbours{})}
		var wg sync.WaitGroup
		var fresh atomic.Int64
		for _, r := range both {
			wg.Go(func() {
				for i := range 30 {
					one := try(t, r, happened(fmt.Sprint(i), "visit", time.Duration(i)*time.Hour), happened(fmt.Sprint(i), "visit", time.Duration(i)*time.Hour))
					if one[0].GetError() != nil || one[0].GetId() != one[1].GetId() || !one[1].GetReplayed() {
						t.Errorf("%d: %v", i, one)
					}
					if !one[0].GetReplayed() {
						fresh.Add(1)
					}
					kinds, err := r.ListEventKinds(t.Context(), &journeyv1.ListEventKindsRequest{Brand: brand})
					if err != nil {
						t.Error(err)
						return
					}
					for _, k := range kinds.GetKinds() {
						if k.GetKind() == "visit" && k.GetEvents() <= int64(i) {
							t.Errorf("after %d events %d are counted", i+1, k.GetEvents())
						}
					}
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 30 {
			t.Errorf("%d events recorded", fresh.Load())
		}
		for _, r := range both {
			verify(t, r)
		}
	})
}

func TestWatch(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		put(t, r, happened("1", "visit", time.Hour))
		stream, err := r.WatchEvents(ctx, &journeyv1.WatchEventsRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		var cursor *commonv1.Cursor
		see := func(want string) {
			t.Helper()
			for {
				got, err := stream.Recv()
				if err != nil {
					t.Fatal(err)
				}
				cursor = got.GetCursor()
				if len(got.GetFacts()) == 0 {
					continue
				}
				if id := got.GetFacts()[0].GetRecorded().GetExternalId(); id != want {
					t.Fatalf("saw %q, want %q", id, want)
				}
				return
			}
		}
		see("1")
		put(t, r, happened("2", "visit", 2*time.Hour))
		see("2")
		cancel()
		stream, err = r.WatchEvents(t.Context(), &journeyv1.WatchEventsRequest{Brand: brand, After: cursor})
		if err != nil {
			t.Fatal(err)
		}
		put(t, r, happened("3", "visit", 3*time.Hour))
		see("3")
		stream, err = r.WatchEvents(t.Context(), &journeyv1.WatchEventsRequest{Brand: brand, UntilEnd: true})
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for err == nil {
			var piece *journeyv1.WatchEventsResponse
			piece, err = stream.Recv()
			told += len(piece.GetFacts())
		}
		if told != 3 || !errors.Is(err, io.EOF) {
			t.Errorf("until the end: %d facts, then %v", told, err)
		}
		cursor.CommitId++
		stream, err = r.WatchEvents(t.Context(), &journeyv1.WatchEventsRequest{Brand: brand, After: cursor})
		if err == nil {
			_, err = stream.Recv()
		}
		if !fault.Is(err, commonv1.Reason_REASON_LOG_REPLACED) {
			t.Error(err)
		}
	})
}
