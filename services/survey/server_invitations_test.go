package survey_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// life is an invitation as the test remembers it.
type life struct {
	day, store, mode           string
	channel                    commonv1.Channel
	opened, started, completed bool
}

// TestInvitationsCountAsRemembered sends invitations over five days, lets people come as
// far as they like whenever they like, and holds every split against what is remembered:
// whatever happens later counts on the day of sending.
func TestInvitationsCountAsRemembered(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		random := rand.New(rand.NewPCG(1, 9))
		links, lives := map[int]*surveyv1.SurveyLink{}, []*life{}
		for day := range 5 {
			for range 8 {
				i := len(lives)
				l := invitation([]string{"n1", "s1"}[i%2], int64(1+i))
				l.Channel, l.Mode = commonv1.Channel(1+i%3), commonv1.ContactMode(1+i%2)
				if day == 0 && i%4 == 0 {
					l.AskedAt = stamp(c.Now().Add(24 * time.Hour)) // sent tomorrow
				}
				links[i] = makeLink(t, r, fmt.Sprint(i), l)
				lives = append(lives, &life{
					day: links[i].GetAskedAt().AsTime().Format(time.DateOnly), store: l.GetSubjects()[0].GetId(), channel: l.GetChannel(), mode: l.GetMode().String()[len("CONTACT_MODE_"):],
				})
			}
			for i, one := range lives {
				switch random.IntN(6) {
				case 0:
					openLink(t, r, links[i], "")
					one.opened = one.opened || !one.completed
				case 1:
					if !one.completed {
						saveAnswers(t, r, links[i], "", scoreOf("nps", 5))
						one.started = true
					}
				case 2:
					finish(t, r, links[i], "", scoreOf("nps", 5))
					one.started, one.completed = true, true
				}
			}
			c.Add(24 * time.Hour)
		}
		invited(t, r, remembered(lives, func(*life) bool { return true }))
		ask := func(in *surveyv1.GetInvitationStatsRequest) *surveyv1.GetInvitationStatsResponse {
			t.Helper()
			in.Brand = brand
			out, err := r.GetInvitationStats(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		same := func(what string, got *surveyv1.InvitationCounts, keep func(*life) bool) {
			t.Helper()
			want := remembered(lives, keep)
			if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, "response_rate", "low", "high")); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
			if got.GetSent() > 0 && got.GetResponseRate() != 100*float64(got.GetAnswered())/float64(got.GetSent()) {
				t.Errorf("%s: rate %v", what, got)
			}
		}
		by := func(d surveyv1.Dimension) []*surveyv1.GroupBy {
			return []*surveyv1.GroupBy{{Dimension: d, Kind: map[bool]commonv1.SubjectKind{true: commonv1.SubjectKind_SUBJECT_KIND_STORE}[d == surveyv1.Dimension_DIMENSION_SUBJECT]}}
		}
		for _, s := range ask(&surveyv1.GetInvitationStatsRequest{GroupBy: by(surveyv1.Dimension_DIMENSION_CHANNEL)}).GetSeries() {
			same(s.GetKey()[0], s.GetTotal(), func(l *life) bool { return l.channel.String() == "CHANNEL_"+s.GetKey()[0] })
		}
		for _, s := range ask(&surveyv1.GetInvitationStatsRequest{GroupBy: by(surveyv1.Dimension_DIMENSION_MODE)}).GetSeries() {
			same(s.GetKey()[0], s.GetTotal(), func(l *life) bool { return l.mode == s.GetKey()[0] })
		}
		split := ask(&surveyv1.GetInvitationStatsRequest{GroupBy: by(surveyv1.Dimension_DIMENSION_SUBJECT), Grain: commonv1.Grain_GRAIN_DAY})
		if len(split.GetSeries()) != 2 {
			t.Errorf("%d stores", len(split.GetSeries()))
		}
		for _, s := range split.GetSeries() {
			same(s.GetKey()[0], s.GetTotal(), func(l *life) bool { return "STORE:"+l.store == s.GetKey()[0] })
			for _, p := range s.GetPoints() {
				day := p.GetStart().AsTime().Add(12 * time.Hour).Format(time.DateOnly)
				same(s.GetKey()[0]+" "+day, p.GetCounts(), func(l *life) bool { return "STORE:"+l.store == s.GetKey()[0] && l.day == day })
			}
		}
		first := ask(&surveyv1.GetInvitationStatsRequest{Window: &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: "2026-03-02", End: "2026-03-03"}}},
			Subjects: []*commonv1.SubjectRef{north}, Modes: []commonv1.ContactMode{commonv1.ContactMode_CONTACT_MODE_EMAIL}})
		same("the north's mail of the first day", first.GetTotal(), func(l *life) bool { return l.day == "2026-03-02" && l.store == "n1" && l.mode == "EMAIL" })
		several := []*surveyv1.GetInvitationStatsRequest{{GroupBy: by(surveyv1.Dimension_DIMENSION_MODE)}, {Brand: brand}, {GroupBy: by(surveyv1.Dimension_DIMENSION_SEGMENT)}}
		got, err := r.BatchGetInvitationStats(t.Context(), &surveyv1.BatchGetInvitationStatsRequest{Brand: brand, Requests: several})
		if err != nil || got.GetResults()[2].GetError() == nil || got.GetResults()[2].GetStats() != nil || got.GetAsOf() == nil {
			t.Fatal(got, err)
		}
		for i, in := range several[:2] {
			if want := ask(in); !proto.Equal(want, got.GetResults()[i].GetStats()) || want.GetTotal().GetSent() == 0 {
				t.Errorf("%v, alone %v", got.GetResults()[i], want)
			}
		}
		for path, in := range map[string]*surveyv1.GetInvitationStatsRequest{
			"grain":                 {Brand: brand, Grain: commonv1.Grain_GRAIN_HOUR},
			"group_by[0].kind":      {Brand: brand, GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_SUBJECT, Kind: commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE}}},
			"group_by[0].dimension": {Brand: brand, GroupBy: []*surveyv1.GroupBy{{Dimension: surveyv1.Dimension_DIMENSION_FACET, Key: "age"}}},
		} {
			if _, err := r.GetInvitationStats(t.Context(), in); len(fault.From(err).Fields) != 1 || fault.From(err).Fields[0].Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
		// No invitation is a response, and none moves a score but by its answer.
		score, err := r.GetMetric(t.Context(), &surveyv1.GetMetricRequest{Brand: brand, Metric: "low.share"})
		if err != nil || score.GetTotal().GetN() != remembered(lives, func(*life) bool { return true }).GetAnswered() {
			t.Errorf("%v %v", score.GetTotal(), err)
		}
	})
}

// remembered counts the lives that a test keeps.
func remembered(lives []*life, keep func(*life) bool) *surveyv1.InvitationCounts {
	out := &surveyv1.InvitationCounts{}
	for _, l := range lives {
		if !keep(l) {
			continue
		}
		out.Sent++
		for did, n := range map[*int64]bool{&out.Opened: l.opened, &out.Started: l.started, &out.Answered: l.completed} {
			if n {
				*did++
			}
		}
	}
	return out
}
