package segmentation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
	"github.com/rapport-cx/rapport/services/segmentation/rfm"
	"github.com/rapport-cx/rapport/services/segmentation/value"
)

// Matrices over segments and over fifths, between any two days on which customers came,
// bought, were merged, taken apart and erased, are what a naive count gives; so are
// overlaps and values.
func TestComparisonsAgainstRecount(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := newWeek(t, url, 1)
		for range 5 {
			w.pass()
		}
		for range 8 {
			w.step()
		}
		w.followed()
		w.w.settled(t)
		// What a day of now left is not over: it is who is in segments now.
		now := map[string][]int64{}
		for _, id := range weekSegments {
			now[id] = inSegment(t, w.r[0], id, "")
		}
		w.members[w.today] = now
		for from := w.first; from < w.today; from += 2 {
			for _, to := range []calendar.Day{from + 1, w.today} {
				w.compareSegments(from, to)
				w.compareFifths(from, to)
			}
		}
		for _, end := range []string{"from ", "to ", "from none", "to none", "to often", "from R5"} {
			if !w.seen[end] {
				t.Errorf("nobody moved %q", end)
			}
		}
		w.compareOverlap()
		w.compareValue("", 30)
		w.compareValue("often", 7)
		audit(t, url, "")
	})
}

// What is kept of everybody's purchases is what they are now, on any replica, whatever
// happened since it was asked for last: purchases, also late ones and such as were told
// anew, merges, new customers, erasures, a new day, a table that another process made anew.
func TestValueIsKeptUp(t *testing.T) {
	sqldbtest.EachURL(t, func(t *testing.T, url string) {
		w := newWeek(t, url, 5)
		for i := range 60 {
			for first := w.bought == 0; first; first = w.bought == 0 {
				w.step() // before the first purchase nothing is known of any
			}
			if i%3 == 2 {
				w.retell()
			} else {
				w.step()
			}
			w.followed()
			w.w.settled(t)
			w.compareValue("", 30)
			if i%20 == 19 {
				w.c.Add(24 * time.Hour)
				w.today++
			}
			if i%20 == 9 {
				w.spoil()
				rebuild(t, url, "")
				w.followed()
				w.compareValue("", 30)
			}
		}
	})
}

