package survey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func person(id int64) *commonv1.CustomerRef {
	return &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: id}}
}

// invitation is a link for one visitor of a store.
func invitation(storeID string, customer int64) *surveyv1.SurveyLink {
	return &surveyv1.SurveyLink{
		SurveyId: "visit", Subjects: []*commonv1.SubjectRef{store(storeID)}, Customer: person(customer),
		Channel: commonv1.Channel_CHANNEL_STORE, Mode: commonv1.ContactMode_CONTACT_MODE_SMS, OrderId: "o-1",
		ExperiencedAt: stamp(start.Add(-26 * time.Hour)), Locale: "ru",
	}
}

// poster is a link for whoever comes by.
func poster(storeID string) *surveyv1.SurveyLink {
	l := invitation(storeID, 1)
	l.Open, l.Customer, l.Mode, l.OrderId, l.ExperiencedAt = true, nil, commonv1.ContactMode_CONTACT_MODE_QR, "", nil
	return l
}

func makeLink(t testing.TB, c surveyv1.SurveyServiceClient, key string, l *surveyv1.SurveyLink) *surveyv1.SurveyLink {
	t.Helper()
	out, err := c.CreateSurveyLink(t.Context(), &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: key, Link: proto.CloneOf(l)})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetLink()
}

func openLink(t testing.TB, c surveyv1.SurveyServiceClient, l *surveyv1.SurveyLink, visit string) *surveyv1.OpenSurveyLinkResponse {
	t.Helper()
	out, err := c.OpenSurveyLink(t.Context(), &surveyv1.OpenSurveyLinkRequest{Brand: brand, Token: l.GetToken(), Visit: visit})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func saveAnswers(t testing.TB, c surveyv1.SurveyServiceClient, l *surveyv1.SurveyLink, visit string, answers ...*surveyv1.Answer) *surveyv1.SaveSurveyAnswersResponse {
	t.Helper()
	out, err := c.SaveSurveyAnswers(t.Context(), &surveyv1.SaveSurveyAnswersRequest{Brand: brand, Token: l.GetToken(), Visit: visit, SurveyVersion: 1, Answers: answers})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func finish(t testing.TB, c surveyv1.SurveyServiceClient, l *surveyv1.SurveyLink, visit string, answers ...*surveyv1.Answer) *surveyv1.AnswerSurveyLinkResponse {
	t.Helper()
	out, err := c.AnswerSurveyLink(t.Context(), &surveyv1.AnswerSurveyLinkRequest{Brand: brand, Token: l.GetToken(), Visit: visit, SurveyVersion: 1, Answers: answers, Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func textOf(question, text string) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Text{Text: text}}
}

// invited waits until the numbers of invitations are as told: that one was answered
// follows from its response.
func invited(t testing.TB, c surveyv1.SurveyServiceClient, want *surveyv1.InvitationCounts) {
	t.Helper()
	var diff string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got, err := c.GetInvitationStats(t.Context(), &surveyv1.GetInvitationStatsRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		diff = cmp.Diff(want, got.GetTotal(), protocmp.Transform(), protocmp.IgnoreFields(&surveyv1.InvitationCounts{}, "response_rate", "low", "high"))
		if diff == "" {
			return
		}
	}
	t.Errorf("invitations: %s", diff)
}

func TestLinkIsAnsweredOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		ctx := t.Context()
		l := makeLink(t, r, "a", invitation("n1", 7))
		if !strings.HasPrefix(l.GetToken(), "demo.") || l.GetPath() != "/s/"+l.GetToken() || l.GetExpiresAt().AsTime() != start.AddDate(0, 0, 30) {
			t.Fatalf("link %v", l)
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 1})
		page := openLink(t, r, l, "")
		if page.GetState() != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE || page.GetSurveyVersion() != 1 || page.GetLocale() != "ru" || page.GetVisit() != "" {
			t.Fatalf("opened %v", page)
		}
		if diff := cmp.Diff([]string{"nps", "visit", "queue", "kind", "hope"}, page.GetShown()); diff != "" {
			t.Error("shown at first:", diff)
		}
		if q := page.GetQuestions(); q[0].GetScaleMax() != 10 || q[1].GetScaleMax() != 5 || q[2].GetScaleMin() != 1 || q[5].GetScaleMax() != 10 || q[0].GetQuestion().GetMetric() != "" {
			t.Errorf("scales: %v", q)
		}
		openLink(t, r, l, "") // once more
		saved := saveAnswers(t, r, l, "", scoreOf("nps", 3))
		if diff := cmp.Diff([]string{"nps", "visit", "queue", "why", "kind", "hope"}, saved.GetShown()); diff != "" {
			t.Error("shown for a low score:", diff)
		}
		saveAnswers(t, r, l, "", textOf("why", "The queue"), scoreOf("visit", 2))
		if page = openLink(t, r, l, ""); len(page.GetAnswers()) != 3 {
			t.Errorf("kept: %v", page.GetAnswers())
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 1, Opened: 1, Started: 1})
		if got := listed(t, r); len(got) != 0 {
			t.Errorf("what is not finished counts as a response: %v", got)
		}
		c.Add(time.Hour)
		out := finish(t, r, l, "", scoreOf("visit", 1))
		if out.GetReplayed() || !out.GetFollowUp().GetReachable() || !out.GetFollowUp().GetDueAt().AsTime().After(c.Now()) {
			t.Errorf("finished: %v", out)
		}
		got := listed(t, r)
		if len(got) != 1 || got[0].GetId() != out.GetResponseId() || got[0].GetCustomer().GetId() != 7 || got[0].GetLocale() != "en" ||
			got[0].GetOrderId() != "o-1" || !got[0].GetAskedAt().AsTime().Equal(start) || len(got[0].GetAnswers()) != 3 || got[0].GetAnswers()[1].GetScore() != 1 {
			t.Fatalf("response: %v", got)
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 1, Opened: 1, Started: 1, Answered: 1})
		again := finish(t, r, l, "", scoreOf("nps", 10))
		if !again.GetReplayed() || again.GetResponseId() != out.GetResponseId() || len(listed(t, r)) != 1 {
			t.Errorf("answered twice: %v", again)
		}
		page = openLink(t, r, l, "")
		if page.GetState() != surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED || page.GetEndedAt().AsTime().IsZero() || len(page.GetQuestions()) != 0 || page.GetFollowUp() == nil {
			t.Errorf("opened after: %v", page)
		}
		_, err := r.SaveSurveyAnswers(ctx, &surveyv1.SaveSurveyAnswersRequest{Brand: brand, Token: l.GetToken(), SurveyVersion: 1, Answers: []*surveyv1.Answer{scoreOf("nps", 1)}})
		if !fault.Is(err, commonv1.Reason_REASON_LINK_ENDED) {
			t.Errorf("saved after: %v", err)
		}
		c.Add(20 * 24 * time.Hour)
		if page = openLink(t, r, l, ""); page.GetFollowUp() != nil {
			t.Errorf("promises what is over: %v", page.GetFollowUp())
		}
	})
}

