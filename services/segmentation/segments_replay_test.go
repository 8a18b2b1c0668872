package segmentation_test

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/go-cmp/cmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// position is who was in what behind a fact of the log.
type position struct {
	at feed.Cursor
	in map[string][]int64
}

// replayed holds what the stream of memberships says behind one position against who
// was in what at later ones, all in order: exactly the difference.
func (x *interleaved) replayed(from position, later []position) {
	if len(later) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(x.t.Context())
	defer cancel()
	in := &segmentationv1.WatchMembershipsRequest{Brand: brand, After: &commonv1.Cursor{Seq: from.at.Seq, CommitId: from.at.CommitID}}
	stream, err := x.r[x.rnd.IntN(2)].WatchMemberships(ctx, in)
	if err != nil {
		x.t.Fatal(err)
	}
	sets := map[string]map[int64]bool{}
	for id, members := range from.in {
		sets[id] = map[int64]bool{}
		for _, one := range members {
			sets[id][one] = true
		}
	}
	var changes []*segmentationv1.WatchMembershipsResponse
	for last := later[len(later)-1].at.Seq; len(changes) == 0 || changes[len(changes)-1].GetCursor().GetSeq() < last; {
		out, err := stream.Recv()
		if err != nil {
			x.t.Fatal(err)
		}
		changes = append(changes, out)
	}
	taken := from.at.Seq
	for _, to := range later {
		for len(changes) > 0 && changes[0].GetCursor().GetSeq() <= to.at.Seq {
			for _, c := range changes[0].GetChanges() {
				x.moved(sets, c)
			}
			taken, changes = changes[0].GetCursor().GetSeq(), changes[1:]
		}
		if taken != to.at.Seq {
			continue // a piece of the log reaches over that position
		}
		for _, id := range all {
			var ids []int64
			for one := range sets[id] {
				ids = append(ids, one)
			}
			slices.Sort(ids)
			if diff := cmp.Diff(to.in[id], ids); diff != "" {
				x.t.Errorf("%s from %d to %d by the stream: %s", id, from.at.Seq, to.at.Seq, diff)
			}
		}
	}
}

// moved takes a change in; nobody enters twice, nor leaves who is not in.
func (x *interleaved) moved(sets map[string]map[int64]bool, c *segmentationv1.MembershipChange) {
	if c.GetBase() || sets[c.GetSegmentId()] == nil {
		sets[c.GetSegmentId()] = map[int64]bool{}
	}
	set := sets[c.GetSegmentId()]
	for _, id := range c.GetEntered() {
		if set[id] {
			x.t.Errorf("%d entered %s twice", id, c.GetSegmentId())
		}
		set[id] = true
	}
	for _, id := range c.GetLeft() {
		if !set[id] {
			x.t.Errorf("%d left %s and was not in it", id, c.GetSegmentId())
		}
		delete(set, id)
	}
}

// holding is what a client keeps of a segment: the set and its number.
type holding struct {
	seq int64
	ids []int64
}

// hold lets a client of a replica ask for what is new, and returns what it has then.
func (x *interleaved) hold(i int, id string) []int64 {
	if x.held[i] == nil {
		x.held[i] = map[string]*holding{}
	}
	h := x.held[i][id]
	if h == nil {
		h = &holding{}
		x.held[i][id] = h
	}
	out, err := x.r[i].GetSegmentBitmap(x.t.Context(), &segmentationv1.GetSegmentBitmapRequest{Brand: brand, SegmentId: id, KnownSeq: h.seq})
	if err != nil {
		x.t.Fatal(err)
	}
	if out.GetUnchanged() {
		if out.GetSeq() != h.seq || len(out.GetBitmap()) > 0 {
			x.t.Errorf("%s is unchanged at %d, and was at %d", id, out.GetSeq(), h.seq)
		}
		return h.ids
	}
	set := roaring64.New()
	if err := set.UnmarshalBinary(out.GetBitmap()); err != nil {
		x.t.Fatal(err)
	}
	h.seq, h.ids = out.GetSeq(), nil
	for it := set.Iterator(); it.HasNext(); {
		h.ids = append(h.ids, int64(it.Next()))
	}
	return h.ids
}
