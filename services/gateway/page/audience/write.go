package audience

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// money writes an amount in minor units of the brand's currency; absent is not 0.
func (s *scene) money(minor *float64) string {
	if minor == nil {
		return "–"
	}
	return s.Lang.Money(&commonv1.Money{Currency: s.brand.Currency, MinorUnits: int64(math.Round(*minor))})
}

func (s *scene) amount(minor int64) string {
	v := float64(minor)
	return s.money(&v)
}

// roughly writes a large amount without its small change.
func (s *scene) roughly(minor int64) string {
	text, unit, _ := strings.Cut(s.amount(minor), "\u00a0"+s.brand.Currency)
	text, _, _ = strings.Cut(text, s.Lang.Decimal())
	return text + "\u00a0" + s.brand.Currency + unit
}

// maybe writes a number that may be absent.
func (s *scene) maybe(v *float64, decimals int) string {
	if v == nil {
		return "–"
	}
	return s.Lang.Fixed(*v, decimals)
}

// percent writes a share of 0–100 that may be absent.
func (s *scene) percent(v *float64) string {
	if v == nil {
		return "–"
	}
	return s.Lang.Percent(*v / 100)
}

// reach writes an interval of shares of 0–100; empty where there is none.
func (s *scene) reach(low, high *float64) string {
	if low == nil || high == nil {
		return ""
	}
	return s.Lang.Fixed(*low, 1) + " … " + s.Lang.Percent(*high/100)
}

// said is a metric's score as it is written.
type said struct {
	Value, Interval, N string
	// Few says that there are too few answers to draw a conclusion.
	Few string
}

func (v *said) few(s *scene, yes bool) {
	if yes {
		v.Few = s.Lang.Few
	}
}

// say writes a score with what it is worth; no answers is not 0.
func (s *scene) say(kind surveyv1.MetricKind, v *surveyv1.Score) said {
	l := s.Lang
	out := said{Value: "–", N: l.Answers(v.GetN())}
	if v == nil || v.Value == nil {
		return out
	}
	out.Value = l.ValueOf(kind, v.GetValue())
	out.Interval = l.NoInterval
	if v.Low != nil && v.High != nil {
		out.Interval = l.Span(kind, v.GetLow(), v.GetHigh())
	}
	return out
}

// plain writes a number as it is kept, with the reader's decimal mark.
func (s *scene) plain(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if math.Abs(v) >= 10_000 {
		return s.Lang.Fixed(v, 0)
	}
	return strings.ReplaceAll(text, ".", s.Lang.Decimal())
}

// valueOf writes a field's number: days as dates, money with its currency.
func (s *scene) valueOf(field string, t segmentationv1.FieldType, v float64) string {
	switch {
	case t == segmentationv1.FieldType_FIELD_TYPE_DAY:
		return s.Lang.Day(time.Unix(0, 0).UTC().AddDate(0, 0, int(v)))
	case isMoney(field):
		return s.money(&v)
	}
	return s.plain(v)
}

// isMoney reports whether a field counts minor units.
func isMoney(field string) bool {
	return strings.HasPrefix(field, "purchases.spent") || strings.HasPrefix(field, "purchases.average_check") || strings.HasPrefix(field, "returns.spent")
}

// textOf writes a field's text: channels and yes and no by their names.
func (s *scene) textOf(field string, t segmentationv1.FieldType, v string) string {
	switch {
	case v == "":
		return s.Lang.NotKnown
	case t == segmentationv1.FieldType_FIELD_TYPE_BOOL && v == "true":
		return s.Lang.Yes
	case t == segmentationv1.FieldType_FIELD_TYPE_BOOL:
		return s.Lang.No
	case strings.HasPrefix(field, "purchases.channels"):
		if c, known := commonv1.Channel_value["CHANNEL_"+v]; known {
			return s.Lang.Channel(commonv1.Channel(c))
		}
	}
	return v
}

// fieldTitle is what people call a field: the brand's name of an attribute, ours of
// what every brand has, with its window.
func (s *scene) fieldTitle(f *segmentationv1.Field) string {
	if strings.HasPrefix(f.GetName(), "attributes.") {
		return f.GetDescription()
	}
	name, window := f.GetName(), ""
	for _, days := range []string{"7", "30", "90", "365"} {
		if base, cut := strings.CutSuffix(name, "_"+days+"d"); cut {
			name, window = base, ", "+fmt.Sprintf(s.Lang.InDays, days)
		}
	}
	if title := s.Lang.fields[name]; title != "" {
		return title + window
	}
	if metric, cut := strings.CutPrefix(name, "score."); cut {
		return fmt.Sprintf(s.Lang.LastScore, metric)
	}
	return f.GetName()
}

// number is one for a spreadsheet.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func whole(v int64) string { return strconv.FormatInt(v, 10) }

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return number(*v)
}