func listed(t testing.TB, c surveyv1.SurveyServiceClient) []*surveyv1.Response {
	t.Helper()
	out, err := c.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetResponses()
}

// An open link takes the answers of all who come, each visit's apart and once.
func TestOpenLink(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		l := makeLink(t, r, "q", poster("n1"))
		if l.GetExpiresAt() != nil {
			t.Errorf("a poster ends: %v", l)
		}
		one, other := openLink(t, r, l, ""), openLink(t, r, l, "")
		if one.GetVisit() == "" || one.GetVisit() == other.GetVisit() || !one.GetOpen() {
			t.Fatalf("visits %q %q", one.GetVisit(), other.GetVisit())
		}
		saveAnswers(t, r, l, one.GetVisit(), scoreOf("nps", 2))
		if page := openLink(t, r, l, other.GetVisit()); len(page.GetAnswers()) != 0 {
			t.Errorf("one visitor reads another's answers: %v", page.GetAnswers())
		}
		if out := finish(t, r, l, one.GetVisit()); out.GetReplayed() || out.GetFollowUp() == nil || out.GetFollowUp().GetReachable() {
			t.Errorf("nobody knows whom to call back: %v", out)
		}
		finish(t, r, l, one.GetVisit(), scoreOf("nps", 9))
		finish(t, r, l, other.GetVisit(), scoreOf("nps", 9))
		got := listed(t, r)
		if len(got) != 2 || got[0].GetCustomer() != nil || got[0].GetAskedAt() != nil {
			t.Errorf("responses %v", got)
		}
		invited(t, r, &surveyv1.InvitationCounts{OpenVisits: 2, OpenStarted: 2, OpenAnswered: 2})
		_, err := r.AnswerSurveyLink(t.Context(), &surveyv1.AnswerSurveyLinkRequest{Brand: brand, Token: l.GetToken(), SurveyVersion: 1})
		if got := fault.From(err); len(got.Fields) != 1 || got.Fields[0].Path != "visit" {
			t.Errorf("no visit: %v", err)
		}
		list, err := r.ListSurveyLinks(t.Context(), &surveyv1.ListSurveyLinksRequest{Brand: brand})
		if err != nil || len(list.GetLinks()) != 1 || list.GetLinks()[0].GetToken() != l.GetToken() {
			t.Errorf("listed %v %v", list, err)
		}
	})
}

