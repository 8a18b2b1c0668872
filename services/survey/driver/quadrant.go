package driver

// Quadrant is what to do about a parameter.
type Quadrant uint8

// The quadrants, by importance and satisfaction against the means of all parameters.
const (
	// Unknown is for parameters of which too little is known.
	Unknown Quadrant = iota
	// Mend is important and weak.
	Mend
	// Keep is important and strong.
	Keep
	// Watch is less important and weak.
	Watch
	// Ease is less important and strong.
	Ease
)

// Standing is how a parameter stands.
type Standing struct {
	// Known says that the other two are.
	Known                    bool
	Importance, Satisfaction float64
}

// slack makes equal values stand with their mean, which rounding moves a little.
const slack = 1e-9

// Quadrants sorts parameters; whoever stands at the mean is important or strong.
func Quadrants(all []Standing) []Quadrant {
	n, importance, satisfaction := 0.0, 0.0, 0.0
	for _, s := range all {
		if s.Known {
			n++
			importance += s.Importance
			satisfaction += s.Satisfaction
		}
	}
	out := make([]Quadrant, len(all))
	for i, s := range all {
		important, strong := s.Importance >= importance/n-slack, s.Satisfaction >= satisfaction/n-slack
		switch {
		case !s.Known:
		case important && !strong:
			out[i] = Mend
		case important:
			out[i] = Keep
		case !strong:
			out[i] = Watch
		default:
			out[i] = Ease
		}
	}
	return out
}
