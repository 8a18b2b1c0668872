package segment

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/field"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// all are the groups of somebody of whom anything may be new.
const all = field.Identity | field.Attributes | field.Purchases | field.Visits | field.Answers | field.RFM

// groups are where the knowledge of the person changes that a fact is about; a Created
// or a merge changes all of it.
var groups = map[int16]field.Group{
	record.Created: all, record.Merged: all, record.Unmerged: all,
	record.Updated: field.Attributes, record.Erased: field.Attributes,
	record.Bought: field.Purchases, record.Rebought: field.Purchases,
	record.Visited: field.Visits, record.Revisited: field.Visits,
	record.Answered: field.Answers, record.Reanswered: field.Answers,
}

// touch is whom facts concern, and where the knowledge of each changed.
type touch struct {
	persons map[int64]field.Group
	// gone are numbers that are no persons.
	gone *roaring64.Bitmap
	// everyone has the groups that changed for everybody.
	everyone field.Group
	asOf     int64
}

// nobody tells that nothing is to be asked.
func (t *touch) nobody() bool { return len(t.persons) == 0 && t.gone.IsEmpty() && t.everyone == 0 }

func (t *touch) number(who *people.Mapping, id int64, g field.Group) {
	if id == 0 {
		return // a response that is nobody's any more
	}
	person := who.Person(id)
	if t.persons[person] |= g; person != id {
		t.gone.Add(uint64(id))
	}
}

// edge takes in a merge, or the end of one.
func (t *touch) edge(who *people.Mapping, f *feed.Fact) error {
	from, into, err := record.Edge(f)
	if err == nil {
		t.number(who, from, all)
		t.number(who, into, all)
	}
	return err
}

// touched reads facts; who knows all merges among them at least.
func touched(ctx context.Context, log feed.Reader, brand string, facts []feed.Fact, who *people.Mapping) (*touch, error) {
	t := &touch{persons: map[int64]field.Group{}, gone: roaring64.New()}
	for i := range facts {
		f := &facts[i]
		t.asOf = max(t.asOf, f.At)
		switch f.Kind {
		case record.Created:
			t.number(who, f.Who, all)
		case record.Updated, record.Erased:
			t.number(who, f.Who, field.Attributes)
		case record.Bought, record.Visited, record.Answered:
			t.number(who, f.Who, groups[f.Kind])
		case record.Rebought, record.Revisited, record.Reanswered:
			// Whoever had it before has it no more. This is a correction, and rare.
			told, err := log.Versions(ctx, brand, f.Of)
			if err != nil {
				return nil, err
			}
			for _, was := range told {
				t.number(who, was.Who, groups[f.Kind])
			}
		case record.Merged, record.Unmerged:
			if err := t.edge(who, f); err != nil {
				return nil, err
			}
		case record.RfmRun:
			t.everyone |= field.RFM
		}
	}
	return t, nil
}
