package value

import (
	"context"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// telling are the kinds of facts that change who bought what. Visits change nothing,
// new numbers are told by the last one.
var telling = []int16{record.Merged, record.Unmerged, record.Bought, record.Rebought}

// far is behind how many facts it is cheaper to count everything again than to read
// what each of them touched.
const far = 100_000

// take makes stale what facts touched that came since the last time. It reads merges
// after the head: blocks may be read again in vain, but none is missed.
func (k *Kept) take(ctx context.Context, now *Now) error {
	last, head := now.Last, now.Head
	// Whichever process counted the table anew, this one sees it here.
	if era := k.era.Load(); era != k.seen || now.Rebuilt != k.rebuilt {
		k.begin()
		k.seen, k.rebuilt = era, now.Rebuilt
	}
	if head == k.head && last == k.last && k.people != nil {
		return nil
	}
	mapping, err := k.from.People(ctx)
	if err != nil {
		return err
	}
	if era := k.era.Load(); era != k.seen {
		// Reading the merges found that the log is another one.
		k.begin()
		k.seen = era
	}
	before := k.people
	if before == nil {
		before = mapping
	}
	k.round++
	switch {
	case k.people == nil: // nothing is kept
	case head.Seq < k.head.Seq, head.Seq-k.head.Seq > far:
		k.all()
	default:
		if err := k.read(ctx, before, mapping); err != nil {
			return err
		}
	}
	k.grow(last)
	k.people, k.head = mapping, head
	return nil
}

// begin drops what is kept.
func (k *Kept) begin() {
	k.touched++
	k.head, k.last, k.people = feed.Cursor{}, 0, nil
	k.moved, k.asked = nil, map[Question]*counted{}
	k.sheets, k.bytes = nil, 0
}

// all makes everything stale.
func (k *Kept) all() {
	for i := range k.moved {
		k.moved[i] = k.round
	}
	k.touched++
}

// stale makes the block of a number so.
func (k *Kept) stale(id int64) {
	if i := int((id - 1) / block); id > 0 && i < len(k.moved) {
		k.moved[i] = k.round
	}
}

// grow makes room for the numbers given out since.
func (k *Kept) grow(last int64) {
	if last == k.last {
		return
	}
	k.stale(k.last + 1)
	for int64(len(k.moved))*block < last {
		k.moved, k.sheets = append(k.moved, k.round), append(k.sheets, nil)
	}
	k.last = last
}

// read makes stale what the facts behind the head are about.
func (k *Kept) read(ctx context.Context, before, after *people.Mapping) error {
	var again []int64
	touch := func(ids ...int64) {
		k.touched++
		for _, id := range ids {
			k.stale(before.Person(id))
			k.stale(after.Person(id))
			k.stale(id)
		}
	}
	err := k.from.Log.ReadKind(ctx, k.from.Brand, telling, k.head.Seq, func(f *feed.Fact) error {
		switch f.Kind {
		case record.Merged, record.Unmerged:
			from, into, err := record.Edge(f)
			if err != nil {
				return err
			}
			touch(from, into)
		case record.Rebought:
			again = append(again, f.Of)
			touch(f.Who)
		default:
			touch(f.Who)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// What was told anew may have been somebody else's.
	for _, of := range again {
		told, err := k.from.Log.Versions(ctx, k.from.Brand, of)
		if err != nil {
			return err
		}
		for i := range told {
			touch(told[i].Who)
		}
	}
	return nil
}
