package trial

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
)

// Splitter says which arm of one experiment a person falls into.
//
// It is SHA-256 of a key of the experiment's own and the person's number. All its bits
// are as good as random, so that arms of two experiments have nothing to do with each
// other and with the order of numbers; it is the same on every machine and in every
// release, which hash/maphash is not; and nobody without the suite's secret can choose
// numbers for an arm. Input is of one length and fits one block: the key may simply
// stand in front, and a million persons take a fraction of a second.
type Splitter struct {
	key     [sha256.Size]byte
	holdOut uint64
	// until are the sums of the weights up to each arm.
	until []uint64
}

// NewSplitter is the splitter of an experiment whose weights are filled in.
func NewSplitter(secret []byte, brand string, e *segmentationv1.Experiment) *Splitter {
	s := &Splitter{holdOut: uint64(e.GetHoldOutBp())}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("segmentation/experiment\x00" + brand + "\x00" + e.GetId()))
	mac.Sum(s.key[:0])
	sum := uint64(0)
	for _, a := range e.GetArms() {
		sum += uint64(a.GetWeight())
		s.until = append(s.until, sum)
	}
	return s
}

// Arm is the place of a person's arm in the order of Names.
func (s *Splitter) Arm(person uint64) int {
	var in [sha256.Size + 8]byte
	copy(in[:], s.key[:])
	binary.BigEndian.PutUint64(in[sha256.Size:], person)
	sum := sha256.Sum256(in[:])
	// The hold-out and the arm are drawn from different bits: to hold out more takes
	// people from all arms alike.
	if among(sum[:8], whole) < s.holdOut {
		return len(s.until)
	}
	at := among(sum[8:16], s.until[len(s.until)-1])
	arm := 0
	for at >= s.until[arm] {
		arm++
	}
	return arm
}

// among is one of n numbers from 0, each as likely as the next but for 1 in 2^64/n.
func among(random []byte, n uint64) uint64 {
	at, _ := bits.Mul64(binary.BigEndian.Uint64(random), n)
	return at
}

// arms is how many there are, the hold-out included.
func (s *Splitter) arms() int {
	if s.holdOut > 0 {
		return len(s.until) + 1
	}
	return len(s.until)
}

// Split sorts persons into arms.
func (s *Splitter) Split(persons *roaring64.Bitmap) []*roaring64.Bitmap {
	sets := make([]*roaring64.Bitmap, s.arms())
	for i := range sets {
		sets[i] = roaring64.New()
	}
	for it := persons.Iterator(); it.HasNext(); {
		id := it.Next()
		sets[s.Arm(id)].Add(id)
	}
	return sets
}

// Follow makes a split of some persons one of others, at the price of those who
// differ: whoever came meanwhile falls where a split of all would put them.
func (s *Splitter) Follow(sets []*roaring64.Bitmap, persons *roaring64.Bitmap) {
	came := persons.Clone()
	for _, set := range sets {
		came.AndNot(set)
		set.And(persons)
	}
	for it := came.Iterator(); it.HasNext(); {
		id := it.Next()
		sets[s.Arm(id)].Add(id)
	}
}
