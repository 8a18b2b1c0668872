package people

import (
	"context"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Report tells Segmentation of the erasures that are complete here, at least
// once each. The first report counts, so an erasure of several numbers is
// reported when all of them are blanked.
func (f *Followed) Report(ctx context.Context) error {
	all, err := unreported(ctx, f.Journal.DB, f.Brand)
	if err != nil {
		return err
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].erasure == all[0].erasure {
			n++
		}
		if err := f.reportOne(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// reportOne reports one erasure, given what was blanked of each of its numbers.
func (f *Followed) reportOne(ctx context.Context, parts []done) error {
	erasure := parts[0].erasure
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	found, err := f.Client.GetErasure(ctx, &segmentationv1.GetErasureRequest{Brand: f.Brand, Id: erasure})
	if err == nil {
		var records int64
		blanked := map[int64]bool{}
		for _, d := range parts {
			blanked[d.customer] = true
			records += d.records
		}
		for _, id := range found.GetErasure().GetCustomerIds() {
			if !blanked[id] {
				return nil // its event is still to come
			}
		}
		_, err = f.Client.ReportErasure(ctx, &segmentationv1.ReportErasureRequest{
			Brand: f.Brand, ErasureId: erasure, Service: f.Service, Records: records,
		})
	}
	if fault.Is(err, commonv1.Reason_REASON_ERASURE_UNKNOWN) {
		f.Log.Warn("segmentation does not know an erasure any more", "brand", f.Brand, "erasure", erasure)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("report erasure %d: %w", erasure, err)
	}
	return f.Journal.DB.Write(ctx, func(tx *sqldb.Tx) error { return dropReported(ctx, tx, f.Brand, erasure) })
}
