package survey

import (
	"context"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/services/survey/intake"
)

// refused is a response that would not be taken today.
type refused struct {
	in  *surveyv1.Response
	key []byte
	may inside
	err error
}

// settle tells which of the refused responses had been recorded before, when
// the survey or the directory was another: a retry gets the first answer again,
// whatever has changed since. For the others the refusal stands.
func (s *Server) settle(ctx context.Context, b *brand, all []refused) ([]commit.Result[receipt], error) {
	out := make([]commit.Result[receipt], len(all))
	var keys [][]byte
	for i, r := range all {
		out[i].Err = r.err
		if r.key != nil {
			keys = append(keys, r.key)
		}
	}
	byKey, err := s.store.firsts(ctx, b.ID, keys)
	if err != nil {
		return nil, err
	}
	for i, r := range all {
		if first := byKey[string(r.key)]; first != nil && intake.CheckOutput(r.in) == nil {
			again := arrival{record: s.rules(b).Record(r.in, r.in.GetSurveyVersion()), newest: r.in.GetSurveyVersion() == 0, inside: r.may}
			out[i].Value, out[i].Err = replay(first, &again)
		}
	}
	return out, nil
}