// spoil takes what a customer bought out of the table, and makes every replica count
// without it.
func (w *week) spoil() {
	w.t.Helper()
	id := int64(0)
	for one, sales := range w.sales {
		if len(sales) > len(w.sales[id]) || len(sales) == len(w.sales[id]) && one < id {
			id = one
		}
	}
	err := w.w.db.Write(w.t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(w.t.Context(), "DELETE FROM purchase WHERE brand = $1 AND customer = $2", brand, id)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	// What another one buys makes the block of both be read again.
	lost := len(w.sales[id])
	w.bought++
	w.sell(w.bought, fmt.Sprint(w.bought), 1+id%w.last)
	w.counted("purchases", int64(w.bought-lost))
	for _, r := range w.r {
		if _, err := r.GetSegmentValue(w.t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, ActiveDays: 30,
			Dates: &commonv1.DateRange{Start: (w.today - 99).String(), End: (w.today + 1).String()}}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *week) compareSegments(from, to calendar.Day) {
	want := w.recount(weekSegments, from, to, func(_ int64, numbers []int64, day calendar.Day) (string, bool) {
		for _, id := range weekSegments {
			if slices.ContainsFunc(numbers, func(n int64) bool { return slices.Contains(w.members[day][id], n) }) {
				return id, false
			}
		}
		return "", false
	})
	q := &segmentationv1.MigrationQuery{From: from.String(), To: to.String(),
		States: &segmentationv1.MigrationQuery_Segments{Segments: &segmentationv1.SegmentStates{SegmentIds: weekSegments}}}
	if diff := cmp.Diff(want, w.migrate(q), protocmp.Transform()); diff != "" {
		w.t.Errorf("segments from %s to %s: %s", from, to, diff)
	}
}

func (w *week) compareFifths(from, to calendar.Day) {
	cuts := map[calendar.Day]rfm.Measure{}
	for _, day := range []calendar.Day{from, to} {
		var rows []rfm.Row
		for person, numbers := range w.persons() {
			if r, ok := w.row(person, numbers, day); ok {
				rows = append(rows, r)
			}
		}
		cuts[day] = rfm.MeasureOf(rows)
	}
	want := w.recount([]string{"R5", "R4", "R3", "R2", "R1"}, from, to, func(person int64, numbers []int64, day calendar.Day) (string, bool) {
		r, ok := w.row(person, numbers, day)
		if !ok {
			return "", false
		}
		m := cuts[day]
		return fmt.Sprint("R", m.Score(&r).Recency), true
	})
	q := &segmentationv1.MigrationQuery{From: from.String(), States: &segmentationv1.MigrationQuery_Rfm{
		Rfm: &segmentationv1.RfmStates{By: segmentationv1.RfmStates_BY_RECENCY}}}
	if to != w.today {
		q.To = to.String()
	}
	if diff := cmp.Diff(want, w.migrate(q), protocmp.Transform()); diff != "" {
		w.t.Errorf("fifths from %s to %s: %s", from, to, diff)
	}
}

// compareOverlap counts combinations of the last day and of one before.
func (w *week) compareOverlap() {
	for _, day := range []calendar.Day{w.today, w.today - 2} {
		over := calendar.Days{From: day - 364, Until: day + 1}
		groups := map[string]*value.Group{}
		persons := int64(0)
		for _, numbers := range w.persons() {
			key := ""
			for _, id := range weekSegments {
				if slices.ContainsFunc(numbers, func(n int64) bool { return slices.Contains(w.members[day][id], n) }) {
					key += id + " "
				}
			}
			if key == "" {
				continue
			}
			if persons++; groups[key] == nil {
				groups[key] = &value.Group{}
			}
			groups[key].Add(w.worth(numbers, over))
		}
		q := &segmentationv1.OverlapQuery{SegmentIds: weekSegments}
		if day != w.today {
			q.Day = day.String()
		}
		out, err := w.one().CompareSegments(w.t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
			Comparison: &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: q}})
		if err != nil {
			w.t.Fatal(err)
		}
		got := out.GetOverlap()
		for _, c := range got.GetCombinations() {
			key := ""
			for _, id := range c.GetSegmentIds() {
				key += id + " "
			}
			want := groups[key]
			if want == nil {
				w.t.Fatalf("nobody is in %q", key)
			}
			if diff := cmp.Diff(want.Value(over), c.GetValue(), protocmp.Transform()); diff != "" {
				w.t.Errorf("%q on %s: %s", key, day, diff)
			}
		}
		if len(got.GetCombinations()) != len(groups) || got.GetPersons() != persons || len(got.GetPairs()) != 3 {
			w.t.Errorf("%d combinations of %d, %d persons of %d", len(got.GetCombinations()), len(groups), got.GetPersons(), persons)
		}
	}
}

