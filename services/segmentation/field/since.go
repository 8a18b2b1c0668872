package field

import "github.com/rapport-cx/rapport/internal/calendar"

// Since is the day that a field counts days from, which Counts tells of it; false if
// the field is not known. The field is the days from then to today, and 0 if then is
// still to come. So who keeps the day need not look again tomorrow.
func (v *Values) Since(f *Field) (calendar.Day, bool) {
	if !v.Known(f) {
		return 0, false
	}
	if f.what == readScoreAge {
		return v.person.Scores[f.key].Day, true
	}
	return v.today - calendar.Day(v.Integer(f)), true
}
