package loyalty

import (
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
)

const none = "–"

// signed writes a change; none is ±0, so that it is seen to be known.
func (s *scene) signed(n int64) string {
	switch {
	case n > 0:
		return "+" + s.Lang.Count(n)
	case n == 0:
		return "±0"
	}
	return s.Lang.Count(n)
}

// percent writes a share of 0–100 that may be absent.
func (s *scene) percent(v *float64) string {
	if v == nil {
		return none
	}
	return s.Lang.Percent(*v / 100)
}

// apart writes a difference of two shares of 0–100 in points, with its sign.
func (s *scene) apart(v float64) string {
	text := s.Lang.Fixed(v, 1) + "\u00a0" + s.Lang.Shares
	if v > 0 {
		return "+" + text
	}
	return text
}

// money writes minor units of the brand's currency.
func (s *scene) money(minor int64) string {
	return s.Lang.Money(&commonv1.Money{Currency: s.brand.Currency, MinorUnits: minor})
}

// worth is what points come to; empty where a point pays no money.
func (s *scene) worth(points int64) string {
	value := s.programme.GetSpending().GetPointValue()
	if value == 0 || points > math.MaxInt64/value || points < -math.MaxInt64/value {
		return ""
	}
	return s.money(points * value)
}

// growth is how much more there is than before, in percent; empty where there was none.
func (s *scene) growth(now, before int64) string {
	if before <= 0 {
		return ""
	}
	share := float64(now-before) / float64(before)
	text := s.Lang.Percent(share)
	if share > 0 {
		return "+" + text
	}
	return text
}

// loose lets a text with days in it break at every blank, where there is little room.
func loose(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// day writes a day of the brand's calendar, as the contract writes it.
func (s *scene) day(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return none
	}
	return s.Lang.Day(day)
}

// month writes a month by its first day.
func (s *scene) month(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return none
	}
	return s.Lang.InMonth(day)
}

// on writes the day of an instant; unset: there is none.
func (s *scene) on(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return none
	}
	return s.Lang.Day(at.AsTime().In(s.brand.Location))
}

// at writes an instant.
func (s *scene) at(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return none
	}
	return s.Lang.Moment(at.AsTime().In(s.brand.Location))
}

// instant is a time for a spreadsheet.
func (s *scene) instant(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return at.AsTime().In(s.brand.Location).Format(time.RFC3339)
}

// whole, number and optional are numbers for a spreadsheet.
func whole(v int64) string { return strconv.FormatInt(v, 10) }

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}

// bar is how much of the longest one a bar takes, in percent.
func bar(n, most int64) int {
	if most <= 0 || n <= 0 {
		return 0
	}
	return int(math.Round(100 * float64(n) / float64(most)))
}