// compareValue counts every week of a hundred days by itself.
func (w *week) compareValue(segment string, active int32) {
	days := calendar.Days{From: w.today - 99, Until: w.today + 1}
	var persons [][]int64
	for person, numbers := range w.persons() {
		if segment == "" || slices.Contains(w.members[w.today][segment], person) {
			persons = append(persons, numbers)
		}
	}
	out, err := w.one().GetSegmentValue(w.t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, SegmentId: segment, ActiveDays: active,
		Dates: &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}, Grain: commonv1.Grain_GRAIN_WEEK})
	if err != nil {
		w.t.Fatal(err)
	}
	at := 0
	check := func(over calendar.Days, got *segmentationv1.ValuePeriod) {
		var g value.Group
		var who value.Period
		for _, numbers := range persons {
			g.Add(w.worth(numbers, over))
			var bought []calendar.Day
			for _, id := range numbers {
				for _, s := range w.sales[id] {
					bought = append(bought, s.day)
				}
			}
			slices.Sort(bought)
			who.Add(bought, over, int(active))
		}
		if diff := cmp.Diff(g.Value(over), got.GetValue(), protocmp.Transform()); diff != "" {
			w.t.Errorf("%q in %v: %s", segment, over, diff)
		}
		told := value.Period{Start: got.GetActiveAtStart(), End: got.GetActiveAtEnd(), New: got.GetCame(), Active: got.GetActive(), Lost: got.GetLost()}
		if told != who || got.GetDates().GetStart() != over.From.String() || (got.Retention == nil) != (who.Start == 0) || (got.Churn == nil) != (who.Active == 0) ||
			got.GetRetention() < got.GetRetentionLow() || got.GetRetention() > got.GetRetentionHigh() || got.GetChurn() > got.GetChurnHigh() {
			w.t.Errorf("%q in %v: %v, not %+v", segment, over, got, who)
		}
	}
	check(days, out.GetTotal())
	// What is kept from one time to the next says the same as what is walked over.
	for range 2 {
		kept, err := w.one().GetSegmentValue(w.t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, SegmentId: segment, ActiveDays: active,
			Dates: &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}})
		if err != nil {
			w.t.Fatal(err)
		}
		if diff := cmp.Diff(out.GetTotal(), kept.GetTotal(), protocmp.Transform()); diff != "" {
			w.t.Errorf("%q: kept (-walked +kept)\n%s", segment, diff)
		}
	}
	w.compareValues(segment, active, days, out)
	for over := range days.Split(calendar.GrainWeek) {
		check(over, out.GetPeriods()[at])
		at++
	}
	if at != len(out.GetPeriods()) || out.GetAsOf() == nil {
		w.t.Errorf("%d periods of %d as of %v", len(out.GetPeriods()), at, out.GetAsOf())
	}
}

