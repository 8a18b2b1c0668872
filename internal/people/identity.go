package people

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/seal"
)

// SealIdentity encrypts an identity as the caller gave it: how to normalise it is
// Segmentation's business. It opens within the same brand alone.
func SealIdentity(s *seal.Sealer, brand string, id *commonv1.Identity) ([]byte, error) {
	plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("seal identity: %w", err)
	}
	return s.Seal(plain, []byte(brand)), nil
}

// OpenIdentity reads what SealIdentity wrote.
func OpenIdentity(s *seal.Sealer, brand string, sealed []byte) (*commonv1.Identity, error) {
	plain, err := s.Open(sealed, []byte(brand))
	if err != nil {
		return nil, err
	}
	id := &commonv1.Identity{}
	if err := proto.Unmarshal(plain, id); err != nil {
		// Not with its text, which could hold the identity.
		return nil, fmt.Errorf("open identity: %w", seal.ErrSeal)
	}
	return id, nil
}
