package segmentation

import (
	"context"

	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// newcomer is an identity that nobody had when it was looked up.
type newcomer struct{ identityRow }

// welcome is who has it now.
type welcome struct {
	holder
	// created: the number was given out for it.
	created bool
}

// newcomer seals an identity for the table, before anything is locked.
func (s *Server) newcomer(b *brand, known *identity.Known) newcomer {
	sealed, key := s.seals.SealIdentity(b.ID, known)
	return newcomer{identityRow{hash: known.Hash, kind: known.Kind, sealed: sealed, key: key}}
}

// create gives numbers to those of many callers' identities that still nobody
// has: one commit for all of them. With the log locked nobody else can be doing
// the same, so that of two callers with one identity the second finds the first.
func (s *Server) create(ctx context.Context, brand string, items []newcomer) []commit.Result[welcome] {
	results := make([]commit.Result[welcome], len(items))
	err := s.store.write(ctx, brand, func(c *change) error {
		last, err := lastNumber(ctx, c.tx, brand)
		if err != nil {
			return err
		}
		hashes := make([]identity.Hash, len(items))
		for i := range items {
			hashes[i] = items[i].hash
		}
		found, err := holders(ctx, c.tx, brand, hashes)
		if err != nil {
			return err
		}
		fresh, rows := welcomeAll(items, found, &last, c.at.UnixMicro(), results)
		if len(rows) == 0 {
			return nil
		}
		for _, r := range rows {
			c.tell(record.Create(r.id))
		}
		if err := saveCustomers(ctx, c.tx, brand, rows); err != nil {
			return err
		}
		if err := addIdentities(ctx, c.tx, brand, fresh); err != nil {
			return err
		}
		return setLastNumber(ctx, c.tx, brand, last)
	})
	for i := range results {
		results[i].Err = err
	}
	return results
}

// welcomeAll numbers those nobody has behind last, one after the other, so that
// numbers have no gaps.
func welcomeAll(items []newcomer, found map[identity.Hash]holder, last *int64, at int64, results []commit.Result[welcome]) (fresh []identityRow, rows []*customerRow) {
	for i := range items {
		h, known := found[items[i].hash]
		if !known {
			*last++
			h = holder{customer: *last}
			found[items[i].hash] = h
			row := items[i].identityRow
			row.customer = *last
			fresh = append(fresh, row)
			rows = append(rows, &customerRow{id: *last, createdAt: at, updatedAt: at})
		}
		results[i].Value = welcome{holder: h, created: !known}
	}
	return fresh, rows
}
