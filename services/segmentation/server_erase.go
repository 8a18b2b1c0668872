package segmentation

import (
	"context"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/segmentation/erase"
	"github.com/rapport-cx/rapport/services/segmentation/profile"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// EraseCustomer deletes what is personal of all numbers of a person, in one
// commit with the facts that tell the other services to do so. Merges stay as
// they are: counts must not move.
func (s *Server) EraseCustomer(ctx context.Context, in *segmentationv1.EraseCustomerRequest) (*segmentationv1.EraseCustomerResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Amend)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.EraseCustomerResponse{}
	err = s.store.writeKnowing(ctx, b.ID, func(c *change) error {
		asked, err := c.known(ctx, in.GetId())
		if err != nil {
			return err
		}
		rows, err := customers(ctx, c.tx, b.ID, b.members(asked.id))
		if err != nil {
			return err
		}
		left := make([]*customerRow, 0, len(rows))
		for _, r := range rows {
			if r.erased == 0 {
				left = append(left, r)
			}
		}
		id := asked.erased
		if out.Replayed = len(left) == 0; !out.Replayed {
			if id, err = s.erase(ctx, c, b, left, in.GetReason()); err != nil {
				return err
			}
		}
		out.Erasure, err = erase.Load(ctx, c.tx, b.ID, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// erase blanks numbers, within a change under way, and gives the erasure's id.
func (s *Server) erase(ctx context.Context, c *change, b *brand, rows []*customerRow, reason string) (int64, error) {
	id, err := erase.Next(ctx, c.tx, b.ID)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.id
		f, err := record.Erase(row.id, id, reason)
		if err != nil {
			return 0, err
		}
		c.tell(f)
	}
	records, err := blankIdentities(ctx, c.tx, b.ID, ids)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if row.profile != nil {
			records++
		}
		if err := s.blank(b, row); err != nil {
			return 0, err
		}
		row.erased, row.updatedAt = id, c.at.UnixMicro()
		if err := saveErased(ctx, c.tx, b.ID, row); err != nil {
			return 0, err
		}
	}
	if err := erase.Begin(ctx, c.tx, b.ID, id, c.at, reason, ids, s.erasers()); err != nil {
		return 0, err
	}
	return id, erase.Complete(ctx, c.tx, b.ID, id, own, c.at, records)
}

// own is the part of an erasure that is this service's.
const own = "segmentation"

// erasers are the services that an erasure waits for.
func (s *Server) erasers() []string {
	all := []string{own}
	if s.neighbours.Survey != nil {
		all = append(all, "survey")
	}
	if s.neighbours.Journey != nil {
		all = append(all, "journey")
	}
	if s.neighbours.Loyalty != nil {
		all = append(all, "loyalty")
	}
	return all
}

// blank leaves of a profile what is not personal.
func (s *Server) blank(b *brand, row *customerRow) error {
	was, err := s.openProfile(b.ID, row)
	if err != nil {
		// Sealed with a key that is gone: nobody will read it again, so let it go too.
		s.log.Warn("profile of an erased customer could not be opened", "brand", b.ID, "customer", row.id, "error", err)
		was = &profile.Profile{}
	}
	plain, err := profile.Pack(profile.Blank(was, b.attributes.Load()))
	if err != nil {
		return err
	}
	row.profile, row.key = nil, 0
	if plain != nil {
		row.profile, row.key = s.seals.Seal(plain, profileContext(b.ID, row.id))
	}
	return nil
}

// GetErasure reads how far an erasure is.
func (s *Server) GetErasure(ctx context.Context, in *segmentationv1.GetErasureRequest) (*segmentationv1.GetErasureResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Read)
	if err != nil {
		return nil, err
	}
	found, err := erase.Load(ctx, s.store.db, b.ID, in.GetId())
	if err != nil {
		return nil, floor.Lost("read erasure", err)
	}
	if found == nil {
		return nil, erasureUnknown(in.GetId())
	}
	return &segmentationv1.GetErasureResponse{Erasure: found}, nil
}

// ReportErasure notes that a service has done its part.
func (s *Server) ReportErasure(ctx context.Context, in *segmentationv1.ReportErasureRequest) (*segmentationv1.ReportErasureResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Amend)
	if err != nil {
		return nil, err
	}
	err = s.store.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := erase.Load(ctx, tx, b.ID, in.GetErasureId())
		if err != nil {
			return err
		}
		if found == nil {
			return erasureUnknown(in.GetErasureId())
		}
		return erase.Complete(ctx, tx, b.ID, in.GetErasureId(), in.GetService(), s.clock(), in.GetRecords())
	})
	if err != nil {
		return nil, floor.Unavailable("report erasure", err)
	}
	return &segmentationv1.ReportErasureResponse{}, nil
}

func erasureUnknown(id int64) error {
	return fault.NotFound(commonv1.Reason_REASON_ERASURE_UNKNOWN, "erasure %d", id)
}
