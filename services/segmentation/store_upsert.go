package segmentation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/identity"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// apply does what the rows say, in one commit; rows that are nil are passed over.
func (s *Server) apply(ctx context.Context, b *brand, rows []*said, merging bool, done *chunk) error {
	good := slices.DeleteFunc(slices.Clone(rows), func(r *said) bool { return r == nil })
	if len(good) == 0 {
		return nil
	}
	return s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		r, err := s.load(ctx, c, b, good, merging)
		if err != nil {
			return err
		}
		if merging {
			r.merge = func(from, into int64) error {
				// A merge reads what stands in the tables.
				if err := s.save(ctx, c, b, r); err != nil {
					return err
				}
				_, err := c.merge(ctx, from, into, "upsert")
				return err
			}
		}
		*done = chunk{}
		for _, row := range good {
			id, what, err := r.apply(row)
			var refusal *fault.Error
			if err != nil && !errors.As(err, &refusal) {
				return err
			}
			done.ids, done.outcomes, done.refusals = append(done.ids, id), append(done.outcomes, what), append(done.refusals, err)
		}
		return s.save(ctx, c, b, r)
	})
}

// load reads everything the rows speak of; to merge, all numbers of the persons too.
func (s *Server) load(ctx context.Context, c *change, b *brand, rows []*said, merging bool) (*roll, error) {
	r := &roll{now: c.at, most: b.rules.MostPerKind(), entries: map[int64]*entry{}, person: b.person, into: map[int64]int64{}}
	var err error
	if r.last, err = lastNumber(ctx, c.tx, b.ID); err != nil {
		return nil, err
	}
	var hashes []identity.Hash
	ids := map[int64]bool{}
	for _, row := range rows {
		for _, k := range row.known {
			hashes = append(hashes, k.Hash)
		}
		if id := row.in.GetId(); id != 0 {
			ids[id] = true
		}
	}
	if r.holders, err = holders(ctx, c.tx, b.ID, hashes); err != nil {
		return nil, err
	}
	for _, h := range r.holders {
		ids[h.customer] = true
	}
	if merging {
		for id := range maps.Clone(ids) {
			for _, other := range b.members(id) {
				ids[other] = true
			}
		}
	}
	return r, s.loadEntries(ctx, c, b, r, slices.Sorted(maps.Keys(ids)))
}

func (s *Server) loadEntries(ctx context.Context, c *change, b *brand, r *roll, ids []int64) error {
	rows, err := customers(ctx, c.tx, b.ID, ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		p, err := s.openProfile(b.ID, row)
		if err != nil {
			return err
		}
		r.entries[row.id] = &entry{id: row.id, erased: row.erased != 0, profile: p, held: map[identity.Kind]int{}}
	}
	held, err := identitiesOf(ctx, c.tx, b.ID, ids)
	if err != nil {
		return err
	}
	for i := range held {
		if e := r.entries[held[i].customer]; e != nil {
			e.held[held[i].kind]++
		}
	}
	return nil
}

// save writes what the roll has changed so far, and the facts of it.
func (s *Server) save(ctx context.Context, c *change, b *brand, r *roll) error {
	var rows []*customerRow
	var fresh []identityRow
	for _, id := range slices.Sorted(maps.Keys(r.entries)) {
		e := r.entries[id]
		if !e.changed {
			continue
		}
		row, err := s.row(b.ID, e, c.at.UnixMicro())
		if err != nil {
			return err
		}
		rows = append(rows, row)
		for _, k := range e.fresh {
			one := s.newcomer(b, k).identityRow
			one.customer = id
			fresh = append(fresh, one)
		}
		if e.created {
			c.tell(record.Create(id))
		} else {
			c.tell(record.Update(id))
		}
		e.created, e.changed, e.fresh = false, false, nil
	}
	if len(rows) == 0 {
		return nil
	}
	if err := saveCustomers(ctx, c.tx, b.ID, rows); err != nil {
		return err
	}
	if err := addIdentities(ctx, c.tx, b.ID, fresh); err != nil {
		return err
	}
	return setLastNumber(ctx, c.tx, b.ID, r.last)
}

// row seals an entry for the table.
func (s *Server) row(brand string, e *entry, at int64) (*customerRow, error) {
	row := &customerRow{id: e.id, createdAt: at, updatedAt: at}
	plain, err := profile.Pack(e.profile)
	if err != nil {
		return nil, fmt.Errorf("pack customer %d: %w", e.id, err)
	}
	if plain != nil {
		row.profile, row.key = s.seals.Seal(plain, profileContext(brand, e.id))
	}
	return row, nil
}

// openProfile reads what is known of a customer.
func (s *Server) openProfile(brand string, row *customerRow) (*profile.Profile, error) {
	if row.profile == nil {
		return &profile.Profile{}, nil
	}
	plain, err := s.seals.Open(row.profile, row.key, profileContext(brand, row.id))
	if err != nil {
		return nil, fmt.Errorf("open customer %d: %w", row.id, err)
	}
	return profile.Parse(plain)
}

// profileContext binds a sealed profile to its row.
func profileContext(brand string, id int64) []byte { return appendProfileContext(nil, brand, id) }

func appendProfileContext(to []byte, brand string, id int64) []byte {
	to = append(append(append(to, "profile\x00"...), brand...), 0)
	return strconv.AppendInt(to, id, 10)
}
