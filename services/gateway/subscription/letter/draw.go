package letter

// barWidth is a chart's, in pixels.
const barWidth = 180

// bar is a value and its interval on an axis, as widths of table cells that add up to
// barWidth: nothing, interval, value, interval, nothing.
type bar struct{ Before, Low, Mark, High, After int }

// mark is how wide the value itself is drawn.
const mark = 4

// newBar lays a value out on an axis; nil, where the axis has no length.
func newBar(value, low, high, least, most float64) *bar {
	if most <= least {
		return nil
	}
	at := func(v float64) int {
		return int((min(max(v, least), most) - least) / (most - least) * (barWidth - mark))
	}
	b := &bar{Mark: mark}
	v, l, h := at(value), at(min(low, value)), at(max(high, value))
	b.Before, b.Low, b.High = l, v-l, h-v
	b.After = barWidth - mark - h
	return b
}

// Spans tells that an interval is drawn.
func (b *bar) Spans() bool { return b.Low > 0 || b.High > 0 }

// trendHeight is that of a trend, in pixels; trendDays bounds its columns.
const (
	trendHeight = 60
	trendDays   = 28
)

// trend is values day by day: how many pixels stand above each mark and below. A day
// without a value is empty.
type trend struct {
	Columns           []column
	Least, Most, Days string
}

type column struct {
	Above, Below int
	Has          bool
}

// newColumns lays values out between the least and the most of them.
func newColumns(values []float64, has []bool, least, most float64) []column {
	out := make([]column, len(values))
	for i, v := range values {
		if !has[i] {
			continue
		}
		at := (trendHeight - mark) / 2
		if most > least {
			at = int((v - least) / (most - least) * (trendHeight - mark))
		}
		out[i] = column{Above: trendHeight - mark - at, Below: at, Has: true}
	}
	return out
}
