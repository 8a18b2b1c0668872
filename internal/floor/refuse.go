package floor

import (
	"context"
	"errors"
	"fmt"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// Lost is Unavailable for reads: only a database that is not there is a reason to try
// again, and who left or had no more time is told so.
func Lost(doing string, err error) error {
	if sqldb.IsUnavailable(err) || sqldb.IsRetryable(err) {
		return Unavailable(doing, err)
	}
	return err
}

// Unavailable tells a caller to try again where the database may be back by then; what is
// a refusal already, or a mistake of ours, stays what it is.
func Unavailable(doing string, err error) error {
	var refusal *fault.Error
	switch {
	case err == nil, errors.As(err, &refusal):
		return err
	case sqldb.IsUnavailable(err), sqldb.IsUnknown(err), sqldb.IsRetryable(err),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Unavailable(commonv1.Reason_REASON_UNAVAILABLE, "%s: try again", doing).Because(err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
