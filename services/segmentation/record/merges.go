package record

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Merge is the fact that from is the same person as into.
func Merge(from, into int64, reason string) (feed.Fact, error) {
	return edge(Merged, from, into, reason)
}

// Unmerge is the fact that from never was the same person as into.
func Unmerge(from, into int64, reason string) (feed.Fact, error) {
	return edge(Unmerged, from, into, reason)
}

func edge(kind int16, from, into int64, reason string) (feed.Fact, error) {
	f := about(kind, from)
	var err error
	f.Body, err = written.Marshal(
		&segmentationv1.MergeCustomersRequest{FromId: from, IntoId: into, Reason: reason})
	return f, err
}

// Edge reads a MERGED or UNMERGED fact.
func Edge(f *feed.Fact) (from, into int64, err error) {
	m := &segmentationv1.MergeCustomersRequest{}
	if err := proto.Unmarshal(f.Body, m); err != nil {
		return 0, 0, fmt.Errorf("fact %d: read merge: %w", f.Seq, err)
	}
	return m.GetFromId(), m.GetIntoId(), nil
}

// Erase is the fact that what is personal of a number is gone.
func Erase(id, erasure int64, reason string) (feed.Fact, error) {
	f := about(Erased, id)
	var err error
	f.Body, err = written.Marshal(
		&segmentationv1.EraseCustomerRequest{Id: erasure, Reason: reason})
	return f, err
}

// Event is a fact as those who follow the log see it; nil if it is none of theirs.
func Event(f *feed.Fact) (*segmentationv1.CustomerEvent, error) {
	e := &segmentationv1.CustomerEvent{Id: f.Who, Seq: f.Seq}
	switch f.Kind {
	case Created:
		e.Kind = segmentationv1.CustomerEvent_KIND_CREATED
	case Updated:
		e.Kind = segmentationv1.CustomerEvent_KIND_UPDATED
	case Merged, Unmerged:
		e.Kind = segmentationv1.CustomerEvent_KIND_MERGED
		if f.Kind == Unmerged {
			e.Kind = segmentationv1.CustomerEvent_KIND_UNMERGED
		}
		var err error
		if e.Id, e.IntoId, err = Edge(f); err != nil {
			return nil, err
		}
	case Erased:
		e.Kind = segmentationv1.CustomerEvent_KIND_ERASED
		body := &segmentationv1.EraseCustomerRequest{}
		if err := proto.Unmarshal(f.Body, body); err != nil {
			return nil, fmt.Errorf("fact %d: read erasure: %w", f.Seq, err)
		}
		e.ErasureId = body.GetId()
	default:
		return nil, nil
	}
	return e, nil
}
