package seal

import (
	"encoding/base64"
	"encoding/json"
)

// Token renders a position in a list for a caller to carry. query is what the
// list was asked for: the token fits no other.
func (s *Sealer) Token(position any, query []byte) (string, error) {
	plain, err := json.Marshal(position)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.Seal(plain, query)), nil
}

// ReadToken reads back what Token rendered for the same query. ErrSeal says
// that it is forged, damaged, or another list's.
func (s *Sealer) ReadToken(token string, position any, query []byte) error {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return ErrSeal
	}
	plain, err := s.Open(sealed, query)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, position)
}
