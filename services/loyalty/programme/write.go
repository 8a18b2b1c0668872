package programme

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kind is the kind of PROGRAMME facts in Loyalty's log; their body is one version.
const Kind int16 = 10

// Create is the fact that makes a programme, which CheckNew has judged; none if it was
// made like this before, whatever became of it since.
func (b *Book) Create(in *loyaltyv1.Programme, now time.Time) ([]feed.Fact, error) {
	all := b.Versions(in.GetId())
	if len(all) == 0 {
		return fact(in, 1, now)
	}
	field := difference(in, all[0])
	if field != "" && difference(in, all[len(all)-1]) != "" {
		return nil, fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "programme %q is another one", in.GetId()).With("field", field)
	}
	return nil, nil
}

// Update is the fact that makes the next version, which CheckUpdate has judged; none if
// the newest says the same, as it does for an update sent twice.
func (b *Book) Update(in *loyaltyv1.Programme, now time.Time) ([]feed.Fact, error) {
	last, err := b.Get(in.GetId())
	if err != nil {
		return nil, err
	}
	switch {
	case difference(in, last) == "":
		return nil, nil
	case in.GetVersion() != 0 && in.GetVersion() != last.GetVersion():
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "programme %q has version %d", in.GetId(), last.GetVersion())
	}
	from := now
	if in.GetEffectiveFrom() != nil {
		from = in.GetEffectiveFrom().AsTime()
	}
	if before := last.GetEffectiveFrom().AsTime(); from.Before(before) {
		return nil, fault.Invalid().Field("programme.effective_from", "must not be before that of version %d, %s",
			last.GetVersion(), before.Format(time.RFC3339)).Err()
	}
	return fact(in, last.GetVersion()+1, now)
}

// difference is the first field in which a request differs from a version; a time left
// out is whatever it was then.
func difference(in, old *loyaltyv1.Programme) string {
	next := proto.CloneOf(in)
	next.Version, next.CreatedAt = old.GetVersion(), old.GetCreatedAt()
	if next.EffectiveFrom == nil {
		next.EffectiveFrom = old.GetEffectiveFrom()
	}
	return differ.First("programme", old, next)
}

func fact(in *loyaltyv1.Programme, version int32, now time.Time) ([]feed.Fact, error) {
	next := proto.CloneOf(in)
	next.Version, next.CreatedAt = version, timestamppb.New(now)
	if next.EffectiveFrom == nil {
		next.EffectiveFrom = next.CreatedAt
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	return []feed.Fact{{Kind: Kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body}}, err
}
