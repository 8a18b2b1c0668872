package intake_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// day is a date as the number of days since 1970.
func day(t *testing.T, date string) int32 {
	t.Helper()
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	return int32(at.Unix() / 86400)
}

func instant(t *testing.T, at string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDaysAndQuarters(t *testing.T) {
	for _, tt := range []struct {
		zone, answered string
		live           string
		quarter, hour  uint8
	}{
		{"Europe/Moscow", "2024-05-19T20:59:59Z", "2024-05-19", 95, 23},
		{"Europe/Moscow", "2024-05-19T21:00:00Z", "2024-05-20", 0, 0},
		{"Asia/Kathmandu", "2024-05-19T18:15:00Z", "2024-05-20", 0, 0},
		// A midnight that does not exist: the day has 92 quarters and begins at one.
		{"America/Sao_Paulo", "2017-10-15T02:59:59Z", "2017-10-14", 95, 23},
		{"America/Sao_Paulo", "2017-10-15T03:00:00Z", "2017-10-15", 0, 1},
		{"America/Sao_Paulo", "2017-10-16T01:59:59Z", "2017-10-15", 91, 23},
		// A midnight that is shown twice: the 17th has 100, and ends with the second.
		{"America/Sao_Paulo", "2018-02-18T01:59:59Z", "2018-02-17", 95, 23},
		{"America/Sao_Paulo", "2018-02-18T02:00:00Z", "2018-02-17", 96, 23},
		{"America/Sao_Paulo", "2018-02-18T03:00:00Z", "2018-02-18", 0, 0},
		// An hour that repeats: both are one o'clock, and other quarters.
		{"America/Los_Angeles", "2017-11-05T08:00:00Z", "2017-11-05", 4, 1},
		{"America/Los_Angeles", "2017-11-05T09:00:00Z", "2017-11-05", 8, 1},
		{"America/Los_Angeles", "2017-11-06T07:59:59Z", "2017-11-05", 99, 23},
		// An hour that is left out.
		{"America/Los_Angeles", "2017-03-12T09:59:59Z", "2017-03-12", 7, 1},
		{"America/Los_Angeles", "2017-03-12T10:00:00Z", "2017-03-12", 8, 3},
	} {
		r := visit(scored("nps", 9))
		r.AnsweredAt = timestamppb.New(instant(t, tt.answered))
		ready, err := rules(t, tt.zone).Prepare(r, noon)
		if err != nil {
			t.Fatal(err)
		}
		c := ready.Tally
		if c.Live != day(t, tt.live) || c.Day != c.Live || c.Quarter != tt.quarter || c.Hour != tt.hour {
			t.Errorf("%s at %s: %+v", tt.zone, tt.answered, c)
		}
	}
}

func TestTheOfficialDayIsThatOfTheExperience(t *testing.T) {
	judge := rules(t, "Europe/Moscow")
	for _, tt := range []struct {
		name                  string
		experienced, answered string
		day, live             string
	}{
		{"both unknown", "", "", "2024-05-20", "2024-05-20"},
		{"answered late", "", "2024-05-18T12:00:00Z", "2024-05-18", "2024-05-18"},
		{"about last week", "2024-05-12T20:59:59Z", "2024-05-18T12:00:00Z", "2024-05-12", "2024-05-18"},
		{"a second later, a day later", "2024-05-12T21:00:00Z", "2024-05-18T12:00:00Z", "2024-05-13", "2024-05-18"},
		{"about last week, answered as received", "2024-05-12T12:00:00Z", "", "2024-05-12", "2024-05-20"},
	} {
		r := visit(scored("nps", 9))
		if tt.experienced != "" {
			r.ExperiencedAt = stamp(instant(t, tt.experienced))
		}
		if tt.answered != "" {
			r.AnsweredAt = stamp(instant(t, tt.answered))
		}
		ready, err := judge.Prepare(r, noon)
		if err != nil {
			t.Fatal(err)
		}
		if ready.Tally.Day != day(t, tt.day) || ready.Tally.Live != day(t, tt.live) {
			t.Errorf("%s: %+v", tt.name, ready.Tally)
		}
	}
}

func TestTimes(t *testing.T) {
	judge := rules(t, "Europe/Moscow")
	ahead := 24 * time.Hour
	for _, tt := range []struct {
		name                         string
		experienced, asked, answered *timestamppb.Timestamp
		want                         string
	}{
		{"none", nil, nil, nil, ""},
		{"a clock that runs a day before", nil, nil, stamp(noon.Add(ahead)), ""},
		{"and more", nil, nil, stamp(noon.Add(ahead + 1)), "FIELD_INVALID answered_at"},
		{"asked in the future", nil, stamp(noon.Add(ahead + 1)), nil, "FIELD_INVALID asked_at"},
		{"the first moment", nil, nil, stamp(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)), ""},
		{"zero", nil, nil, stamp(time.Unix(0, 0)), "FIELD_INVALID answered_at"},
		{"no time", nil, &timestamppb.Timestamp{Nanos: -1}, nil, "FIELD_INVALID asked_at"},
		{"experienced a day after the answer", stamp(noon), nil, stamp(noon.Add(-ahead)), ""},
		{"and more", stamp(noon), nil, stamp(noon.Add(-ahead - 1)), "FIELD_INVALID experienced_at"},
	} {
		r := visit(scored("nps", 9))
		r.ExperiencedAt, r.AskedAt, r.AnsweredAt = tt.experienced, tt.asked, tt.answered
		if _, err := judge.Prepare(r, noon); refusal(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
