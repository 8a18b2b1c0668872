package hot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// A stored value is
//
//	format 1 | family 1 | seq 8 | commit id 8 | checksum 16 | content
//
// with big-endian numbers. The format changes with the meaning of content
// too, so that no replica reads what another version wrote.
const (
	format     = 1
	headerSize = 18
	macSize    = 16
	sealSize   = headerSize + macSize
)

// family keeps slabs and results from being taken for each other.
type family byte

const (
	slab   family = 's'
	result family = 'r'
)

// sealer makes and checks keyed checksums: HMAC-SHA256, its first 16 bytes,
// over header, key and content.
type sealer struct {
	pool sync.Pool // *sealing
}

type sealing struct {
	mac     hash.Hash
	scratch []byte
	sum     [sha256.Size]byte
}

func newSealer(secret []byte) *sealer {
	secret = append([]byte("rapport.hot:"), secret...)
	return &sealer{pool: sync.Pool{New: func() any { return &sealing{mac: hmac.New(sha256.New, secret)} }}}
}

// sum is the checksum; it is good until s is used again.
func (s *sealing) checksum(header []byte, key string, content []byte) []byte {
	s.mac.Reset()
	// The key's length parts it from the content.
	s.scratch = append(s.scratch[:0], header...)
	s.scratch = binary.BigEndian.AppendUint32(s.scratch, uint32(len(key)))
	s.scratch = append(s.scratch, key...)
	s.mac.Write(s.scratch)
	s.mac.Write(content)
	return s.mac.Sum(s.sum[:0])[:macSize]
}

// close makes the value to be stored at key.
func (s *sealer) close(f family, key string, a Anchor, content []byte) []byte {
	value := make([]byte, 0, sealSize+len(content))
	value = append(value, format, byte(f))
	value = binary.BigEndian.AppendUint64(value, uint64(a.Seq))
	value = binary.BigEndian.AppendUint64(value, uint64(a.CommitID))
	work := s.pool.Get().(*sealing)
	value = append(value, work.checksum(value, key, content)...)
	s.pool.Put(work)
	return append(value, content...)
}

// open reads a value that was found at key; false if it is not exactly what
// close made for that key.
func (s *sealer) open(f family, key string, value []byte) (Anchor, []byte, bool) {
	if len(value) < sealSize || value[0] != format || value[1] != byte(f) {
		return Anchor{}, nil, false
	}
	content := value[sealSize:]
	work := s.pool.Get().(*sealing)
	same := hmac.Equal(value[headerSize:sealSize], work.checksum(value[:headerSize], key, content))
	s.pool.Put(work)
	if !same {
		return Anchor{}, nil, false
	}
	return Anchor{
		Seq:      int64(binary.BigEndian.Uint64(value[2:])),
		CommitID: int64(binary.BigEndian.Uint64(value[10:])),
	}, content, true
}
