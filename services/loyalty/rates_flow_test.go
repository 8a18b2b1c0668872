package loyalty_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	rules "github.com/rapport-cx/rapport/services/loyalty/programme"
)

// flow asks who went from tier to tier between two days, and looks at both ends of
// everybody's path.
func (s *storm) flow(p *plain, joined map[int64]calendar.Day, days calendar.Days, today calendar.Day) {
	s.t.Helper()
	to := min(days.Until, today)
	got, err := s.one().GetTierFlow(s.t.Context(), &loyaltyv1.GetTierFlowRequest{
		Brand: brand, ProgrammeId: club, From: days.From.String(), To: days.Until.String(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	at := func(who int64, day calendar.Day) string {
		steps := rules.Path(rungs, p.history(who), today)
		place := 0
		for _, step := range steps {
			if step.Day <= day {
				place = step.To
			}
		}
		return rungs.GetTiers()[place].GetName()
	}
	rank := map[string]int{"basic": 0, "silver": 1, "gold": 2}
	want, have := map[[2]string]int64{}, map[[2]string]int64{}
	var rose, fell, members, fresh int64
	for who, day := range joined {
		if day > to {
			continue
		}
		members++
		way := [2]string{"", at(who, to)}
		if day > days.From {
			fresh++
		} else {
			way[0] = at(who, days.From)
			if rank[way[0]] < rank[way[1]] {
				rose++
			}
			if rank[way[0]] > rank[way[1]] {
				fell++
			}
		}
		want[way]++
	}
	for _, w := range got.GetWays() {
		have[[2]string{w.GetFrom(), w.GetTo()}] = w.GetMembers()
	}
	if diff := cmp.Diff(want, have); diff != "" {
		s.t.Errorf("from %s to %s: %s", days.From, to, diff)
	}
	sums := [5]int64{got.GetMembers(), got.GetRose(), got.GetFell(), got.GetJoined(), got.GetStayed()}
	if sums != [5]int64{members, rose, fell, fresh, members - rose - fell - fresh} {
		s.t.Errorf("from %s to %s: %v members, rose, fell, joined, stayed; of %d, %d, %d, %d", days.From, to, sums, members, rose, fell, fresh)
	}
	var before, after int64
	for i := range got.GetAfter() {
		before, after = before+got.GetBefore()[i].GetMembers(), after+got.GetAfter()[i].GetMembers()
	}
	if before != members-fresh || after != members {
		s.t.Errorf("from %s to %s: the tiers have %d, then %d of %d, then %d", days.From, to, before, after, members-fresh, members)
	}
}

// Days of a flow that say nothing are refused; without tiers nobody goes anywhere.
func TestTierFlowRefuses(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ask := func(from, to string) (*loyaltyv1.GetTierFlowResponse, error) {
			return r.GetTierFlow(t.Context(), &loyaltyv1.GetTierFlowRequest{Brand: brand, ProgrammeId: club, From: from, To: to})
		}
		for _, days := range [][2]string{{"2026-02-30", ""}, {"", "2026-13-01"}, {"2020-02-02", "2020-02-01"}} {
			if _, err := ask(days[0], days[1]); err == nil {
				t.Errorf("%v is answered", days)
			}
		}
		earned(t, r, "a", 1, 10, "o")
		if got, err := ask("", ""); err != nil || len(got.GetWays()) != 0 || got.GetMembers() != 0 || got.GetTo() == "" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// What is set aside of a person's points is listed with what it is for, as long as it stands,
// whatever numbers the person has.
func TestListHolds(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		earned(t, r, "a", 1, 100, "o")
		hold := func(key, order string, points int64, seconds int32) string {
			t.Helper()
			out, err := r.Hold(t.Context(), &loyaltyv1.HoldRequest{
				Brand: brand, RequestId: key, ProgrammeId: club, Customer: number(1), Points: points, Seconds: seconds, Origin: &loyaltyv1.Origin{OrderId: order},
			})
			if err != nil {
				t.Fatal(err)
			}
			return out.GetMovement().GetId()
		}
		list := func(programme string) (out []string) {
			t.Helper()
			got, err := r.ListHolds(t.Context(), &loyaltyv1.ListHoldsRequest{Brand: brand, ProgrammeId: programme, CustomerId: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range got.GetHolds() {
				if h.GetProgrammeId() != club || h.GetPoints() != 30 || !h.GetEndsAt().AsTime().After(c.Now()) {
					t.Errorf("listed %v", h)
				}
				out = append(out, h.GetId()+" "+h.GetOrigin().GetOrderId())
			}
			return out
		}
		late, soon, gone := hold("h1", "a1", 30, 7200), hold("h2", "a2", 30, 3600), hold("h3", "a3", 30, 3600)
		if _, err := r.Void(t.Context(), &loyaltyv1.VoidRequest{Brand: brand, RequestId: "v", HoldId: gone}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{soon + " a2", late + " a1"}, list("")); diff != "" {
			t.Error(diff)
		}
		c.Add(3600e9)
		if diff := cmp.Diff([]string{late + " a1"}, list(club)); diff != "" {
			t.Error(diff)
		}
		if _, err := r.ListHolds(t.Context(), &loyaltyv1.ListHoldsRequest{Brand: brand, ProgrammeId: "none", CustomerId: 1}); err == nil {
			t.Error("a programme that there is not has holds")
		}
	})
}
