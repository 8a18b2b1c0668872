package segmentation

import (
	"context"
	"strconv"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/segmentation/record"
)

// merge lets one number stand behind another, within a change under way. It reads
// the table alone, so that several merges of one change see each other.
func (c *change) merge(ctx context.Context, from, into int64, reason string) (replayed bool, err error) {
	behind, err := c.known(ctx, from)
	if err != nil {
		return false, err
	}
	if behind.intoID == into {
		return true, nil
	}
	front, err := c.known(ctx, into)
	if err != nil {
		return false, err
	}
	for _, r := range []*customerRow{behind, front} {
		if r.erased != 0 {
			return false, fault.Precondition(commonv1.Reason_REASON_CUSTOMER_ERASED,
				"customer %d was erased: there is nobody left to recognise", r.id)
		}
	}
	if behind.intoID != 0 {
		return false, fault.Precondition(commonv1.Reason_REASON_CUSTOMER_MERGED,
			"customer %d is merged into %d already: unmerge it first", from, behind.intoID).
			With("into", strconv.FormatInt(behind.intoID, 10))
	}
	for front.id != from && front.intoID != 0 {
		if front, err = c.known(ctx, front.intoID); err != nil {
			return false, err
		}
	}
	if front.id == from {
		return false, fault.Precondition(commonv1.Reason_REASON_MERGE_CYCLE, "customer %d stands behind %d already", into, from)
	}
	f, err := record.Merge(from, into, reason)
	if err != nil {
		return false, err
	}
	c.tell(f)
	return false, setInto(ctx, c.tx, c.brand, from, into)
}

// unmerge takes the merge of a number back, within a change under way.
func (c *change) unmerge(ctx context.Context, from int64, reason string) (replayed bool, err error) {
	row, err := c.known(ctx, from)
	if err != nil || row.intoID == 0 {
		return err == nil, err
	}
	f, err := record.Unmerge(from, row.intoID, reason)
	if err != nil {
		return false, err
	}
	c.tell(f)
	return false, setInto(ctx, c.tx, c.brand, from, 0)
}

// known is a number that was given out.
func (c *change) known(ctx context.Context, id int64) (*customerRow, error) {
	row, err := customer(ctx, c.tx, c.brand, id)
	if err == nil && row == nil {
		err = fault.NotFound(commonv1.Reason_REASON_CUSTOMER_UNKNOWN, "customer %d", id)
	}
	return row, err
}
