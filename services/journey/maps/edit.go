package maps

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	"github.com/rapport-cx/rapport/internal/differ"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Create is the fact that makes a map; none if it is there with this draft.
func (b *Book) Create(in *journeyv1.JourneyMap) ([]feed.Fact, error) {
	old := b.Find(in.GetId())
	if old == nil {
		return fact(&journeyv1.JourneyMap{Id: in.GetId(), Draft: in.GetDraft(), Etag: 1})
	}
	if field := differ.First("map.draft", old.GetDraft(), in.GetDraft()); field != "" {
		return nil, fault.AlreadyExists(commonv1.Reason_REASON_ALREADY_EXISTS, "journey map %q has another draft", in.GetId()).With("field", field)
	}
	return nil, nil
}

// Update is the fact that replaces a draft; none if it is the draft already, as it
// is for an update sent twice.
func (b *Book) Update(in *journeyv1.JourneyMap) ([]feed.Fact, error) {
	old := b.Find(in.GetId())
	switch {
	case old == nil:
		return nil, Unknown(in.GetId())
	case proto.Equal(old.GetDraft(), in.GetDraft()):
		return nil, nil
	case in.GetEtag() != old.GetEtag():
		return nil, fault.Aborted(commonv1.Reason_REASON_VERSION_CONFLICT, "journey map %q has etag %d", in.GetId(), old.GetEtag())
	}
	return fact(&journeyv1.JourneyMap{Id: in.GetId(), Draft: in.GetDraft(), Etag: old.GetEtag() + 1})
}

// Publish is the fact that freezes a draft; none if the newest version is the same.
func (b *Book) Publish(id string, now time.Time) ([]feed.Fact, error) {
	old := b.Find(id)
	if old == nil {
		return nil, Unknown(id)
	}
	if v := newest(old); v != nil && proto.Equal(v.GetContent(), old.GetDraft()) {
		return nil, nil
	}
	return fact(&journeyv1.JourneyMap{Id: id, Draft: old.GetDraft(), Etag: old.GetEtag(), Versions: []*journeyv1.MapVersion{{
		Version: int32(len(old.GetVersions())) + 1, Content: old.GetDraft(), PublishedAt: timestamppb.New(now),
	}}})
}

// Version is a published version of a map, 0 the newest.
func (b *Book) Version(id string, version int32) (*journeyv1.MapVersion, error) {
	m := b.Find(id)
	switch {
	case m == nil:
		return nil, Unknown(id)
	case len(m.GetVersions()) == 0:
		return nil, fault.Precondition(commonv1.Reason_REASON_MAP_UNPUBLISHED, "journey map %q was never published", id)
	case version == 0:
		return newest(m), nil
	case int(version) > len(m.GetVersions()):
		return nil, fault.NotFound(commonv1.Reason_REASON_MAP_UNKNOWN, "journey map %q has no version %d", id, version)
	}
	return m.GetVersions()[version-1], nil
}

// newest is the last version published; nil if none was.
func newest(m *journeyv1.JourneyMap) *journeyv1.MapVersion {
	if n := len(m.GetVersions()); n > 0 {
		return m.GetVersions()[n-1]
	}
	return nil
}

// Unknown says that there is no such map.
func Unknown(id string) error {
	return fault.NotFound(commonv1.Reason_REASON_MAP_UNKNOWN, "journey map %q", id)
}
