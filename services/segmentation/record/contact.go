package record

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts about contacts.
const (
	// ContactReserved gives leave to contact Who; data the reservation's number, body
	// ContactRequest with customer id and time filled in.
	ContactReserved int16 = 20
	// ContactReleased takes that back; data the reservation's number.
	ContactReleased int16 = 21
)

// ReserveContact is the fact that a contact counts from now on.
func ReserveContact(who, reservation int64, c *segmentationv1.ContactRequest) (feed.Fact, error) {
	f := about(ContactReserved, who)
	f.Data = binary.AppendVarint(nil, reservation)
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(c)
	f.Body = body
	return f, err
}

// ReleaseContact is the fact that it counts no more.
func ReleaseContact(who, reservation int64) feed.Fact {
	f := about(ContactReleased, who)
	f.Data = binary.AppendVarint(nil, reservation)
	return f
}

// Reservation is the number that either fact is about.
func Reservation(f *feed.Fact) (int64, error) {
	n, size := binary.Varint(f.Data)
	if size != len(f.Data) || size <= 0 {
		return 0, fmt.Errorf("fact %d: reservation cannot be read", f.Seq)
	}
	return n, nil
}

// ReservedContact reads a ContactReserved fact.
func ReservedContact(f *feed.Fact) (*segmentationv1.ContactRequest, error) {
	c := &segmentationv1.ContactRequest{}
	if err := proto.Unmarshal(f.Body, c); err != nil {
		return nil, fmt.Errorf("fact %d: read contact: %w", f.Seq, err)
	}
	return c, nil
}
