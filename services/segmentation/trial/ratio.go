package trial

import (
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/stat"
)

// off is the p-value below which a ratio of arms is taken to be no chance.
const off = 0.001

// Ratio holds the persons found in each arm against those that should be there. After a
// fair split they differ by chance alone; if they differ by more, whoever was done
// something to merged or was erased more often, and what is left cannot be compared.
func Ratio(e *segmentationv1.Experiment, found []int64) (counts []*segmentationv1.ArmCount, p float64, mismatch bool) {
	all := int64(0)
	for _, n := range found {
		all += n
	}
	names, square := Names(e), 0.0
	for i, part := range Shares(e) {
		expected := part * float64(all)
		counts = append(counts, &segmentationv1.ArmCount{Arm: names[i], Persons: found[i], Expected: expected})
		if all > 0 {
			away := float64(found[i]) - expected
			square += away * away / expected
		}
	}
	p = stat.ChiSquareTail(square, len(counts)-1)
	return counts, p, p < off
}
