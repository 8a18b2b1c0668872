package journey_test

import (
	"testing"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// What is over is sealed when asked, and listed; today stays in the log.
func TestSealLake(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		ctx := t.Context()
		var events []*journeyv1.Event
		for i, at := range []time.Time{start.AddDate(0, -1, -7), start.AddDate(0, 0, -1), start} {
			events = append(events, &journeyv1.Event{Source: "till", ExternalId: string(rune('a' + i)), Kind: "visit",
				OccurredAt: stamp(at), Actor: byNumber(7)})
		}
		recorded, err := r.RecordEvents(ctx, &journeyv1.RecordEventsRequest{Brand: brand, Events: events})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range recorded.GetResults() {
			if one.GetError() != nil {
				t.Fatal(one.GetError())
			}
		}
		seal := func(compact bool, want int64) {
			t.Helper()
			done, err := r.SealLake(ctx, &journeyv1.SealLakeRequest{Brand: brand, Compact: compact})
			if err != nil || done.GetEvents() != want {
				t.Errorf("sealed %v, %v", done, err)
			}
		}
		list := func() []*journeyv1.LakeFile {
			t.Helper()
			got, err := r.ListLakeFiles(ctx, &journeyv1.ListLakeFilesRequest{Brand: brand})
			if err != nil {
				t.Fatal(err)
			}
			return got.GetFiles()
		}
		if files := list(); len(files) != 0 {
			t.Errorf("files before the first sealing: %v", files)
		}
		seal(false, 2)
		seal(false, 0)
		files := list()
		if len(files) != 2 || files[0].GetFirstDay() != "2026-01-26" || files[0].GetLastDay() != "2026-01-26" ||
			files[1].GetFirstDay() != "2026-03-01" || files[1].GetEvents() != 1 || files[1].GetSizeBytes() == 0 ||
			!files[1].GetSealedAt().AsTime().Equal(c.Now()) {
			t.Errorf("files %v", files)
		}
		seal(true, 1)
		if files = list(); len(files) != 2 || files[0].GetLastDay() != "2026-01-31" || files[1].GetLastDay() != "2026-03-01" {
			t.Errorf("files with whole months %v", files)
		}
	})
}
