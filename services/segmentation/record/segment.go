package record

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"google.golang.org/protobuf/proto"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts about segments.
const (
	// Segment says what a segment is from now on; body Segment without members. With
	// another version the fact behind it is the version's base.
	Segment int16 = 40
	// Members says who entered and who left a segment; body a Membership, packed. Of
	// names the base of the version, which itself has none.
	Members int16 = 41
)

// Segments are both kinds.
var Segments = []int16{Segment, Members}

// DefineSegment is the fact about a segment.
func DefineSegment(s *segmentationv1.Segment) (feed.Fact, error) {
	f := about(Segment, 0)
	var err error
	f.Body, err = written.Marshal(s)
	return f, err
}

// SegmentOf reads a SEGMENT fact.
func SegmentOf(f *feed.Fact) (*segmentationv1.Segment, error) {
	s := &segmentationv1.Segment{}
	if err := proto.Unmarshal(f.Body, s); err != nil {
		return nil, fmt.Errorf("fact %d: read segment: %w", f.Seq, err)
	}
	return s, nil
}

// Membership is who entered and who left a version of a segment.
type Membership struct {
	Segment string
	Version int32
	// Day is what it counts for, in the brand's calendar.
	Day calendar.Day
	// Base begins the version: Entered are all its members.
	Base bool
	// Entered and Left have nobody in common; nil is nobody.
	Entered, Left *roaring64.Bitmap
}

// few is up to how many persons differences are taken to be shorter than a bitmap.
const few = 4096

// membership is the version of the packed form:
//
//	version, base (0 or 1), day, length of segment, segment, version of the rule,
//	entered, left: n and n differences if there are few, else 0, length, bitmap
const membership = 1

// Enter is the fact about a change of members; base is the number of the version's
// base, 0 for the base itself.
func Enter(m *Membership, base int64) (feed.Fact, error) {
	f := about(Members, 0)
	f.Of = base
	b := []byte{membership, 0}
	if m.Base {
		b[1] = 1
	}
	b = binary.AppendVarint(b, int64(m.Day))
	b = binary.AppendUvarint(b, uint64(len(m.Segment)))
	b = append(b, m.Segment...)
	b = binary.AppendVarint(b, int64(m.Version))
	b, err := appendSet(b, m.Entered)
	if err == nil {
		b, err = appendSet(b, m.Left)
	}
	f.Body = b
	return f, err
}

func appendSet(b []byte, set *roaring64.Bitmap) ([]byte, error) {
	if set == nil {
		set = roaring64.New()
	}
	n := set.GetCardinality()
	if n == 0 || n > few {
		whole, err := set.ToPortableBytes()
		b = binary.AppendUvarint(append(b, 0), uint64(len(whole)))
		return append(b, whole...), err
	}
	b = binary.AppendUvarint(b, n)
	before := uint64(0)
	for it := set.Iterator(); it.HasNext(); {
		id := it.Next()
		b = binary.AppendUvarint(b, id-before)
		before = id
	}
	return b, nil
}

var errMembership = errors.New("membership cannot be read")

// MembershipOf reads a MEMBERS fact.
func MembershipOf(f *feed.Fact) (*Membership, error) {
	r := &unpacker{rest: f.Body}
	version, base := r.take(1), r.take(1)
	m := &Membership{Day: calendar.Day(r.varint())}
	m.Segment = string(r.take(r.uvarint()))
	m.Version = int32(r.varint())
	m.Entered, m.Left = r.set(), r.set()
	if r.bad || len(r.rest) > 0 || version[0] != membership {
		return nil, fmt.Errorf("fact %d: %w", f.Seq, errMembership)
	}
	m.Base = base[0] == 1
	return m, nil
}

// ReadSet reads a bitmap in the portable form. The library believes the length it
// finds, so that is looked at first.
func ReadSet(b []byte) (*roaring64.Bitmap, error) {
	const head, each = 8, 12
	if len(b) < head || binary.LittleEndian.Uint64(b) > uint64(len(b)-head)/each {
		return nil, errMembership
	}
	set := roaring64.New()
	if err := set.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return set, set.Validate()
}

// unpacker takes values off; once anything is wrong, bad stays set.
type unpacker struct {
	rest []byte
	bad  bool
}

func (r *unpacker) took(size int) {
	if size <= 0 {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[size:]
}

func (r *unpacker) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.took(size)
	return n
}

func (r *unpacker) varint() int64 {
	n, size := binary.Varint(r.rest)
	r.took(size)
	return n
}

func (r *unpacker) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return []byte{0}
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *unpacker) set() *roaring64.Bitmap {
	set := roaring64.New()
	n := r.uvarint()
	if n == 0 {
		whole := r.take(r.uvarint())
		if r.bad {
			return set
		}
		read, err := ReadSet(whole)
		if err != nil {
			r.bad = true
			return set
		}
		return read
	}
	before := uint64(0)
	for range n {
		if before += r.uvarint(); r.bad {
			return set
		}
		set.Add(before)
	}
	return set
}
