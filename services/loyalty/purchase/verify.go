package purchase

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
	"github.com/rapport-cx/rapport/services/loyalty/programme"
)

// Verify looks at all shelves of a brand: lines keep what their returns leave them, and
// what found no purchase is counted. It reports those that do not, and returns how many
// shelves it looked at.
//
// Whoever was merged or parted keeps what was found before until the next purchase or
// return of the same goods. alone tells whose shelves were never anybody else's: only
// theirs are matched anew.
func Verify(ctx context.Context, q sqldb.Querier, brand string, book *programme.Book, alone func(customer int64) bool, report func(customer int64, reason string)) (n int, err error) {
	after := place{}
	for {
		last, rows, err := eachShelf(ctx, q, brand, after, func(at place, unmatched int, s *loyaltyv1.Shelf) {
			if reason := wrong(book, unmatched, s, alone(at.customer)); reason != "" {
				report(at.customer, fmt.Sprintf("%s: %s", at.goods, reason))
			}
		})
		if n += rows; err != nil || rows == 0 {
			return n, err
		}
		after = last
	}
}

// wrong tells what is not as it must be on a shelf; "": nothing.
func wrong(book *programme.Book, unmatched int, s *loyaltyv1.Shelf, alone bool) string {
	if alone {
		again := proto.CloneOf(s)
		lines, returns := order([]*loyaltyv1.Shelf{again})
		left := match(lines, returns)
		for i, l := range lines {
			for _, share := range l.GetShares() {
				p := book.Version(share.GetProgrammeId(), share.GetVersion())
				if p == nil {
					return fmt.Sprintf("version %d of programme %s is not known", share.GetVersion(), share.GetProgrammeId())
				}
				if want := kept(p, l, share, left[i]); want != share.GetStanding() {
					return fmt.Sprintf("%s of programme %s keeps %d points, by its returns %d", l.GetOrigin().GetOrderId(), share.GetProgrammeId(), share.GetStanding(), want)
				}
			}
		}
		if !proto.Equal(s, again) {
			return "its returns are matched in another way"
		}
	}
	counted := 0
	for _, r := range s.GetReturns() {
		if r.GetUnmatched() > 0 {
			counted++
		}
	}
	if counted != unmatched {
		return fmt.Sprintf("%d returns found no purchase, the shelf says %d", unmatched, counted)
	}
	return ""
}
