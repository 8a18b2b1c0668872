package importer

import (
	"context"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// cargo is what is streamed, and the stream that takes it.
type cargo struct {
	name string
	made func() proto.Message
	open func(context.Context) (road, error)
}

// road is one stream. The services have one each, with messages of their own;
// sending, waiting, trying again and telling what was refused is the same.
type road struct {
	send func([]row) error
	recv func() (answer, error)
	end  func() error
}

// answer is what became of a chunk.
type answer struct {
	recorded, replayed int32
	refused            []refusal
}

// refusal is a row that was refused, by its number in the chunk: one line of a
// file may have become several rows, so that lines would not tell them apart.
type refusal interface {
	GetLine() int64
	GetError() *spb.Status
}

func refusals[R refusal](list []R) []refusal {
	out := make([]refusal, len(list))
	for i, r := range list {
		out[i] = r
	}
	return out
}

// packed numbers the rows of a chunk from 1.
func packed[M proto.Message, R any](rows []row, pack func(number int64, m M) R) []R {
	out := make([]R, len(rows))
	for i, row := range rows {
		out[i] = pack(int64(i+1), row.message.(M))
	}
	return out
}

// stream is what a generated client opens.
type stream[Req, Res any] interface {
	Send(*Req) error
	Recv() (*Res, error)
	CloseSend() error
}

// paved makes a road of a stream.
func paved[Req, Res any](s stream[Req, Res], pack func([]row) *Req, read func(*Res) answer) road {
	return road{
		send: func(rows []row) error { return s.Send(pack(rows)) },
		recv: func() (answer, error) {
			resp, err := s.Recv()
			if err != nil {
				return answer{}, err
			}
			return read(resp), nil
		},
		end: func() error { return s.CloseSend() },
	}
}

func responses(client surveyv1.SurveyServiceClient, brand string) cargo {
	pack := func(rows []row) *surveyv1.ImportResponsesRequest {
		return &surveyv1.ImportResponsesRequest{Brand: brand, Rows: packed(rows, func(n int64, m *surveyv1.Response) *surveyv1.ImportRow {
			return &surveyv1.ImportRow{Line: n, Response: m}
		})}
	}
	read := func(r *surveyv1.ImportResponsesResponse) answer {
		return answer{r.GetRecorded(), r.GetReplayed(), refusals(r.GetRejections())}
	}
	open := func(ctx context.Context) (road, error) {
		s, err := client.ImportResponses(ctx)
		return paved(s, pack, read), err
	}
	return cargo{"responses", func() proto.Message { return &surveyv1.Response{} }, open}
}

func customers(client segmentationv1.SegmentationServiceClient, brand string, merge bool) cargo {
	pack := func(rows []row) *segmentationv1.UpsertCustomersRequest {
		return &segmentationv1.UpsertCustomersRequest{Brand: brand, MergeConflicts: merge,
			Rows: packed(rows, func(n int64, m *segmentationv1.Customer) *segmentationv1.CustomerRow {
				return &segmentationv1.CustomerRow{Line: n, Customer: m}
			})}
	}
	read := func(r *segmentationv1.UpsertCustomersResponse) answer {
		return answer{r.GetCreated() + r.GetUpdated(), r.GetUnchanged(), refusals(r.GetRejections())}
	}
	open := func(ctx context.Context) (road, error) {
		s, err := client.UpsertCustomers(ctx)
		return paved(s, pack, read), err
	}
	return cargo{"customers", func() proto.Message { return &segmentationv1.Customer{} }, open}
}

func events(client journeyv1.JourneyServiceClient, brand string) cargo {
	pack := func(rows []row) *journeyv1.ImportEventsRequest {
		return &journeyv1.ImportEventsRequest{Brand: brand, Rows: packed(rows, func(n int64, m *journeyv1.Event) *journeyv1.EventRow {
			return &journeyv1.EventRow{Line: n, Event: m}
		})}
	}
	read := func(r *journeyv1.ImportEventsResponse) answer {
		return answer{r.GetRecorded(), r.GetReplayed(), refusals(r.GetRejections())}
	}
	open := func(ctx context.Context) (road, error) {
		s, err := client.ImportEvents(ctx)
		return paved(s, pack, read), err
	}
	return cargo{"events", func() proto.Message { return &journeyv1.Event{} }, open}
}
