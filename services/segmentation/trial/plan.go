package trial

import (
	"math"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

// Plan is what it takes to find an expected change, by what there was before: two groups
// of one size that vary as much. Where nothing varies nothing can be planned.
func Plan(before *Sample, expected float64) *segmentationv1.HypothesisPlan {
	r := before.Reading()
	out := &segmentationv1.HypothesisPlan{Baseline: r.Value, N: r.GetN(), Deviation: r.Deviation}
	sd := r.GetDeviation()
	if sd == 0 {
		return out
	}
	ratio := (stat.Z + stat.ZPower) * sd / expected
	// What no number can count nobody will ever reach.
	if needed := math.Ceil(2 * ratio * ratio); needed < math.MaxInt64/2 {
		n := max(2, int64(needed))
		out.Needed = &n
	}
	se := sd * math.Sqrt(2/float64(before.N))
	away := math.Abs(expected) / se
	out.Power = some(100 * (stat.Normal(away-stat.Z) + stat.Normal(-away-stat.Z)))
	return out
}
