package record

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// RfmRun says that all persons were cut into fifths; body RfmRun. Whom it scored is
// in a table: a run is too long for a fact.
const RfmRun int16 = 50

// Cut is the fact about a run.
func Cut(run *segmentationv1.RfmRun) (feed.Fact, error) {
	f := about(RfmRun, 0)
	var err error
	f.Body, err = written.Marshal(run)
	return f, err
}

// RunOf reads an RFM_RUN fact.
func RunOf(f *feed.Fact) (*segmentationv1.RfmRun, error) {
	run := &segmentationv1.RfmRun{}
	if err := proto.Unmarshal(f.Body, run); err != nil {
		return nil, fmt.Errorf("fact %d: read RFM run: %w", f.Seq, err)
	}
	return run, nil
}