// compareValues asks for several values at once, of which the last is refused.
func (w *week) compareValues(segment string, active int32, days calendar.Days, whole *segmentationv1.GetSegmentValueResponse) {
	dates := func(d calendar.Days) *commonv1.DateRange {
		return &commonv1.DateRange{Start: d.From.String(), End: d.Until.String()}
	}
	half := calendar.Days{From: days.From, Until: days.From + 50}
	in := &segmentationv1.BatchGetSegmentValuesRequest{Brand: brand, Requests: []*segmentationv1.GetSegmentValueRequest{
		{SegmentId: segment, ActiveDays: active, Dates: dates(days)}, {SegmentId: segment, ActiveDays: active, Dates: dates(half)}, {},
		{SegmentId: segment, ActiveDays: active, Dates: dates(days), Grain: commonv1.Grain_GRAIN_WEEK}, {Dates: dates(calendar.Days{From: 1, Until: 9999})},
	}}
	got, err := w.one().BatchGetSegmentValues(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	results := got.GetResults()
	for i, one := range in.GetRequests() {
		one = proto.CloneOf(one)
		one.Brand = brand
		alone, err := w.one().GetSegmentValue(w.t.Context(), one)
		if err == nil != (i < 4) || results[i].GetError().GetCode() != int32(fault.Code(err)) || !proto.Equal(alone.GetTotal(), results[i].GetValue().GetTotal()) {
			w.t.Errorf("%v: %v, alone %v (%v)", one, results[i], alone, err)
		}
	}
	if !proto.Equal(results[0].GetValue().GetTotal(), whole.GetTotal()) || len(results[3].GetValue().GetPeriods()) != len(whole.GetPeriods()) || got.GetAsOf() == nil {
		w.t.Errorf("%v, not %v", results[0], whole)
	}
}

func TestComparisonsRefuse(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		numbered(t, r, 2)
		createSegment(t, r, listOf("a", 1))
		createSegment(t, r, listOf("none", 2))
		move := func(from, to string, states any) error {
			q := &segmentationv1.MigrationQuery{From: from, To: to}
			switch s := states.(type) {
			case *segmentationv1.SegmentStates:
				q.States = &segmentationv1.MigrationQuery_Segments{Segments: s}
			case *segmentationv1.OccasionStates:
				q.States = &segmentationv1.MigrationQuery_Occasions{Occasions: s}
			}
			_, err := r.CompareSegments(t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
				Comparison: &segmentationv1.CompareSegmentsRequest_Migration{Migration: q}})
			return err
		}
		lay := func(day string, ids ...string) error {
			_, err := r.CompareSegments(t.Context(), &segmentationv1.CompareSegmentsRequest{Brand: brand,
				Comparison: &segmentationv1.CompareSegmentsRequest_Overlap{Overlap: &segmentationv1.OverlapQuery{SegmentIds: ids, Day: day}}})
			return err
		}
		worth := func(start, end string, grain commonv1.Grain, id string) error {
			_, err := r.GetSegmentValue(t.Context(), &segmentationv1.GetSegmentValueRequest{Brand: brand, SegmentId: id,
				Dates: &commonv1.DateRange{Start: start, End: end}, Grain: grain})
			return err
		}
		in := func(ids ...string) *segmentationv1.SegmentStates {
			return &segmentationv1.SegmentStates{SegmentIds: ids}
		}
		for _, one := range []struct {
			err  error
			want any
			path string
		}{
			{move("2026-03-01", "", in("a")), fault.ReasonInvalid, "migration.from"},
			{move("2026-03-02", "", in("a")), fault.ReasonInvalid, "migration.from"},
			{move("2026-02-30", "", in("a")), fault.ReasonInvalid, "migration.from"},
			{move("2026-03-01", "2026-03-03", in("a")), fault.ReasonInvalid, "migration.to"},
			{move("2026-03-01", "", in("a", "none")), fault.ReasonInvalid, "migration.segments.segment_ids[1]"},
			{move("2026-03-01", "", in("b")), commonv1.Reason_REASON_SEGMENT_UNKNOWN, ""},
			{move("2026-03-01", "", &segmentationv1.OccasionStates{Days: 2}), fault.ReasonInvalid, "migration.occasions.days"},
			{lay("2026-03-01", "a", "none"), fault.ReasonInvalid, "overlap.day"},
			{lay("2026-03-03", "a", "none"), fault.ReasonInvalid, "overlap.day"},
			{lay("", "a", "b"), commonv1.Reason_REASON_SEGMENT_UNKNOWN, ""},
			{worth("2026-03-01", "2026-03-01", 0, ""), fault.ReasonInvalid, "dates"},
			{worth("2010-03-01", "2026-03-01", 0, ""), fault.ReasonInvalid, "dates"},
			{worth("2026-02-01", "2026-02-30", 0, ""), fault.ReasonInvalid, "dates.end"},
			{worth("2026-02-30", "2026-03-30", 0, ""), fault.ReasonInvalid, "dates.start"},
			{worth("2026-02-01", "2026-03-01", commonv1.Grain_GRAIN_HOUR, ""), fault.ReasonInvalid, "grain"},
			{worth("2024-02-01", "2026-03-01", commonv1.Grain_GRAIN_DAY, ""), fault.ReasonInvalid, "grain"},
			{worth("2026-02-01", "2026-03-01", 0, "b"), commonv1.Reason_REASON_SEGMENT_UNKNOWN, ""},
		} {
			f := fault.From(one.err)
			if !fault.Is(f, one.want) || one.path != "" && (len(f.Fields) != 1 || f.Fields[0].Path != one.path) {
				t.Errorf("got %v, want %v of %q", one.err, one.want, one.path)
			}
		}
		if err := move("2026-03-01", "", &segmentationv1.OccasionStates{Days: 1}); err != nil {
			t.Error(err)
		}
	})
}
