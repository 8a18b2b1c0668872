package maps

import (
	"fmt"
	"strings"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Bounds of what the proto rules leave open.
const (
	maxLocale = 35
	maxTitle  = 500
	maxMark   = 64
	maxKind   = 64
)

// CheckNew judges a map that is to be made.
func CheckNew(m *journeyv1.JourneyMap) error {
	f := fault.Invalid()
	if m.GetEtag() != 0 {
		f.Field("map.etag", "must not be given")
	}
	checkMap(f, m)
	return f.Err()
}

// CheckUpdate judges a map whose draft is to be replaced.
func CheckUpdate(m *journeyv1.JourneyMap) error {
	f := fault.Invalid()
	if m.GetEtag() <= 0 {
		f.Field("map.etag", "must be the one the draft was read with")
	}
	checkMap(f, m)
	return f.Err()
}

func checkMap(f *fault.Fields, m *journeyv1.JourneyMap) {
	if len(m.GetVersions()) > 0 {
		f.Field("map.versions", "must not be given")
	}
	const path = "map.draft"
	c := m.GetDraft()
	checkTitles(f, path+".titles", c.GetTitles())
	checkAudience(f, path+".audience", c.GetAudience())
	for i, mark := range c.GetTimeAxis() {
		if strings.TrimSpace(mark) == "" || len(mark) > maxMark {
			f.Field(fmt.Sprintf("%s.time_axis[%d]", path, i), "must be a text of at most %d bytes", maxMark)
		}
	}
	checkStages(f, path, c)
}

func checkStages(f *fault.Fields, path string, c *journeyv1.MapContent) {
	stages, points := map[string]bool{}, map[string]bool{}
	for i, stage := range c.GetStages() {
		at := fmt.Sprintf("%s.stages[%d]", path, i)
		if stages[stage.GetId()] {
			f.Field(at+".id", "%q stands twice", stage.GetId())
		}
		stages[stage.GetId()] = true
		checkTitles(f, at+".titles", stage.GetTitles())
		for j, p := range stage.GetTouchpoints() {
			at := fmt.Sprintf("%s.touchpoints[%d]", at, j)
			if points[p.GetId()] {
				f.Field(at+".id", "%q stands twice in the map", p.GetId())
			}
			points[p.GetId()] = true
			checkTouchpoint(f, at, p, len(c.GetTimeAxis()))
		}
	}
}

func checkTouchpoint(f *fault.Fields, path string, p *journeyv1.Touchpoint, marks int) {
	checkTitles(f, path+".titles", p.GetTitles())
	// Without a time axis everything stands at its beginning.
	if at := int(p.GetAt()); at > 0 && at >= marks {
		f.Field(path+".at", "the time axis has %d marks", marks)
	}
	seen := map[string]bool{}
	for i, kind := range p.GetEventKinds() {
		at := fmt.Sprintf("%s.event_kinds[%d]", path, i)
		switch {
		case kind == "" || len(kind) > maxKind || strings.ContainsFunc(kind, control):
			f.Field(at, "must be a text of 1 to %d bytes without control characters", maxKind)
		case seen[kind]:
			f.Field(at, "%q stands twice", kind)
		}
		seen[kind] = true
	}
	if p.GetSubject() != nil && p.GetMetric() == "" {
		f.Field(path+".subject", "is of a metric, and none is given")
	}
}

func control(r rune) bool { return r < 0x20 || r == 0x7f }

func checkTitles(f *fault.Fields, path string, titles map[string]string) {
	for locale, title := range titles {
		if locale == "" || len(locale) > maxLocale || strings.TrimSpace(title) == "" || len(title) > maxTitle {
			f.Field(path, "must be texts of 1 to %d bytes by locale", maxTitle)
			return
		}
	}
}

// checkAudience judges what says whose journey it is. A segment is only shown: no
// numbers are of it until segments exist, so nothing is looked up here.
func checkAudience(f *fault.Fields, path string, a *journeyv1.MapAudience) {
	switch one := a.GetAudience().(type) {
	case *journeyv1.MapAudience_SegmentId:
		if one.SegmentId == "" {
			f.Field(path+".segment_id", "must not be empty")
		}
	case *journeyv1.MapAudience_Employees:
		if !one.Employees {
			f.Field(path+".employees", "must be true, or the audience unset")
		}
	case *journeyv1.MapAudience_CustomerId:
		if one.CustomerId <= 0 {
			f.Field(path+".customer_id", "must be above 0")
		}
	}
}
