package segment

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/services/segmentation/field"
)

// Concern is whom facts are about: for others who keep what is known of persons up
// with the log.
type Concern struct {
	// Persons tells for each where its knowledge changed.
	Persons map[int64]field.Group
	// Gone are numbers that are no persons.
	Gone *roaring64.Bitmap
	// Everyone has the groups that changed for everybody.
	Everyone field.Group
	// AsOf is the commit time of the last fact, in Unix microseconds.
	AsOf int64
}

// Concerned reads facts; who knows all merges among them at least.
func Concerned(ctx context.Context, log feed.Reader, brand string, facts []feed.Fact, who *people.Mapping) (*Concern, error) {
	t, err := touched(ctx, log, brand, facts, who)
	if err != nil {
		return nil, err
	}
	return &Concern{Persons: t.persons, Gone: t.gone, Everyone: t.everyone, AsOf: t.asOf}, nil
}
