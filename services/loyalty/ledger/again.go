package ledger

import (
	"bytes"
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// Replay answers a request whose key the log has: as before if it is the same one.
func Replay(f *feed.Fact, again *loyaltyv1.EntryRecord) (Outcome, error) {
	kept, err := record.Parse(f)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Record: kept, Seq: f.Seq, At: f.At, Replayed: true}, Same(kept, again)
}

// Refused is the refusal that a record keeps; nil: it is none.
func Refused(r *loyaltyv1.EntryRecord) error {
	no := r.GetRefusal()
	if no == nil {
		return nil
	}
	made := fault.Precondition
	if no.GetNotFound() {
		made = fault.NotFound
	}
	e := made(commonv1.Reason(commonv1.Reason_value[no.GetReason()]), "%s", no.GetMessage())
	for key, value := range no.GetMetadata() {
		e = e.With(key, value)
	}
	return e
}

// Same refuses a request that is not the one kept under its key, and names the first
// field that differs. Who was named by an identity is compared by its hash: the number
// may have become another one. What was blanked is not compared.
func Same(kept, again *loyaltyv1.EntryRecord) error {
	field := difference(kept, again)
	if field == "" {
		return nil
	}
	return fault.Conflict(commonv1.Reason_REASON_KEY_REUSED, field, "another %s came under this key before", field)
}

func difference(kept, again *loyaltyv1.EntryRecord) string {
	a, b := record.Request(kept), record.Request(again)
	if a == nil || b == nil || a.ProtoReflect().Descriptor() != b.ProtoReflect().Descriptor() {
		return "request_id" // another call
	}
	if kept.GetErased() || again.GetErased() {
		a, b = Blank(proto.Clone(a)), Blank(proto.Clone(b))
	} else {
		if !bytes.Equal(kept.GetIdentityHash(), again.GetIdentityHash()) {
			return member(a)
		}
		if !bytes.Equal(kept.GetToIdentityHash(), again.GetToIdentityHash()) {
			return "to"
		}
	}
	return strings.TrimPrefix(differ.First("", a, b), ".")
}

// member is the field that names whose points it is about.
func member(in proto.Message) string {
	if in.ProtoReflect().Descriptor().Fields().ByName("from") != nil {
		return "from"
	}
	return "customer"
}

// Erase takes out of a record what somebody typed, and what tells who was named. It tells
// whether there was anything.
func Erase(r *loyaltyv1.EntryRecord) bool {
	in, ok := record.Request(r).(interface{ GetReason() string })
	found := ok && in.GetReason() != "" || len(r.GetIdentityHash())+len(r.GetToIdentityHash()) > 0
	if in := record.Request(r); in != nil {
		Blank(in)
	}
	r.IdentityHash, r.ToIdentityHash, r.Erased = nil, nil, true
	return found
}

// Blank takes out of a request what somebody typed.
func Blank(in proto.Message) proto.Message {
	m := in.ProtoReflect()
	if fd := m.Descriptor().Fields().ByName("reason"); fd != nil {
		m.Clear(fd)
	}
	return in
}
