package feed

import (
	"context"
	"errors"
	"time"

	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Turn is whose turn it is to do something for a brand that one of all replicas does at a
// time. It is courtesy, as a consumer's lease is: what is done must bear to be done twice.
type Turn struct{ lease Consumer }

// NewTurn makes this replica's part of a turn. It is for one goroutine.
func NewTurn(name, brand string, db *sqldb.DB, clock func() time.Time) *Turn {
	return &Turn{Consumer{Name: name, Brand: brand, DB: db, Clock: clock}}
}

// Mine tells whether the turn is this replica's, and stays its own as long as it asks often
// enough. Who stops asking loses it after ten seconds.
func (t *Turn) Mine(ctx context.Context) (bool, error) {
	err := t.lease.claim(ctx)
	if errors.Is(err, ErrLeased) {
		return false, nil
	}
	return err == nil, err
}
