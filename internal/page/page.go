// Package page is how services page through lists: sizes, and tokens that fit the
// one list they were given out for.
package page

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/seal"
)

// Size is the size asked for, or the usual one.
func Size(asked int32, usual int) int {
	if asked == 0 {
		return usual
	}
	return int(asked)
}

// asked is what a list is asked for, without the place in it: a page token fits
// that query alone.
func asked(in proto.Message) ([]byte, error) {
	bare := proto.Clone(in).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_token", "page_size"} {
		if fd := bare.Descriptor().Fields().ByName(name); fd != nil {
			bare.Clear(fd)
		}
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare.Interface())
	return append([]byte(bare.Descriptor().FullName()), b...), err
}

// Token renders the place in a list from which its next page goes on.
func Token(tokens *seal.Sealer, in proto.Message, position any) (string, error) {
	q, err := asked(in)
	if err != nil {
		return "", err
	}
	return tokens.Token(position, q)
}

// Read reads the place a page token stands for; an empty one leaves position as
// it is.
func Read(tokens *seal.Sealer, in proto.Message, token string, position any) error {
	if token == "" {
		return nil
	}
	q, err := asked(in)
	if err == nil {
		err = tokens.ReadToken(token, position, q)
	}
	if err != nil {
		return fault.Invalid().Reason(commonv1.Reason_REASON_PAGE_TOKEN_INVALID).
			Field("page_token", "is not of this list: begin again without one").Err()
	}
	return nil
}
