package programme

import (
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

const clock = "2006-01-02 15:04"

func zone(t *testing.T, name string) *calendar.Zone {
	t.Helper()
	z, err := calendar.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func wall(t *testing.T, z *calendar.Zone, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(clock, text, z.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestExpiry(t *testing.T) {
	london := zone(t, "Europe/London")
	month := commonv1.Grain_GRAIN_MONTH
	for _, c := range []struct {
		life       *loyaltyv1.Lifetime
		from, want string
	}{
		{&loyaltyv1.Lifetime{ExpireMonths: 1}, "2026-01-31 10:00", "2026-03-01 00:00"}, // up to and with 28 February
		{&loyaltyv1.Lifetime{ExpireMonths: 1}, "2028-01-31 10:00", "2028-03-01 00:00"}, // up to and with 29 February
		{&loyaltyv1.Lifetime{ExpireMonths: 1}, "2026-02-28 10:00", "2026-03-29 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 12}, "2026-06-15 23:59", "2027-06-16 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 12}, "2026-06-15 00:00", "2027-06-16 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 1}, "2026-02-27 01:00", "2026-03-28 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 1, ExpireEndOf: month}, "2026-01-31 10:00", "2026-03-01 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 3, ExpireEndOf: month}, "2026-01-01 00:00", "2026-05-01 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 12, ExpireEndOfYear: true}, "2026-06-15 23:59", "2028-01-01 00:00"},
		{&loyaltyv1.Lifetime{ExpireMonths: 1, ExpireEndOfYear: true}, "2026-12-01 00:00", "2028-01-01 00:00"},
	} {
		if got := Expiry(c.life, london, wall(t, london, c.from)).Format(clock); got != c.want {
			t.Errorf("%v from %s: %s, want %s", c.life, c.from, got, c.want)
		}
	}
	if got := Expiry(nil, london, time.Now()); !got.IsZero() {
		t.Error(got)
	}
}

// A midnight that does not exist is the moment at which its day begins.
func TestExpiryAtMissingMidnight(t *testing.T) {
	brazil := zone(t, "America/Sao_Paulo")
	got := Expiry(&loyaltyv1.Lifetime{ExpireMonths: 1}, brazil, wall(t, brazil, "2017-09-14 12:00"))
	if got.Format(clock) != "2017-10-15 01:00" {
		t.Error(got)
	}
}

func TestActiveFrom(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	bought := wall(t, moscow, "2026-01-31 23:30")
	if got := ActiveFrom(&loyaltyv1.Lifetime{PendingDays: 14}, moscow, bought).Format(clock); got != "2026-02-14 00:00" {
		t.Error(got)
	}
	if got := ActiveFrom(nil, moscow, bought); !got.Equal(bought) {
		t.Error(got)
	}
	if got := IdleUntil(&loyaltyv1.Lifetime{IdleDays: 10}, moscow, bought).Format(clock); got != "2026-02-11 00:00" {
		t.Error(got)
	}
	if got := IdleUntil(nil, moscow, bought); !got.IsZero() {
		t.Error(got)
	}
}
