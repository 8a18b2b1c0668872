package survey

import (
	"strings"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/page"
)

// validate judges one item of a batch by the rules on its fields: batches are
// not judged whole, since a bad item must fail alone.
func validate(m proto.Message) error { return fault.Validate(m) }

// pageSize is the size asked for, or the default.
func pageSize(asked int32, usual int) int { return page.Size(asked, usual) }

// token renders the place in a list from which its next page goes on.
func (s *Server) token(in proto.Message, position any) (string, error) {
	return page.Token(s.tokens, in, position)
}

// readToken reads the place a page token stands for; an empty one leaves
// position as it is.
func (s *Server) readToken(in proto.Message, token string, position any) error {
	return page.Read(s.tokens, in, token, position)
}

// subjectName writes a subject as access rules and messages name it.
func subjectName(ref *commonv1.SubjectRef) string {
	if ref == nil {
		return ""
	}
	return strings.TrimPrefix(ref.GetKind().String(), "SUBJECT_KIND_") + "/" + ref.GetId()
}
