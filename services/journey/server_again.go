package journey

import (
	"bytes"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/journey/event"
	"github.com/rapport-cx/rapport/services/journey/record"
)

// replay compares an event with the first one under its key: the same one gets
// the first answer again, another one is told where it differs.
func replay(first *feed.Fact, again *arrival) (receipt, error) {
	kept, err := record.Kept(first)
	if err != nil {
		return receipt{}, err
	}
	of := kept.GetEvent().GetSubjects()
	field := difference(kept, again.record)
	if field != "" && !again.see.Holds(of) {
		return receipt{}, access.Denied() // not even that it is there
	}
	if field != "" {
		return receipt{}, fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field,
			"event %s came under this key with another %s", record.ID(first.Seq), field)
	}
	return receipt{number: first.Seq, replayed: true}, nil
}

// difference names the first field in which a repeated event differs from the one
// kept; empty if they say the same. Identities are compared by their hash, since
// the number may have become known in between; what was blanked, and what the
// brand's rules found in a receipt, not at all.
func difference(kept, again *journeyv1.EventRecord) string {
	if !bytes.Equal(kept.GetIdentityHash(), again.GetIdentityHash()) {
		return "event.customer"
	}
	again = proto.CloneOf(again)
	// What was blanked in either, now or then, is not held against the other.
	if kept.GetErased() || again.GetErased() {
		event.Blank(kept)
		event.Blank(again)
	}
	a, b := kept.GetEvent(), again.GetEvent()
	a.Occasions, b.Occasions = nil, nil
	if len(kept.GetIdentityHash()) > 0 {
		a.Actor, b.Actor = nil, nil
	}
	return differ.First("event", a, b)
}
