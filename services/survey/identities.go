package survey

import (
	"context"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/people"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// resolve asks once for the customers behind all arrivals that came with an
// identity. Whom it is not told of in time stay sealed; an identity that belongs to
// nobody, such as the office telephone, leaves its response without a customer.
func (s *Server) resolve(ctx context.Context, b *brand, arrivals []*arrival) error {
	var asking []*arrival
	var identities []*commonv1.Identity
	for _, a := range arrivals {
		if a.identity != nil {
			asking, identities = append(asking, a), append(identities, a.identity)
		}
	}
	if len(asking) == 0 {
		return nil
	}
	ids, refused, err := s.resolver.Resolve(ctx, b.ID, identities)
	if err != nil {
		return ctx.Err() // who is left sealed is resolved in the background
	}
	for i, a := range asking {
		if ids[i] == 0 && refused[i] == nil {
			continue
		}
		setCustomer(a.record, a.tally, ids[i])
		if fault.Is(refused[i], commonv1.Reason_REASON_IDENTITY_ERASED) {
			forget(a.record, a.tally)
		}
		if err := a.pack(); err != nil {
			return err
		}
	}
	return nil
}

// setCustomer puts a number in the place of an identity; 0: nobody's.
func setCustomer(rec *surveyv1.ResponseRecord, t *tally.Tally, id int64) {
	rec.SealedIdentity, t.Customer = nil, id
	if id != 0 && rec.GetResponse() != nil {
		rec.Response.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
	}
}

// layOut notes the identities that wait in a batch of facts.
func (s *Server) layOut(ctx context.Context, tx *sqldb.Tx, b *brand, facts []feed.Fact) error {
	var waiting []people.Waiting
	for i := range facts {
		if facts[i].Kind != record.Response {
			continue
		}
		if id := sealedIn(facts[i].Body); len(id) > 0 {
			waiting = append(waiting, people.Waiting{Seq: facts[i].Seq, Sealed: id})
		}
	}
	return s.sealed.Put(ctx, tx, b.ID, waiting)
}

// sealedIn finds the sealed identity in a record without reading the rest of it:
// few have one, and every response passes here.
func sealedIn(body []byte) []byte {
	const field = 2 // ResponseRecord.sealed_identity
	for len(body) > 0 {
		n, kind, size := protowire.ConsumeTag(body)
		if size < 0 {
			return nil
		}
		body = body[size:]
		if n == field && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(body)
			return v
		}
		if size = protowire.ConsumeFieldValue(n, kind, body); size < 0 {
			return nil
		}
		body = body[size:]
	}
	return nil
}

// resolving resolves what waits, in the background.
func (s *Server) resolving(b *brand, told <-chan struct{}) *people.Resolving {
	return &people.Resolving{
		Brand: b.ID, Sealed: s.sealed, Seal: s.seals, Client: s.neighbours.Segmentation, Journal: s.journal(),
		Told: told, Log: s.log,
		Effect: func(ctx context.Context, tx *sqldb.Tx, resolved []people.Resolved) ([]feed.Fact, error) {
			var out []feed.Fact
			// What is restated here is put only at the end: once each, or it would leave
			// the numbers twice.
			restated := map[int64]bool{}
			for _, r := range resolved {
				facts, err := s.resolved(ctx, tx, b.ID, r, restated)
				if err != nil {
					return nil, err
				}
				out = append(out, facts...)
			}
			return out, nil
		},
	}
}

// resolved lets go of an identity: the version that holds it is blanked of it and,
// if it still stands, the response is restated with its customer.
func (s *Server) resolved(ctx context.Context, tx *sqldb.Tx, brand string, r people.Resolved, restated map[int64]bool) ([]feed.Fact, error) {
	found, err := feed.In(tx).Get(ctx, brand, r.Seq)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	erased := fault.Is(r.Refused, commonv1.Reason_REASON_IDENTITY_ERASED)
	first := record.First(&found[0])
	at, err := stand(ctx, feed.In(tx), brand, record.ID(first))
	if err != nil {
		return nil, err
	}
	var out []feed.Fact
	// A newer version that came with the same identity lets go of it in its own turn;
	// but of who was erased all versions are blanked now, so that it will have none.
	if (at.newest.Seq == r.Seq || erased) && !restated[first] {
		restated[first] = true
		out, err = at.restated(reasonResolved, func(rec *surveyv1.ResponseRecord, t *tally.Tally) bool {
			held := len(rec.GetSealedIdentity()) > 0
			setCustomer(rec, t, r.Customer)
			return !erased || forget(rec, t) || held
		})
		if err != nil {
			return nil, err
		}
	}
	if erased {
		_, err := s.blankResponse(ctx, tx, brand, first)
		return out, err
	}
	return out, blank(ctx, tx, brand, &found[0], func(rec *surveyv1.ResponseRecord) { rec.SealedIdentity = nil })
}

// blank changes what one version keeps, in place.
func blank(ctx context.Context, tx *sqldb.Tx, brand string, f *feed.Fact, change func(*surveyv1.ResponseRecord)) error {
	rec, err := record.Open(f)
	if err != nil {
		return err
	}
	change(rec)
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(rec)
	if err != nil {
		return err
	}
	return feed.Blank(ctx, tx, brand, f.Seq, body)
}
