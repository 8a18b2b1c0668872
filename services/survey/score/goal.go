package score

// Status is how a goal stands.
type Status uint8

// The states of a goal. For sure: the 95 % interval, steadied by a pseudo-answer
// at each end of the scale, lies on that side of the target altogether.
const (
	NoData Status = iota
	MissedForSure
	Missed
	Met
	MetForSure
)

var statusNames = [...]string{"no data", "missed for sure", "missed", "met", "met for sure"}

// String is the status in English.
func (s Status) String() string { return statusNames[min(int(s), len(statusNames)-1)] }

// Attainment is how near a value is to its target.
type Attainment struct {
	Status Status
	// Gap is how far the value is on the good side of the target, in the metric's
	// unit; negative if it falls short.
	Gap float64
	// Percent is value over target × 100, or target over value where lower is
	// better. Known only where that means something: the lower part of the
	// fraction is above 0.
	Percent float64
	Known   bool
}

// Attain holds answers against a target. A value equal to the target meets it.
func Attain(d Def, h Hist, target float64) Attainment {
	d = d.filled()
	if h.N() <= 0 {
		return Attainment{Status: NoData}
	}
	value, _ := d.estimate(&h)
	steady := d.steadied(h)
	interval := d.interval(&steady)
	out := Attainment{Gap: value - target}
	low, high := interval.Low-target, interval.High-target
	over, under := value, target
	if d.LowerIsBetter() {
		out.Gap, low, high = -out.Gap, -high, -low
		over, under = target, value
	}
	switch {
	case out.Gap >= 0 && low >= 0:
		out.Status = MetForSure
	case out.Gap >= 0:
		out.Status = Met
	case high < 0:
		out.Status = MissedForSure
	default:
		out.Status = Missed
	}
	if under > 0 {
		out.Percent, out.Known = 100*over/under, true
	}
	return out
}
