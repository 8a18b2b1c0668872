package field

import (
	"cmp"
	"slices"
	"time"

	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/purchase"
)

// Values are the fields of one person on one day. A value is found when it is first
// asked for and kept. One goroutine at a time may read them.
type Values struct {
	catalogue *Catalogue
	person    *Person
	today     calendar.Day

	// sums has the windows that were asked for, ready their bits.
	sums  [windows]purchase.Sums
	ready uint8
	// first and last are of purchases up to today; traced tells that they, and the
	// sums of ever, were found.
	first, last calendar.Day
	traced      bool
	// visited is of the last visit up to today.
	visited calendar.Day
	// weeks is the run of weeks, plus 1; 0: not found yet.
	weeks int64
	// traits are lists by kind and window; listed has their bits.
	traits [3][windows][]string
	listed [3]uint8
}

// Values are the fields of a person on a day. They are to be used before the person
// changes.
func (c *Catalogue) Values(p *Person, today calendar.Day) *Values {
	return &Values{catalogue: c, person: p, today: today}
}

// Reset makes them the fields of another person, so that a walk over all persons
// needs no memory for each.
func (v *Values) Reset(p *Person, today calendar.Day) {
	*v = Values{catalogue: v.catalogue, person: p, today: today}
}

// Today is the day of the values.
func (v *Values) Today() calendar.Day { return v.today }

// Lookup is the value of a field by name, as string, float64, int64, bool or
// []string; false if it is not known of the person (the value is then the type's
// zero) or there is no such field (then nil).
func (v *Values) Lookup(name string) (any, bool) {
	f := v.catalogue.Get(name)
	if f == nil {
		return nil, false
	}
	return v.Get(f)
}

// Get is Lookup of a field at hand.
func (v *Values) Get(f *Field) (any, bool) {
	switch f.Type {
	case text:
		return v.Text(f), v.Known(f)
	case number:
		return v.Number(f), v.Known(f)
	case flag:
		return v.Flag(f), v.Known(f)
	case texts:
		return v.Texts(f), v.Known(f)
	}
	return v.Integer(f), v.Known(f)
}

// Known tells whether a field is known of the person. Counts and lists always are:
// nothing bought is knowledge.
func (v *Values) Known(f *Field) bool {
	switch f.what {
	case readFirst, readLast, readAge:
		return v.trace().Purchases > 0
	case readLastVisit, readVisitAge:
		return v.trace().Visits > 0
	case readAverage:
		return v.sum(f.span).Purchases > 0
	case readAttribute:
		return fits(f, v.person.Attributes.Get(f.key))
	case readScore, readScoreAge:
		_, known := v.person.Scores[f.key]
		return known
	case readRecency, readFrequency, readMonetary:
		return v.person.RFM != nil
	}
	return true
}

// fits tells whether a value is of the field's type: a declaration cannot change it,
// but what was stored under another one must not fail here.
func fits(f *Field, a profile.Value) bool {
	switch f.Type {
	case day:
		_, ok := parseDay(a.Text())
		return ok
	case text:
		return a.IsText()
	case number:
		return a.IsNumber()
	}
	return f.Type == flag && a.IsFlag()
}

// parseDay reads YYYY-MM-DD.
func parseDay(s string) (int64, bool) {
	d, err := calendar.ParseDay(s)
	return int64(d), err == nil && len(s) == len(time.DateOnly)
}

// Text is the value of a TEXT field.
func (v *Values) Text(f *Field) string {
	if f.what != readAttribute {
		return ""
	}
	return v.person.Attributes.Get(f.key).Text()
}

// Number is the value of a NUMBER field.
func (v *Values) Number(f *Field) float64 {
	switch f.what {
	case readAttribute:
		return v.person.Attributes.Get(f.key).Number()
	case readScore:
		return v.person.Scores[f.key].Value
	}
	return 0
}

// Flag is the value of a BOOL field.
func (v *Values) Flag(f *Field) bool {
	return f.what == readAttribute && v.person.Attributes.Get(f.key).Flag()
}

// Texts is the value of a TEXTS field, sorted, each once. It must not be changed.
func (v *Values) Texts(f *Field) []string {
	if f.what != readTraits {
		return nil
	}
	return v.list(f.kind, f.span)
}

// Integer is the value of an INTEGER or DAY field.
func (v *Values) Integer(f *Field) int64 {
	switch f.what {
	case readCount, readSpent, readAverage, readReturns, readReturned, readVisits:
		return ofSums(f.what, v.sum(f.span))
	case readFirst, readLast, readAge, readWeeks:
		return v.rhythm(f.what)
	case readLastVisit, readVisitAge, readScoreAge:
		return v.ago(f)
	case readTraitCount:
		return int64(len(v.list(f.kind, f.span)))
	case readCategoryCount, readCategoryWeeks:
		return v.category(f)
	case readCreated:
		return int64(v.person.Created)
	case readNumbers:
		return int64(cmp.Or(v.person.Numbers, 1))
	case readAttribute:
		d, _ := parseDay(v.person.Attributes.Get(f.key).Text())
		return d
	}
	return v.place(f.what)
}

func ofSums(w what, s *purchase.Sums) int64 {
	switch w {
	case readCount:
		return s.Purchases
	case readSpent:
		return s.Spent
	case readReturns:
		return s.Returns
	case readReturned:
		return s.Returned
	case readVisits:
		return s.Visits
	}
	return average(s.Spent, s.Purchases)
}

// average rounds half away from zero, as people do.
func average(sum, n int64) int64 {
	if n <= 0 {
		return 0
	}
	quotient, rest := sum/n, sum%n
	switch {
	case rest >= n-rest:
		quotient++
	case -rest >= n+rest:
		quotient--
	}
	return quotient
}

// rhythm is what purchases say beside windows.
func (v *Values) rhythm(w what) int64 {
	if w == readWeeks {
		return v.weeksInRow()
	}
	if v.trace().Purchases == 0 {
		return 0
	}
	switch w {
	case readFirst:
		return int64(v.first)
	case readLast:
		return int64(v.last)
	}
	return int64(v.today - v.last)
}

// ago is when somebody came or answered last. An answer may be dated a day ahead.
func (v *Values) ago(f *Field) int64 {
	if f.what == readScoreAge {
		s, known := v.person.Scores[f.key]
		if !known {
			return 0
		}
		return int64(max(0, v.today-s.Day))
	}
	switch {
	case v.trace().Visits == 0:
		return 0
	case f.what == readLastVisit:
		return int64(v.visited)
	}
	return int64(v.today - v.visited)
}

func (v *Values) place(w what) int64 {
	if v.person.RFM == nil {
		return 0
	}
	switch w {
	case readRecency:
		return int64(v.person.RFM.Recency)
	case readFrequency:
		return int64(v.person.RFM.Frequency)
	}
	return int64(v.person.RFM.Monetary)
}

func (v *Values) list(kind purchase.TraitKind, s span) []string {
	at := kind - purchase.Category
	if v.listed[at]&(1<<s) != 0 {
		return v.traits[at][s]
	}
	var all []string
	for _, d := range v.person.days(v.today, s) {
		for i := range d.Seen {
			if d.Seen[i].Kind == kind {
				all = append(all, d.Seen[i].Name)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	v.traits[at][s], v.listed[at] = all, v.listed[at]|1<<s
	return all
}
