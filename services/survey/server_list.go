package survey

import (
	"context"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/floor"
	"github.com/rapport-cx/rapport/services/survey/query"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// ListResponses pages through responses. The rows of the folds are the index;
// the log is read only for what is shown.
func (s *Server) ListResponses(ctx context.Context, in *surveyv1.ListResponsesRequest) (*surveyv1.ListResponsesResponse, error) {
	b, err := s.enter(ctx, in.GetBrand(), "", access.Detail)
	if err != nil {
		return nil, err
	}
	see := s.sight(ctx, b)
	if see.Bound() {
		in = proto.CloneOf(in) // requests are shared
		if in.Filter == nil {
			in.Filter = &surveyv1.ResponseFilter{}
		}
		if in.Filter.Subjects, err = see.Within(in.Filter.GetSubjects()...); err != nil {
			return nil, err
		}
	}
	var after *query.Position
	if err := s.readToken(in, in.GetPageToken(), &after); err != nil {
		return nil, err
	}
	size := pageSize(in.GetPageSize(), 50)
	places, err := b.asked.Responses(ctx, in.GetFilter(), after, size+1, s.clock())
	if err != nil {
		return nil, floor.Lost("list responses", err)
	}
	out := &surveyv1.ListResponsesResponse{}
	if len(places) > size {
		places = places[:size]
		if out.NextPageToken, err = s.token(in, places[size-1]); err != nil {
			return nil, err
		}
	}
	if out.Responses, err = s.show(ctx, b, places); err != nil {
		return nil, err
	}
	return out, s.replied(ctx, b, false, out.Responses...)
}

// show reads the versions at the places, in their order.
func (s *Server) show(ctx context.Context, b *brand, places []query.Position) ([]*surveyv1.Response, error) {
	rows := make([]int64, len(places))
	for i, p := range places {
		rows[i] = p.Row
	}
	bySeq, err := s.factsBySeq(ctx, b.ID, rows)
	if err != nil {
		return nil, err
	}
	firsts, err := s.factsBySeq(ctx, b.ID, amendedOf(bySeq))
	if err != nil {
		return nil, err
	}
	var out []*surveyv1.Response
	for _, row := range rows {
		f := bySeq[row]
		if f == nil {
			continue // reversed between the look at the rows and the log
		}
		r, err := record.Read(f, b.book.Load().Ref)
		if err != nil {
			return nil, err
		}
		if first := firsts[f.Of]; first != nil {
			r.ReceivedAt = stamp(first.At)
		}
		out = append(out, r)
	}
	return out, nil
}

// amendedOf are the first facts of those that are later versions.
func amendedOf(facts map[int64]*feed.Fact) (firsts []int64) {
	for _, f := range facts {
		if f.Of != 0 {
			firsts = append(firsts, f.Of)
		}
	}
	return firsts
}

func (s *Server) factsBySeq(ctx context.Context, brand string, seqs []int64) (map[int64]*feed.Fact, error) {
	facts, err := s.store.log.Get(ctx, brand, seqs...)
	if err != nil {
		return nil, floor.Unavailable("read responses", err)
	}
	out := make(map[int64]*feed.Fact, len(facts))
	for i := range facts {
		out[facts[i].Seq] = &facts[i]
	}
	return out, nil
}
