package segmentation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/access"
	"github.com/rapport-cx/rapport/internal/floor"
)

// exportPage is how much is asked of a neighbour at a time.
const exportPage = 500

// ExportCustomer streams everything the suite holds about one person. It is whole
// or it fails: a neighbour that cannot be reached ends it with its error.
func (s *Server) ExportCustomer(in *segmentationv1.ExportCustomerRequest, stream grpc.ServerStreamingServer[segmentationv1.ExportCustomerResponse]) error {
	ctx := stream.Context()
	b, err := s.enter(ctx, in.GetBrand(), access.Detail)
	if err != nil {
		return err
	}
	// Another replica may have merged a moment ago.
	if err := s.store.folds.Sync(ctx, b.ID); err != nil {
		return floor.Unavailable("read merges", err)
	}
	members := b.members(in.GetId())
	out := &export{send: stream.Send}
	if err := s.exportOwn(ctx, b, members, out); err != nil {
		return err
	}
	if s.neighbours.Survey != nil {
		if err := s.exportSurvey(ctx, b.ID, members, out); err != nil {
			return fmt.Errorf("export from survey: %w", err)
		}
	}
	if s.neighbours.Journey != nil {
		if err := s.exportJourney(ctx, b.ID, members, out); err != nil {
			return fmt.Errorf("export from journey: %w", err)
		}
	}
	if s.neighbours.Loyalty != nil {
		if err := s.exportLoyalty(ctx, b.ID, members, out); err != nil {
			return fmt.Errorf("export from loyalty: %w", err)
		}
	}
	return out.flush()
}

// export gathers lines into messages.
type export struct {
	send  func(*segmentationv1.ExportCustomerResponse) error
	lines bytes.Buffer
}

// exportPiece is how large a message grows before it is sent.
const exportPiece = 64 << 10

// add writes one line: {"service": …, "kind": …, "data": …}.
func (x *export) add(service, kind string, m proto.Message) error {
	data, err := protojson.Marshal(m)
	if err != nil {
		return fmt.Errorf("export %s: %w", kind, err)
	}
	// Marshal compacts Data: protojson varies its blanks on purpose.
	line, err := json.Marshal(struct {
		Service string          `json:"service"`
		Kind    string          `json:"kind"`
		Data    json.RawMessage `json:"data"`
	}{service, kind, data})
	if err != nil {
		return fmt.Errorf("export %s: %w", kind, err)
	}
	x.lines.Write(line)
	x.lines.WriteByte('\n')
	if x.lines.Len() < exportPiece {
		return nil
	}
	return x.flush()
}

func (x *export) flush() error {
	if x.lines.Len() == 0 {
		return nil
	}
	err := x.send(&segmentationv1.ExportCustomerResponse{Lines: bytes.Clone(x.lines.Bytes())})
	x.lines.Reset()
	return err
}

// exportOwn has a line for each of the person's numbers, and for each contact. What
// was bought are Journey's events.
func (s *Server) exportOwn(ctx context.Context, b *brand, members []int64, out *export) error {
	rows, err := customers(ctx, s.store.db, b.ID, members)
	if err != nil {
		return floor.Lost("read customers", err)
	}
	if len(rows) == 0 {
		return unknownCustomer()
	}
	for _, row := range rows {
		one, err := s.show(b, row, true)
		if err != nil {
			return err
		}
		held, err := identitiesOf(ctx, s.store.db, b.ID, []int64{row.id})
		if err != nil {
			return floor.Lost("read identities", err)
		}
		if err := s.openIdentities(b.ID, held, one); err != nil {
			return err
		}
		if err := out.add(own, "customer", one); err != nil {
			return err
		}
	}
	return s.exportContacts(ctx, b, members, out)
}

