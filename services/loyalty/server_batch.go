package loyalty

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/commit"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/several"
	"github.com/rapport-cx/rapport/services/loyalty/ledger"
	"github.com/rapport-cx/rapport/services/loyalty/record"
)

// most is how many items a chunk has, so that it never holds up the living for longer than
// one commit.
const most = 1000

// BatchPost takes chunks one at a time and answers each.
func (s *Server) BatchPost(stream grpc.BidiStreamingServer[loyaltyv1.BatchPostRequest, loyaltyv1.BatchPostResponse]) error {
	return several.Chunks(stream, several.Unjudged, s.postChunk)
}

// postChunk decides the items of a chunk, in order.
func (s *Server) postChunk(ctx context.Context, in *loyaltyv1.BatchPostRequest) (*loyaltyv1.BatchPostResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), access.Submit)
	if err != nil {
		return nil, err
	}
	if n := len(in.GetItems()); n == 0 || n > most {
		return nil, fault.Invalid().Field("items", "must have 1 to %d entries", most).Err()
	}
	all, refused := s.items(b.ID, in.GetItems())
	good, places := make([]*posting, 0, len(all)), make([]int, 0, len(all))
	for i, p := range all {
		if refused[i] == nil {
			good, places = append(good, p), append(places, i)
		}
	}
	out := &loyaltyv1.BatchPostResponse{Results: make([]*loyaltyv1.PostResult, len(all))}
	for i := range all {
		out.Results[i] = told(commit.Result[ledger.Outcome]{Err: refused[i]})
	}
	for n, r := range s.postAll(ctx, b, good) {
		if r.Err != nil && (fault.From(r.Err) == nil || fault.Retryable(r.Err)) {
			return nil, r.Err // the chunk may be sent again as it is
		}
		out.Results[places[n]] = told(r)
	}
	return out, nil
}

// told is what became of an item.
func told(r commit.Result[ledger.Outcome]) *loyaltyv1.PostResult {
	out := &loyaltyv1.PostResult{Replayed: r.Value.Replayed}
	if r.Value.Record.GetMovement() != nil && r.Err == nil {
		out.MovementId = record.ID(r.Value.Seq)
	}
	e := fault.From(r.Err)
	if r.Err == nil || e == nil {
		return out
	}
	out.Reason, out.Message, out.Field = "REASON_"+fault.Reason(r.Err), e.Text, e.Meta["field"]
	if len(e.Fields) > 0 {
		out.Field, out.Message = e.Fields[0].Path, e.Fields[0].Text
	}
	return out
}

func protoString(text string) protoreflect.Value { return protoreflect.ValueOfString(text) }
