package field

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// CategoryCount is the field of purchases that had a category, in a window of so many
// days or, for 0, ever; nil if there is no such window. No catalogue has it, since
// categories are not declared.
func CategoryCount(name string, days int64) *Field {
	s := slices.Index(spans[:], calendar.Day(days))
	if s < 0 || int64(calendar.Day(days)) != days {
		return nil
	}
	f := &Field{Name: fmt.Sprintf("category_count(%s, %d)", strconv.Quote(name), days), Type: integer, Group: Purchases,
		what: readCategoryCount, span: span(s), key: name}
	if s == int(ever) {
		f.Name = fmt.Sprintf("category_count(%s)", strconv.Quote(name))
	}
	return f
}

// CategoryWeeks is the field of weeks in a row with a purchase that had a category.
func CategoryWeeks(name string) *Field {
	return &Field{Name: fmt.Sprintf("category_weeks(%s)", strconv.Quote(name)), Type: integer, Group: Purchases,
		what: readCategoryWeeks, key: name}
}

func (v *Values) category(f *Field) (n int64) {
	if f.what == readCategoryWeeks {
		return v.run(func(d *purchase.Day) bool { return bought(d, f.key) > 0 })
	}
	days := v.person.days(v.today, f.span)
	for i := range days {
		n += bought(&days[i], f.key)
	}
	return n
}

// bought is how many purchases of a day had a category.
func bought(d *purchase.Day, category string) int64 {
	for i := range d.Seen {
		if s := &d.Seen[i]; s.Kind == purchase.Category && s.Name == category {
			return s.Purchases
		}
	}
	return 0
}
