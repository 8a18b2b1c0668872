package report

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// Journeys is what happened to customers in the window.
type Journeys struct {
	Success  *journeyv1.SuccessIndex
	Contacts *journeyv1.ContactRate
	// Paths are the commonest ways of orders; of the whole brand alone.
	Paths []*journeyv1.Path
}

// topPaths is how many are shown, topReasons how many reasons.
const (
	topPaths   = 4
	topReasons = 4
)

// journeys asks Journey. A server without it has nothing to tell.
func (g *gathering) journeys(ctx context.Context) error {
	window, filter := g.out.Window.ofEvents(), &journeyv1.EventFilter{}
	if g.ask.Subject != nil && g.ask.Subject.GetKind() != commonv1.SubjectKind_SUBJECT_KIND_NETWORK {
		filter.Subjects = []*commonv1.SubjectRef{g.ask.Subject}
	}
	success, err := g.journey.GetSuccessIndex(ctx, &journeyv1.GetSuccessIndexRequest{Brand: g.ask.Brand, Window: window, Filter: filter})
	if status.Code(err) == codes.Unimplemented {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the success index: %w", err)
	}
	contacts, err := g.journey.GetContactRate(ctx, &journeyv1.GetContactRateRequest{Brand: g.ask.Brand, Window: window, Filter: filter})
	if err != nil {
		return fmt.Errorf("read the contact rate: %w", err)
	}
	out := &Journeys{Success: success.GetTotal(), Contacts: contacts.GetTotal()}
	if out.Success.GetOrders()+out.Contacts.GetReceipts()+out.Contacts.GetContacts() == 0 {
		return nil
	}
	filter.Kinds = []string{"order"}
	paths, err := g.journey.GetPaths(ctx, &journeyv1.GetPathsRequest{
		Brand: g.ask.Brand, Window: window, Unit: journeyv1.Unit_UNIT_ORDER, Filter: filter, Top: topPaths,
	})
	if err != nil {
		return fmt.Errorf("read paths: %w", err)
	}
	out.Paths, g.out.Journeys = paths.GetPaths(), out
	return nil
}

// ofEvents is the window as Journey has it.
func (s Span) ofEvents() *journeyv1.Window {
	return &journeyv1.Window{Window: &journeyv1.Window_Dates{Dates: s.asked().GetDates()}}
}

func (r *Report) writeJourneys(w io.Writer) error {
	if r.Journeys == nil {
		return nil
	}
	fmt.Fprintln(w, "\norders and contacts")
	g := newGrid([]int{1, 2, 3}, "", "value", "95 % interval", "of", "")
	s, c := r.Journeys.Success, r.Journeys.Contacts
	if s.Value != nil {
		g.add("orders within norm", fmt.Sprintf("%.1f%%", s.GetValue()), fmt.Sprintf("%.1f%% … %.1f%%", s.GetLow(), s.GetHigh()),
			counted(int(s.GetOrders()), "order"), offNorm(s))
	}
	if c.Value != nil {
		g.add("contacts per receipt", strconv.FormatFloat(c.GetValue(), 'f', 4, 64), "", counted(int(c.GetReceipts()), "receipt"), reasons(c.GetReasons()))
	}
	if err := g.write(w); err != nil || len(r.Journeys.Paths) == 0 {
		return err
	}
	fmt.Fprintln(w, "\ncommonest ways of orders")
	g = newGrid([]int{0, 1, 2}, "orders", "share", "half within", "way")
	for _, p := range r.Journeys.Paths {
		way := strings.ReplaceAll(strings.Join(p.GetKinds(), " → "), "order.", "")
		g.add(strconv.FormatInt(p.GetUnits(), 10), fmt.Sprintf("%.1f%%", 100*p.GetShare()),
			fmt.Sprintf("%.1f h", p.GetDuration().GetMedian().AsDuration().Hours()), way)
	}
	return g.write(w)
}

// offNorm are the reasons in words, the commonest first as they come.
func offNorm(s *journeyv1.SuccessIndex) string {
	var out []string
	for _, o := range s.GetOffNorm() {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(o.GetReason().String(), "OFF_NORM_REASON_")), "_", " ")
		out = append(out, fmt.Sprintf("%s %.1f%%", name, o.GetShare()))
	}
	return strings.Join(out, ", ")
}

func reasons(all []*journeyv1.ReasonCount) string {
	var out []string
	for _, r := range all[:min(len(all), topReasons)] {
		out = append(out, fmt.Sprintf("%s %d", strings.ReplaceAll(r.GetReason(), "_", " "), r.GetCount()))
	}
	return strings.Join(out, ", ")
}
