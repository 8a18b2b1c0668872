package report

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// kindTree is the only kind of fact of the gateway's log so far: a brand's tree, whole.
const kindTree int16 = 1

// Store keeps how reports are set up, as facts of a log of the gateway's own. There
// are few and they are read rarely, so that nothing is held in memory: replicas need
// no word of each other.
type Store struct {
	db    *sqldb.DB
	log   *feed.Log
	clock func() time.Time
}

// NewStore keeps settings in a database. Migrate must run before anything is asked.
func NewStore(db *sqldb.DB, clock func() time.Time) *Store {
	return &Store{db: db, log: feed.New(db), clock: clock}
}

// Migrate creates or updates the tables. Replicas may start at once.
func (s *Store) Migrate(ctx context.Context) error { return feed.Migrate(ctx, s.db) }

// tree is the newest tree of a brand; nil if it has none of its own.
func (s *Store) tree(ctx context.Context, brand string) (*reportv1.MetricTree, error) {
	out, err := newestTree(ctx, s.log.Reader, brand)
	return out, floor.Unavailable("read metric tree", err)
}

func newestTree(ctx context.Context, log feed.Reader, brand string) (out *reportv1.MetricTree, err error) {
	var body []byte
	err = log.ReadKind(ctx, brand, []int16{kindTree}, 0, func(f *feed.Fact) error {
		body = append(body[:0], f.Body...)
		return nil
	})
	if err != nil || body == nil {
		return nil, err
	}
	out = &reportv1.MetricTree{}
	if err := proto.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("read tree of %s: %w", brand, err)
	}
	return out, nil
}

// setTree replaces a brand's tree by what decide makes of the one that is there, which
// is nil at first. Decide may run twice; nil: nothing changes.
func (s *Store) setTree(ctx context.Context, brand string, decide func(have *reportv1.MetricTree) (*reportv1.MetricTree, error)) error {
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		head, err := feed.Lock(ctx, tx, brand, s.clock())
		if err != nil {
			return err
		}
		have, err := newestTree(ctx, feed.In(tx), brand)
		if err != nil {
			return err
		}
		tree, err := decide(have)
		if err != nil || tree == nil {
			return err
		}
		body, err := proto.Marshal(tree)
		if err != nil {
			return fmt.Errorf("write tree of %s: %w", brand, err)
		}
		return feed.Put(ctx, tx, &head, []feed.Fact{{Kind: kindTree, Day: feed.NoDay, Day2: feed.NoDay, Body: body}})
	})
	return floor.Unavailable("set metric tree", err)
}
