package record

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kept reads what the log keeps of one version of an event.
func Kept(f *feed.Fact) (*journeyv1.EventRecord, error) {
	r := &journeyv1.EventRecord{}
	if err := proto.Unmarshal(f.Body, r); err != nil {
		return nil, fmt.Errorf("fact %d: read event: %w", f.Seq, err)
	}
	return r, nil
}

// Open reads an EVENT fact as a caller sees it, output fields filled in. received
// is the commit time of the event's first version, in Unix microseconds.
func Open(f *feed.Fact, received int64) (*journeyv1.Event, error) {
	kept, err := Kept(f)
	if err != nil {
		return nil, err
	}
	out := kept.GetEvent()
	if out == nil {
		out = &journeyv1.Event{}
	}
	out.Id, out.ReceivedAt = ID(First(f)), stamp(received)
	return out, nil
}

func stamp(micros int64) *timestamppb.Timestamp {
	seconds := micros / 1e6
	if micros%1e6 < 0 {
		seconds--
	}
	return &timestamppb.Timestamp{Seconds: seconds, Nanos: int32(micros-seconds*1e6) * 1000}
}

func stampIf(micros int64) *timestamppb.Timestamp {
	if micros == 0 {
		return nil
	}
	return stamp(micros)
}
