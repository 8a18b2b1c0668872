package gateway_test

import (
	"slices"
	"testing"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// compareCalls come while customer 1 has bought something and nobody is erased.
var compareCalls = []call{
	{rpc: "BatchGetSegmentValues", method: "POST", path: "/v1/demo/segment-values:batchGet", body: `{"requests": [{"dates": {"start": "2026-02-01", "end": "2026-03-03"}}, {"segmentId": "nobody"}]}`},
	{rpc: "GetSegmentValue", method: "GET", path: "/v1/demo/segment-value?segmentId=tver&dates.start=2026-02-01&dates.end=2026-03-03&grain=GRAIN_MONTH&activeDays=7"},
	{rpc: "CompareSegments", method: "POST", path: "/v1/demo/segments:compare", body: `{"migration": {"from": "2026-02-15", "rfm": {"by": "BY_FREQUENCY"}}}`},
	{rpc: "CompareSegments.overlap", method: "POST", path: "/v1/demo/segments:compare", body: `{"overlap": {"segmentIds": ["tver", "cards"]}}`},
}

// compared are calls with those of compareCalls where there is something to compare.
func compared(calls []call) []call {
	at := slices.IndexFunc(calls, func(c call) bool { return c.rpc == "ArchiveSegment" })
	return slices.Insert(slices.Clone(calls), at, compareCalls...)
}

// carded makes a second segment to lay over the first.
func (s *suite) carded(t *testing.T) {
	t.Helper()
	_, err := s.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
		Id: "cards", Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_List{List: &segmentationv1.CustomerList{Ids: []int64{1, 2}}}}}})
	if err != nil {
		t.Fatal(err)
	}
}