// exportSurvey has the person's responses, and the cases they belong to. A filter
// by customer may mean the person or the number, so each response is told once.
func (s *Server) exportSurvey(ctx context.Context, brand string, members []int64, out *export) error {
	told := map[string]bool{}
	cases := map[string]bool{}
	for _, id := range members {
		filter := &surveyv1.ResponseFilter{CustomerId: id}
		err := pages(func(token string) (string, error) {
			page, err := s.neighbours.Survey.ListResponses(ctx, &surveyv1.ListResponsesRequest{
				Brand: brand, Filter: filter, PageSize: exportPage, PageToken: token,
			})
			var fresh []string
			for _, r := range page.GetResponses() {
				if err == nil && !told[r.GetId()] {
					told[r.GetId()] = true
					fresh = append(fresh, r.GetId())
					err = out.add("survey", "response", r)
				}
			}
			if err != nil || len(fresh) == 0 {
				return page.GetNextPageToken(), err
			}
			return page.GetNextPageToken(), s.exportCases(ctx, brand, fresh, cases, out)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// exportCases has the cases of responses, each once.
func (s *Server) exportCases(ctx context.Context, brand string, responses []string, told map[string]bool, out *export) error {
	states := []surveyv1.CaseState{surveyv1.CaseState_CASE_STATE_OPEN, surveyv1.CaseState_CASE_STATE_CLAIMED, surveyv1.CaseState_CASE_STATE_RESOLVED}
	return pages(func(token string) (string, error) {
		page, err := s.neighbours.Survey.ListCases(ctx, &surveyv1.ListCasesRequest{
			Brand: brand, States: states, ResponseIds: responses, PageSize: exportPage, PageToken: token,
		})
		for _, c := range page.GetCases() {
			if err == nil && !told[c.GetId()] {
				told[c.GetId()] = true
				err = s.exportCase(ctx, brand, c.GetId(), out)
			}
		}
		return page.GetNextPageToken(), err
	})
}

// exportCase has a case with its notes, which lists leave out.
func (s *Server) exportCase(ctx context.Context, brand, id string, out *export) error {
	whole, err := s.neighbours.Survey.GetCase(ctx, &surveyv1.GetCaseRequest{Brand: brand, Id: id})
	if err != nil {
		return err
	}
	return out.add("survey", "case", whole.GetCase())
}

// exportJourney has the person's events. Journey may not know of a merge yet, so
// each number is asked for, and each event told once.
func (s *Server) exportJourney(ctx context.Context, brand string, members []int64, out *export) error {
	told := map[string]bool{}
	for _, id := range members {
		err := pages(func(token string) (string, error) {
			page, err := s.neighbours.Journey.ListJourney(ctx, &journeyv1.ListJourneyRequest{
				Brand: brand, CustomerId: id, PageSize: exportPage, PageToken: token,
			})
			for _, e := range page.GetEvents() {
				if err == nil && !told[e.GetId()] {
					told[e.GetId()] = true
					err = out.add("journey", "event", e)
				}
			}
			return page.GetNextPageToken(), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// exportLoyalty has the entries of the person's points. Loyalty may not know of a merge
// yet, so each number is asked for, and each entry told once.
func (s *Server) exportLoyalty(ctx context.Context, brand string, members []int64, out *export) error {
	told := map[string]bool{}
	for _, id := range members {
		err := pages(func(token string) (string, error) {
			page, err := s.neighbours.Loyalty.ListEntries(ctx, &loyaltyv1.ListEntriesRequest{
				Brand: brand, CustomerId: id, PageSize: exportPage, PageToken: token,
			})
			for _, m := range page.GetEntries() {
				if err == nil && !told[m.GetId()] {
					told[m.GetId()] = true
					err = out.add("loyalty", "entry", m)
				}
			}
			return page.GetNextPageToken(), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pages reads one page after the other until there is none.
func pages(read func(token string) (next string, err error)) error {
	token := ""
	for {
		next, err := read(token)
		if err != nil || next == "" {
			return err
		}
		token = next
	}
}
