package contact

import (
	"context"
	"time"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Leave tells of each of many customers whether nothing forbids a contact: as Examine
// does of one, and as few reads as there are for one. Who was never given out may not
// be contacted.
func (b *Brand) Leave(ctx context.Context, q sqldb.Querier, customers []int64, in *segmentationv1.ContactRequest, now time.Time) ([]bool, error) {
	asked := ask(in, now)
	last, err := lastID(ctx, q, b.ID)
	if err != nil {
		return nil, err
	}
	people, err := b.people(ctx, q, last, customers, asked.At)
	if err != nil {
		return nil, err
	}
	leave := make([]bool, len(customers))
	for i, id := range customers {
		if p := people[b.Person(id)]; p != nil {
			j := Judge(b.Rules, p, asked)
			leave[i] = j.Allowed()
		}
	}
	return leave, nil
}
