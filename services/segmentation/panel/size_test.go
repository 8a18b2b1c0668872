package panel

import (
	"testing"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func margin(m float64) *segmentationv1.GetSampleSizeRequest {
	return &segmentationv1.GetSampleSizeRequest{Measured: segmentationv1.Measured_MEASURED_SHARE, Aim: &segmentationv1.GetSampleSizeRequest_Margin{Margin: m}}
}

func difference(d float64) *segmentationv1.GetSampleSizeRequest {
	return &segmentationv1.GetSampleSizeRequest{Measured: segmentationv1.Measured_MEASURED_SHARE, Aim: &segmentationv1.GetSampleSizeRequest_Difference{Difference: d}}
}

func nps(in *segmentationv1.GetSampleSizeRequest) *segmentationv1.GetSampleSizeRequest {
	in.Measured = segmentationv1.Measured_MEASURED_NPS
	return in
}

func expecting(in *segmentationv1.GetSampleSizeRequest, score float64) *segmentationv1.GetSampleSizeRequest {
	in.Expected = proto.Float64(score)
	return in
}

// Worked by hand: 1.96² · 2500 / 5² = 384.16, and so on.
func TestSampleSize(t *testing.T) {
	for _, c := range []struct {
		what       string
		in         *segmentationv1.GetSampleSizeRequest
		population int64
		want       int64
	}{
		{"50 % ± 5", margin(5), Endless, 385},
		{"50 % ± 10", margin(10), Endless, 97},
		{"50 % ± 3", margin(3), Endless, 1068},
		{"90 % ± 5: 1.96² · 900 / 25 = 138.3", expecting(margin(5), 90), Endless, 139},
		{"100 % ± 5", expecting(margin(5), 100), Endless, 1},
		{"NPS 0 ± 10: as a share ± 5", nps(margin(10)), Endless, 385},
		{"NPS 60 ± 10: 1.96² · 6400 / 100 = 245.9", expecting(nps(margin(10)), 60), Endless, 246},
		{"± 5 of 1,000: 384.16 / (1 + 383.16 / 1000) = 277.7", margin(5), 1000, 278},
		{"± 5 of 10: all", margin(5), 10, 10},
		{"45 or 55 %: 2.8016² · (2475 + 2475) / 100 = 388.5", difference(10), Endless, 389},
		{"from 50 %, 10 points: 7.8489 · (2500 + 2400) / 100 = 384.6", expecting(difference(10), 50), Endless, 385},
		{"from 20 %, up is harder: 7.8489 · (1600 + 2100) / 100 = 290.4", expecting(difference(10), 20), Endless, 291},
		{"from 95 %, only down: 7.8489 · (475 + 1275) / 100 = 137.4", expecting(difference(10), 95), Endless, 138},
		{"NPS, 10 points: 7.8489 · 2 · (10000 − 25) / 100 = 1565.9", nps(difference(10)), Endless, 1566},
	} {
		got, err := SampleSize(c.in, c.population)
		if err != nil || got.GetAnswers() != c.want || got.GetAsk() != c.want || got.GetBeyond() {
			t.Errorf("%s: %v, %v, want %d", c.what, got, err, c.want)
		}
	}
}

func TestSampleSizeByPowerAndRate(t *testing.T) {
	in := difference(10)
	in.Power, in.ResponseRate = 90, 15
	// (1.96 + 1.2816)² · 4950 / 100 = 520.1, and 521 / 0.15 = 3473.3.
	got, err := SampleSize(in, 3000)
	if err != nil || got.GetAnswers() != 444 || got.GetAsk() != 2960 || got.GetBeyond() {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = SampleSize(in, Endless); err != nil || got.GetAnswers() != 521 || got.GetAsk() != 3474 {
		t.Errorf("%v, %v", got, err)
	}
	// Of nobody nothing can be known.
	if got, err = SampleSize(margin(5), 0); err != nil || !got.GetBeyond() {
		t.Errorf("%v, %v", got, err)
	}
	in = margin(5)
	in.ResponseRate = 10
	if got, err = SampleSize(in, 500); err != nil || got.GetAnswers() != 218 || !got.GetBeyond() {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSampleSizeRefuses(t *testing.T) {
	for what, in := range map[string]*segmentationv1.GetSampleSizeRequest{
		"share":      expecting(margin(5), 101),
		"NPS":        expecting(nps(margin(5)), -101),
		"scale":      difference(100),
		"both sides": expecting(difference(60), 50),
	} {
		if _, err := SampleSize(in, Endless); !fault.Is(err, fault.ReasonInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
