package outbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// deliveriesPage is how many a page lists, tableOf how many a table for a spreadsheet.
const (
	deliveriesPage = 50
	tableOf        = 50_000
)

// deliveriesData is what became of what was due.
type deliveriesData struct {
	shell.Dated
	Picks       []shell.Choice
	Rows        []deliveryRow
	Zone        string
	Next, First string
}

type deliveryRow struct {
	ID, Due, Window, Status, Mood string
	Attempts, Next, Done          string
	Error                         string
	Notes                         []string
}

func (p *Pages) loadDeliveries(ctx context.Context, s *scene) (any, error) {
	list, err := p.report.ListDeliveries(ctx, &reportv1.ListDeliveriesRequest{
		Brand: s.Brand, SubscriptionId: s.ID, Status: s.sub.status, PageSize: deliveriesPage, PageToken: s.Own.Get("after"),
	})
	if err != nil {
		return nil, err
	}
	l := s.Lang
	d := &deliveriesData{Dated: p.seen(s), Zone: s.brand.Location.String()}
	for _, one := range statuses {
		at := s.With("after").With("status", one.name)
		d.Picks = append(d.Picks, shell.Choice{Name: l.deliveries[one.status], Link: at.String() + "#deliveries", Current: one.status == s.sub.status})
	}
	for _, one := range list.GetDeliveries() {
		d.Rows = append(d.Rows, s.deliveryRow(one))
	}
	if token := list.GetNextPageToken(); token != "" {
		d.Next = s.With("after", token).String() + "#deliveries"
	}
	if s.Own.Get("after") != "" {
		d.First = s.With("after").String() + "#deliveries"
	}
	return d, nil
}

var deliveryMoods = map[reportv1.Delivery_Status]string{
	reportv1.Delivery_STATUS_SENT: "good", reportv1.Delivery_STATUS_FAILED: "bad",
}

// deliveryRow puts one into words.
func (s *scene) deliveryRow(one *reportv1.Delivery) deliveryRow {
	l := s.Lang
	out := deliveryRow{
		ID: one.GetId(), Due: s.moment(one.GetDueAt()), Status: l.deliveries[one.GetStatus()], Mood: deliveryMoods[one.GetStatus()], Attempts: l.Count(int64(one.GetAttempts())),
		Next: s.moment(one.GetNextAttemptAt()), Done: s.moment(one.GetDoneAt()), Error: one.GetLastError(),
	}
	first, err1 := time.Parse(time.DateOnly, one.GetStart())
	end, err2 := time.Parse(time.DateOnly, one.GetEnd())
	if err1 == nil && err2 == nil {
		out.Window = l.Days(first, end.AddDate(0, 0, -1))
	}
	if one.GetTrial() {
		out.Notes = append(out.Notes, l.Trial)
	}
	if one.GetInDoubt() {
		out.Notes = append(out.Notes, l.InDoubt)
	}
	if n := one.GetMissed(); n > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf(l.Missed, n))
	}
	if one.GetStatus() == reportv1.Delivery_STATUS_PENDING && one.GetGiveUpAt().IsValid() {
		out.Notes = append(out.Notes, fmt.Sprintf(l.GivenUp, s.moment(one.GetGiveUpAt())))
	}
	return out
}

// moment writes an instant in the brand's zone; empty if there is none.
func (s *scene) moment(at *timestamppb.Timestamp) string {
	if !at.IsValid() {
		return ""
	}
	return s.Lang.Moment(at.AsTime().In(s.brand.Location))
}

// deliveriesTable are the deliveries of one, whatever page is shown.
func (p *Pages) deliveriesTable(ctx context.Context, s *scene) ([][]string, error) {
	out := [][]string{{"id", "subscription_id", "due_at", "start", "end", "trial", "missed", "status", "attempts", "in_doubt", "last_error", "next_attempt_at", "give_up_at", "done_at"}}
	in := &reportv1.ListDeliveriesRequest{Brand: s.Brand, SubscriptionId: s.ID, Status: s.sub.status, PageSize: wholePage}
	for len(out) < tableOf {
		list, err := p.report.ListDeliveries(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, d := range list.GetDeliveries() {
			out = append(out, []string{
				d.GetId(), d.GetSubscriptionId(), shell.Instant(d.GetDueAt()), d.GetStart(), d.GetEnd(), fmt.Sprint(d.GetTrial()), fmt.Sprint(d.GetMissed()),
				strings.TrimPrefix(d.GetStatus().String(), "STATUS_"), fmt.Sprint(d.GetAttempts()), fmt.Sprint(d.GetInDoubt()), d.GetLastError(),
				shell.Instant(d.GetNextAttemptAt()), shell.Instant(d.GetGiveUpAt()), shell.Instant(d.GetDoneAt()),
			})
		}
		if in.PageToken = list.GetNextPageToken(); in.PageToken == "" {
			break
		}
	}
	return out, nil
}
