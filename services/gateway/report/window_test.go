package report

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// moscow is a brand whose Monday is already Tuesday in the west.
func moscow(t *testing.T) *brand {
	t.Helper()
	brands, err := config.LoadBrands("")
	if err != nil {
		t.Fatal(err)
	}
	return newBrands(brands)["demo"]
}

func days(t *testing.T, start, end string) *surveyv1.Window {
	t.Helper()
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: start, End: end}}}
}

func instants(start, end time.Time) *surveyv1.Window {
	return &surveyv1.Window{Window: &surveyv1.Window_Range{Range: &commonv1.TimeRange{Start: timestamppb.New(start), End: timestamppb.New(end)}}}
}

func TestWindow(t *testing.T) {
	b, now := moscow(t), time.Date(2024, 3, 1, 22, 0, 0, 0, time.UTC) // 2 March in Moscow
	midnight := func(day int) time.Time { return time.Date(2024, 2, day, 21, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		in                         *surveyv1.Window
		window, before, yearBefore string // wrong: the path of what is
		wrong                      string
	}{
		"nothing said":      {nil, "2024-02-02 2024-03-03", "2024-01-03 2024-02-02", "2023-02-02 2023-03-03", ""},
		"today":             {&surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: 1}}, "2024-03-02 2024-03-03", "2024-03-01 2024-03-02", "2023-03-02 2023-03-03", ""},
		"a leap day":        {days(t, "2024-02-29", "2024-03-01"), "2024-02-29 2024-03-01", "2024-02-28 2024-02-29", "2023-02-28 2023-03-01", ""},
		"the day before it": {days(t, "2024-02-28", "2024-02-29"), "2024-02-28 2024-02-29", "2024-02-27 2024-02-28", "2023-02-28 2023-03-01", ""},
		"a month":           {days(t, "2024-02-01", "2024-03-01"), "2024-02-01 2024-03-01", "2024-01-03 2024-02-01", "2023-02-01 2023-03-01", ""},
		"midnights":         {instants(midnight(3), midnight(5)), "2024-02-04 2024-02-06", "2024-02-02 2024-02-04", "2023-02-04 2023-02-06", ""},
		"no midnight":       {instants(midnight(3).Add(time.Hour), midnight(5)), "", "", "", "window.range.start"},
		"no day":            {days(t, "2024-02-30", "2024-03-01"), "", "", "", "window.dates.start"},
		"backwards":         {days(t, "2024-03-01", "2024-03-01"), "", "", "", "window.dates "},
		"instants reversed": {instants(midnight(5), midnight(3)), "", "", "", "window.range "},
	} {
		w, err := b.window(now, tt.in)
		if tt.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		for i, want := range []string{tt.window, tt.before, tt.yearBefore} {
			got := w.beside()[i].days
			if text := got.From.String() + " " + got.Until.String(); err != nil || text != want {
				t.Errorf("%s: stretch %d is %s, want %s (%v)", name, i, text, want, err)
			}
		}
	}
}

func TestEverythingHasNothingBeside(t *testing.T) {
	b, now := moscow(t), time.Date(2024, 3, 1, 22, 0, 0, 0, time.UTC)
	w, err := b.window(now, &surveyv1.Window{})
	start, end := w.ends(b.zone)
	if err != nil || !w.all || len(w.beside()) != 1 || start != nil || w.ofAnswers() != nil || w.ofEvents() != nil || w.last() != calendar.DayOn(2024, 3, 2) {
		t.Errorf("%+v, %v to %v, %v", w, start, end, err)
	}
}

// Every stretch is as long as it should be, and no year is skipped.
func TestStretches(t *testing.T) {
	for from := calendar.DayOn(2019, 1, 1); from < calendar.DayOn(2025, 1, 1); from++ {
		for _, n := range []int{1, 2, 28, 30, 365} {
			w := window{days: calendar.Days{From: from, Until: from + calendar.Day(n)}}
			before, year := w.before().days, w.yearBefore().days
			if before.Len() != n || before.Until != from {
				t.Fatalf("before %v: %v", w.days, before)
			}
			if off := year.Len() - n; off < -1 || off > 1 || year.Len() < 1 || from-year.From < 365 || from-year.From > 366 {
				t.Fatalf("the year before %v: %v", w.days, year)
			}
		}
	}
}
