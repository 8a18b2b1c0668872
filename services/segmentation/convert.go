package segmentation

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

func stamp(micros int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(micros)) }

// show is a number as callers see it, without identities. Personal attributes are
// left out unless all is asked for.
func (s *Server) show(b *brand, row *customerRow, all bool) (*segmentationv1.Customer, error) {
	out, err := s.openProfile(b.ID, row)
	if err != nil {
		return nil, err
	}
	if !all {
		declared := b.attributes.Load()
		for name := range out.GetAttributes() {
			if declared.Personal(name) {
				delete(out.GetAttributes(), name)
				delete(out.GetAttributeTimes(), name)
			}
		}
	}
	now := b.book.Load().Now()
	out.Id, out.PersonId = row.id, now.Person(row.id)
	out.MemberIds = now.Members(out.GetPersonId())
	out.CreatedAt, out.UpdatedAt, out.Erased = stamp(row.createdAt), stamp(row.updatedAt), row.erased != 0
	return out, nil
}

// identities opens what a customer is recognised by; of one who was erased nothing
// is left.
func (s *Server) openIdentities(brand string, rows []identityRow, into *segmentationv1.Customer) error {
	for i := range rows {
		r := &rows[i]
		if r.sealed == nil {
			continue
		}
		known, err := s.seals.OpenIdentity(brand, r.kind, r.hash, r.sealed, r.key)
		if err != nil {
			return err
		}
		into.Identities = append(into.Identities, known.Proto())
	}
	return nil
}