func TestLinkEnds(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		ctx := t.Context()
		short := invitation("n1", 7)
		short.ExpiresAt = stamp(start.Add(time.Hour))
		expiring, revoked, closing := makeLink(t, r, "1", short), makeLink(t, r, "2", invitation("n1", 8)), makeLink(t, r, "3", poster("s1"))
		saveAnswers(t, r, expiring, "", scoreOf("nps", 5))
		for range 2 {
			if _, err := r.RevokeSurveyLink(ctx, &surveyv1.RevokeSurveyLinkRequest{Brand: brand, Id: revoked.GetId()}); err != nil {
				t.Fatal(err)
			}
		}
		c.Add(time.Hour)
		if _, err := r.CloseSurvey(ctx, &surveyv1.CloseSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
			t.Fatal(err)
		}
		c.Add(time.Second)
		for l, want := range map[*surveyv1.SurveyLink]surveyv1.SurveyLinkState{
			expiring: surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED, revoked: surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED,
			closing: surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED,
		} {
			page := openLink(t, r, l, "")
			if page.GetState() != want || page.GetEndedAt() == nil || len(page.GetQuestions())+len(page.GetAnswers()) != 0 {
				t.Errorf("%s: %v", want, page)
			}
			got, err := r.GetSurveyLink(ctx, &surveyv1.GetSurveyLinkRequest{Brand: brand, Id: l.GetId()})
			if err != nil || got.GetLink().GetState() != want || got.GetLink().GetPath() != l.GetPath() || got.GetLink().GetEndedAt() == nil {
				t.Errorf("%s: read %v, %v", want, got, err)
			}
			_, err = r.AnswerSurveyLink(ctx, &surveyv1.AnswerSurveyLinkRequest{Brand: brand, Token: l.GetToken(), Visit: "0123456789abcdef", SurveyVersion: 1, Answers: []*surveyv1.Answer{scoreOf("nps", 5)}})
			if !fault.Is(err, commonv1.Reason_REASON_LINK_ENDED) || fault.From(err).Meta["state"] != want.String() {
				t.Errorf("%s: answered: %v", want, err)
			}
		}
		for _, token := range []string{"demo.AAAAAAAAAAAAAAAAAAAAAA", "olist." + strings.TrimPrefix(revoked.GetToken(), "demo."), "x", revoked.GetToken()[:20]} {
			if _, err := r.OpenSurveyLink(ctx, &surveyv1.OpenSurveyLinkRequest{Brand: brand, Token: token}); !fault.Is(err, commonv1.Reason_REASON_LINK_UNKNOWN) {
				t.Errorf("%s: %v", token, err)
			}
		}
		for _, id := range []string{"x", "0", "1", "0" + revoked.GetId(), "999999"} {
			if _, err := r.GetSurveyLink(ctx, &surveyv1.GetSurveyLinkRequest{Brand: brand, Id: id}); !fault.Is(err, commonv1.Reason_REASON_LINK_UNKNOWN) {
				t.Errorf("link %s: %v", id, err)
			}
		}
		if _, err := r.CreateSurveyLink(ctx, &surveyv1.CreateSurveyLinkRequest{Brand: brand, RequestId: "4", Link: poster("n1")}); !fault.Is(err, commonv1.Reason_REASON_SURVEY_NOT_OPEN) {
			t.Errorf("a link to a closed survey: %v", err)
		}
	})
}

