package segmentation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// Upkeep is the service opened for work on its own tables: nothing is served and
// nothing runs in the background.
type Upkeep struct {
	server *Server
	floor  *floor.Floor
}

// OpenUpkeep opens the database and creates or updates its tables.
func OpenUpkeep(ctx context.Context, ground floor.Config, cfg Config, brands *config.Brands, log *slog.Logger) (*Upkeep, error) {
	f, err := floor.Open(ctx, ground, "segmentation", log)
	if err != nil {
		return nil, err
	}
	u := &Upkeep{floor: f}
	// Whoever holds the database's address is asked for no token.
	guard, err := access.New(access.Config{}, brands, true)
	if err == nil {
		u.server, err = New(cfg, brands, guard, f.DB, f.Secret, Neighbours{}, time.Now, log)
	}
	if err == nil {
		err = u.server.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(ctx))
	}
	return u, nil
}

// Close closes the database.
func (u *Upkeep) Close(ctx context.Context) error {
	return errors.Join(u.server.Close(ctx), u.floor.Close(ctx))
}

// check is one look at everything of a kind. It tells of each thing that is not
// as the facts say, and how many things it looked at.
type check func(ctx context.Context, b *brand, report func(floor.Drift)) (int, error)

// checks are all there are.
func (s *Server) checks() []check {
	return []check{s.checkNumbers, s.checkIdentities, s.checkMerges, s.checkErasures, s.checkContacts, s.checkPurchases, s.checkAnswers, s.checkRfm,
		s.checkSegments}
}

// Verify counts everything stored of a brand anew and reports what differs. It
// returns how much it looked at. Servers may go on meanwhile.
func (u *Upkeep) Verify(ctx context.Context, brand string, report func(floor.Drift)) (int, error) {
	s := u.server
	b, err := s.enter(ctx, brand, access.Read)
	if err != nil {
		return 0, err
	}
	all := 0
	for _, look := range s.checks() {
		n, err := look(ctx, b, report)
		all += n
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// page is how many rows a check reads at once.
const page = 1000

// checkNumbers looks at customers: numbers without gaps up to the head, one CREATED
// fact each, and profiles that open.
func (s *Server) checkNumbers(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "customers")
	// In this order: whoever creates meanwhile makes the later ones larger.
	told, err := s.countCreated(ctx, b.ID)
	if err != nil {
		return 0, err
	}
	last, err := lastNumber(ctx, s.store.db, b.ID)
	if err != nil {
		return 0, err
	}
	n := int64(0)
	for {
		rows, err := customersAfter(ctx, s.store.db, b.ID, n, false, page)
		if err != nil {
			return int(n), err
		}
		for _, row := range rows {
			if row.id != n+1 {
				drift(row.id, "numbers %d to %d are missing", n+1, row.id-1)
			}
			n = row.id
			if _, err := s.openProfile(b.ID, row); err != nil {
				drift(row.id, "%v", err)
			}
		}
		if len(rows) < page {
			break
		}
	}
	if told.most > last || n < last {
		drift(last, "the last number given out is %d, by the head %d, by the facts %d", n, last, told.most)
	}
	if told.facts != told.most {
		drift(told.most, "%d facts gave out numbers up to %d", told.facts, told.most)
	}
	return int(n), nil
}

// givenOut is what the facts say of numbers.
type givenOut struct{ facts, most int64 }

func (s *Server) countCreated(ctx context.Context, brand string) (g givenOut, err error) {
	err = s.store.log.ReadKind(ctx, brand, []int16{record.Created}, 0, func(f *feed.Fact) error {
		g.facts, g.most = g.facts+1, max(g.most, f.Who)
		return nil
	})
	return g, err
}

// checkIdentities looks at identities: each opens with its key, is found under its
// hash, and belongs to a number that was given out.
func (s *Server) checkIdentities(ctx context.Context, b *brand, report func(floor.Drift)) (int, error) {
	drift := drifting(report, "identities")
	after, n := []byte{}, 0
	for {
		rows, err := identitiesAfter(ctx, s.store.db, b.ID, after, page)
		if err != nil {
			return n, err
		}
		n += len(rows)
		// After the rows: who is named by one was given out by then.
		last, err := lastNumber(ctx, s.store.db, b.ID)
		if err != nil {
			return n, err
		}
		for i := range rows {
			r := &rows[i]
			if r.customer < 1 || r.customer > last {
				drift(r.customer, "identity %x belongs to a number that was never given out", r.hash[:4])
			}
			if reason := s.wrong(b, r); reason != "" {
				drift(r.customer, "identity %x of customer %d %s", r.hash[:4], r.customer, reason)
			}
		}
		if len(rows) < page {
			return n, nil
		}
		after = rows[len(rows)-1].hash[:]
	}
}

// wrong tells why a row would not be found or could not be read; "" if all is well.
func (s *Server) wrong(b *brand, r *identityRow) string {
	if r.sealed == nil {
		return ""
	}
	known, err := s.seals.OpenIdentity(b.ID, r.kind, r.hash, r.sealed, r.key)
	if err != nil {
		return err.Error()
	}
	if hash, err := b.rules.Hash(known); err != nil || hash != r.hash {
		return "is not what is found under its hash: the brand reads identities in another way than when it came"
	}
	return ""
}

// drifting reports drifts of one table.
func drifting(report func(floor.Drift), fold string) func(at int64, format string, args ...any) {
	return func(at int64, format string, args ...any) {
		report(floor.Drift{Fold: fold, Where: "table", Seq: at, Reason: fmt.Sprintf(format, args...)})
	}
}

// Rebuild counts purchases and answers anew and seals everything of a brand with the first key.
// Nothing else here is derived from facts: what is personal is in no fact.
func (u *Upkeep) Rebuild(ctx context.Context, brand string, progress func(done, all int)) error {
	b, err := u.server.enter(ctx, brand, access.Define)
	if err != nil {
		return err
	}
	if err := u.server.rebuildPurchases(ctx, b); err != nil {
		return err
	}
	if err := u.server.rebuildAnswers(ctx, b); err != nil {
		return err
	}
	if err := u.server.rebuildSegments(ctx, b); err != nil {
		return err
	}
	return u.server.reseal(ctx, b, func(done int) { progress(done, done) })
}
