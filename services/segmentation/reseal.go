package segmentation

import (
	"context"
	"time"

	"github.com/rapport-cx/rapport/services/segmentation/identity"
)

// How long the work rests after it was done, and after it failed. It is repeated
// because other replicas may have sealed with the older key for a while yet.
const (
	resealEvery = 24 * time.Hour
	resealAgain = time.Minute
)

// keepResealing seals with the newest key what older ones sealed, until ctx ends.
// With one key there is nothing to do.
func (s *Server) keepResealing(ctx context.Context) error {
	if !s.seals.Rotated() {
		return nil
	}
	for {
		rest := resealEvery
		for id, b := range s.brands {
			if err := s.reseal(ctx, b, func(int) {}); err != nil && ctx.Err() == nil {
				s.log.Warn("seal with the newest key", "brand", id, "error", err)
				rest = resealAgain
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rest):
		}
	}
}

// reseal goes through a brand's identities and profiles, a page a transaction, and
// tells how far it is.
func (s *Server) reseal(ctx context.Context, b *brand, progress func(done int)) error {
	done := 0
	for after := []byte{}; ; {
		rows, err := identitiesAfter(ctx, s.store.db, b.ID, after, page)
		if err != nil {
			return err
		}
		if err := s.resealIdentities(ctx, b.ID, rows); err != nil {
			return err
		}
		done += len(rows)
		progress(done)
		if len(rows) < page {
			break
		}
		after = rows[len(rows)-1].hash[:]
	}
	for after := int64(0); ; {
		rows, err := customersAfter(ctx, s.store.db, b.ID, after, false, page)
		if err != nil {
			return err
		}
		if err := s.resealCustomers(ctx, b.ID, rows); err != nil {
			return err
		}
		done += len(rows)
		progress(done)
		if len(rows) < page {
			return nil
		}
		after = rows[len(rows)-1].id
	}
}

func (s *Server) resealIdentities(ctx context.Context, brand string, rows []identityRow) error {
	var old []sealedAnew
	for i := range rows {
		r := &rows[i]
		if r.sealed == nil || r.key == s.seals.First() {
			continue
		}
		sealed, key, err := s.seals.Reseal(r.sealed, r.key, identity.RowContext(brand, r.hash))
		if err != nil {
			return err
		}
		old = append(old, sealedAnew{identity: r, sealed: sealed, key: key})
	}
	return s.store.replaceSeals(ctx, brand, old)
}

func (s *Server) resealCustomers(ctx context.Context, brand string, rows []*customerRow) error {
	var old []sealedAnew
	for _, r := range rows {
		if r.profile == nil || r.key == s.seals.First() {
			continue
		}
		sealed, key, err := s.seals.Reseal(r.profile, r.key, profileContext(brand, r.id))
		if err != nil {
			return err
		}
		old = append(old, sealedAnew{customer: r, sealed: sealed, key: key})
	}
	return s.store.replaceSeals(ctx, brand, old)
}