// A batch judges each alone, and whoever sends it again gets the same links.
func TestBatchOfLinks(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		none := invitation("n1", 1)
		none.Customer = nil
		both := poster("n1")
		both.Customer = person(1)
		late := invitation("n1", 2)
		late.ExpiresAt = stamp(start)
		facet := invitation("n1", 2)
		facet.Facets = map[string]string{"age": "30"}
		nobody := invitation("n1", 2)
		nobody.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{Kind: commonv1.Identity_KIND_EMAIL, Value: "a@b.example"}}}
		in := &surveyv1.BatchCreateSurveyLinksRequest{Brand: brand, Requests: []*surveyv1.CreateSurveyLinkRequest{
			{RequestId: "1", Link: invitation("n1", 1)}, {RequestId: "2", Link: none}, {RequestId: "3", Link: both}, {RequestId: "4", Link: late},
			{RequestId: "5", Link: invitation("nowhere", 2)}, {RequestId: "6", Link: facet}, {RequestId: "7", Link: nobody}, {Link: invitation("n1", 3)},
			{RequestId: "8", Link: invitation("s1", 2)}, {RequestId: "8", Link: invitation("s1", 2)}, {RequestId: "1", Link: invitation("n1", 9)},
			{RequestId: "9", Link: &surveyv1.SurveyLink{SurveyId: "none", Customer: person(1)}},
		}}
		out, err := r.BatchCreateSurveyLinks(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		fields := []string{"", "link.customer", "link.customer", "link.expires_at", "link.subjects[0]", `link.facets["age"]`, "link.customer.identity", "request_id", "", "", "link.customer", ""}
		for i, one := range out.GetResults() {
			e := fault.FromStatus(one.GetError())
			switch {
			case fields[i] != "" && (e == nil || len(e.Fields) == 0 || !strings.HasPrefix(e.Fields[0].Path, fields[i])):
				t.Errorf("%d: %v", i, one.GetError())
			case fields[i] == "" && i < 11 && one.GetLink().GetToken() == "":
				t.Errorf("%d: %v", i, one)
			}
		}
		if got := out.GetResults(); got[8].GetLink().GetId() != got[9].GetLink().GetId() || !got[9].GetReplayed() || got[11].GetError() == nil {
			t.Errorf("the same twice: %v and %v", got[8], got[9])
		}
		c.Add(time.Hour)
		again, err := r.BatchCreateSurveyLinks(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for i, one := range again.GetResults() {
			if first := out.GetResults()[i]; one.GetLink().GetToken() != first.GetLink().GetToken() || first.GetLink() != nil && !one.GetReplayed() {
				t.Errorf("%d: %v, before %v", i, one, first)
			}
		}
		invited(t, r, &surveyv1.InvitationCounts{Sent: 2})
	})
}
