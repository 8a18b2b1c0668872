package survey

import (
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// Years for which a holiday of every year is laid out.
const firstYear, lastYear = 2000, 2100

// businessHours are the hours in which cases fall due; a brand that states none
// is always open.
func businessHours(b *config.Brand, zone *calendar.Zone) (*calendar.Hours, error) {
	var week calendar.Week
	open := false
	for day, spans := range b.Hours {
		for _, s := range spans {
			open = true
			week[day] = append(week[day], calendar.Opening{From: s.OpenMinute, To: s.CloseMinute})
		}
	}
	if !open {
		return calendar.AlwaysOpen(zone), nil
	}
	var closed []calendar.Day
	for _, h := range b.Holidays {
		if h.Year != 0 {
			closed = append(closed, calendar.DayOn(h.Year, h.Month, h.Day))
			continue
		}
		for y := firstYear; y <= lastYear; y++ {
			closed = append(closed, calendar.DayOn(y, h.Month, h.Day))
		}
	}
	return calendar.NewHours(zone, week, closed)
}
