package survey_test

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

func TestSubmitIsReadBackAsTaken(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		in := response("m1", 3)
		in.Answers = append(in.Answers,
			&surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: "long queue\nand rude"}},
			&surveyv1.Answer{QuestionId: "queue", Value: &surveyv1.Answer_Score{Score: 4}, Importance: proto.Int32(9)},
			&surveyv1.Answer{QuestionId: "kind", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: []string{"b", "a"}}}},
			&surveyv1.Answer{QuestionId: "hope", Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: 9, Worst: 4}}})
		in.Facets = map[string]string{"order.late": "true"}
		in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{
			Kind: commonv1.Identity_KIND_EMAIL, Value: "Someone@Example.org",
		}}}
		id := submit(t, r, "a", in).GetId()
		got, err := r.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Brand: brand, Id: id})
		if err != nil {
			t.Fatal(err)
		}
		want := proto.CloneOf(in)
		want.Id, want.SurveyVersion, want.Customer = id, 1, nil
		want.Version = got.GetResponse().GetVersion()
		want.ReceivedAt = stamp(start)
		// m1 stood in the south when it was visited, on 1 March in Moscow.
		want.CountedIn = []*commonv1.SubjectRef{store("m1"), network, south}
		if d := cmp.Diff(want, got.GetResponse(), protocmp.Transform()); d != "" {
			t.Errorf("response read back (-want +got):\n%s", d)
		}
	})
}

func TestSubmitTwiceCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, r *replica, c *clock) {
		in := response("n1", 9)
		in.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Identity{Identity: &commonv1.Identity{
			Kind: commonv1.Identity_KIND_EMAIL, Value: "a@example.org",
		}}}
		first := submit(t, r, "a", in)
		c.Add(time.Hour)
		in.GetCustomer().GetIdentity().Value = " A@example.org"
		again := submit(t, r, "a", in)
		if !again.GetReplayed() || again.GetId() != first.GetId() || again.GetVersion() != first.GetVersion() {
			t.Errorf("again = %v, want the first answer %v marked as a replay", again, first)
		}
		in.Answers[0] = scoreOf("nps", 8)
		_, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "a", Response: in})
		if fault.Code(err) != codes.AlreadyExists || !fault.Is(err, commonv1.Reason_REASON_KEY_REUSED) ||
			fault.From(err).Meta["field"] != "response.answers[0].score" {
			t.Errorf("other body under the same key: %v, want KEY_REUSED naming response.answers[0].score", err)
		}
	})
}

// TestSubmitAgainAfterAnEdit: a new version must not turn retries into conflicts.
func TestSubmitAgainAfterAnEdit(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		first := submit(t, r, "a", response("n1", 9))
		next := visitSurvey()
		next.Draft.Facets = append(next.Draft.Facets, "more")
		if _, err := r.UpdateSurvey(t.Context(), &surveyv1.UpdateSurveyRequest{Brand: brand, Survey: next}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Brand: brand, SurveyId: "visit"}); err != nil {
			t.Fatal(err)
		}
		if again := submit(t, r, "a", response("n1", 9)); !again.GetReplayed() || again.GetId() != first.GetId() {
			t.Errorf("again = %v, want a replay of %v", again, first)
		}
	})
}

func TestSubmitConcurrentlyUnderOneKey(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		const callers = 32
		got := make([]*surveyv1.SubmitResponseResponse, callers)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				out, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: "same", Response: response("n1", 9)})
				if err != nil {
					t.Error(err)
				}
				got[i] = out
			})
		}
		wg.Wait()
		fresh := 0
		for _, one := range got {
			if one.GetId() != got[0].GetId() {
				t.Fatalf("ids %s and %s under one key", one.GetId(), got[0].GetId())
			}
			if !one.GetReplayed() {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("%d callers were told that theirs was the first, want 1", fresh)
		}
	})
}

// TestSubmitRefusesWhatDoesNotFit names the field of each refusal.
func TestSubmitRefusesWhatDoesNotFit(t *testing.T) {
	c := &clock{now: start}
	r := newReplica(t, "sqlite:"+t.TempDir()+"/survey.db", "", c.Now)
	define(t, r)
	text := func(q string) *surveyv1.Answer {
		return &surveyv1.Answer{QuestionId: q, Value: &surveyv1.Answer_Text{Text: "x"}}
	}
	for name, tt := range map[string]struct {
		change func(*surveyv1.Response)
		code   codes.Code
		field  string
	}{
		"unknown survey":      {func(in *surveyv1.Response) { in.SurveyId = "other" }, codes.NotFound, ""},
		"unknown version":     {func(in *surveyv1.Response) { in.SurveyVersion = 7 }, codes.NotFound, ""},
		"unknown subject":     {func(in *surveyv1.Response) { in.Subjects[0].Id = "nowhere" }, codes.InvalidArgument, "response.subjects[0]"},
		"subject twice":       {func(in *surveyv1.Response) { in.Subjects = append(in.Subjects, store("n1")) }, codes.InvalidArgument, "response.subjects[1]"},
		"score above scale":   {func(in *surveyv1.Response) { in.Answers[0] = scoreOf("nps", 11) }, codes.InvalidArgument, "response.answers[0].score"},
		"score below scale":   {func(in *surveyv1.Response) { in.Answers[1] = scoreOf("visit", 0) }, codes.InvalidArgument, "response.answers[1].score"},
		"text for a score":    {func(in *surveyv1.Response) { in.Answers[0] = text("nps") }, codes.InvalidArgument, "response.answers[0].text"},
		"hidden question":     {func(in *surveyv1.Response) { in.Answers = append(in.Answers, text("why")) }, codes.InvalidArgument, "response.answers"},
		"no importance":       {func(in *surveyv1.Response) { in.Answers = append(in.Answers, scoreOf("queue", 5)) }, codes.InvalidArgument, "response.answers[2].importance"},
		"strange importance":  {func(in *surveyv1.Response) { in.Answers[0].Importance = proto.Int32(3) }, codes.InvalidArgument, "response.answers[0].importance"},
		"question twice":      {func(in *surveyv1.Response) { in.Answers[1] = scoreOf("nps", 9) }, codes.InvalidArgument, "response.answers[1].question_id"},
		"unknown question":    {func(in *surveyv1.Response) { in.Answers[1].QuestionId = "x" }, codes.InvalidArgument, "response.answers[1].question_id"},
		"undeclared facet":    {func(in *surveyv1.Response) { in.Facets = map[string]string{"x": "y"} }, codes.InvalidArgument, `response.facets["x"]`},
		"answered tomorrow":   {func(in *surveyv1.Response) { in.AnsweredAt = stamp(start.Add(25 * time.Hour)) }, codes.InvalidArgument, "response.answered_at"},
		"experienced later":   {func(in *surveyv1.Response) { in.AnsweredAt = stamp(start.Add(-100 * time.Hour)) }, codes.InvalidArgument, "response.experienced_at"},
		"before all surveys":  {func(in *surveyv1.Response) { in.AskedAt = stamp(time.Unix(0, 0)) }, codes.InvalidArgument, "response.asked_at"},
		"id without a source": {func(in *surveyv1.Response) { in.ExternalId = "1" }, codes.InvalidArgument, "response.source"},
		"output field":        {func(in *surveyv1.Response) { in.Id = "1" }, codes.InvalidArgument, "response.id"},
		"rule of the proto":   {func(in *surveyv1.Response) { in.Locale = "this-is-far-too-long" }, codes.InvalidArgument, "response.locale"},
	} {
		t.Run(name, func(t *testing.T) {
			in := response("n1", 9)
			tt.change(in)
			_, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, RequestId: name, Response: in})
			if fault.Code(err) != tt.code {
				t.Fatalf("err = %v, want %v", err, tt.code)
			}
			if f := fault.From(err).Fields; tt.field != "" && (len(f) == 0 || f[0].Path != tt.field) {
				t.Errorf("fields = %v, want %s first", f, tt.field)
			}
		})
	}
	if _, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: brand, Response: response("n1", 9)}); fault.Code(err) != codes.InvalidArgument {
		t.Errorf("no key at all: %v, want InvalidArgument", err)
	}
	if _, err := r.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Brand: "nobody", RequestId: "1", Response: response("n1", 9)}); fault.Code(err) != codes.NotFound {
		t.Errorf("unknown brand: %v, want NotFound", err)
	}
}

func TestImportLandsGoodRowsBesideBadOnes(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		rows := make([]*surveyv1.ImportRow, 0, 300)
		for i := range 300 {
			in := response("n1", int32(i%11))
			in.Source, in.ExternalId = "file", fmt.Sprint(i)
			if i%100 == 7 {
				in.Answers[0] = scoreOf("nps", 12)
			}
			rows = append(rows, &surveyv1.ImportRow{Line: int64(i + 2), Response: in})
		}
		rows = append(rows, &surveyv1.ImportRow{Line: 999})
		for run, want := range []struct{ recorded, replayed int32 }{{297, 0}, {0, 297}} {
			recorded, replayed, lines := importRows(t, r, rows)
			if recorded != want.recorded || replayed != want.replayed {
				t.Errorf("run %d: recorded %d, replayed %d; want %v", run, recorded, replayed, want)
			}
			if d := cmp.Diff([]int64{9, 109, 209, 999}, lines); d != "" {
				t.Errorf("run %d: rejected lines (-want +got):\n%s", run, d)
			}
		}
	})
}

// importRows sends rows in chunks of 70 and sums up the answers.
func importRows(t *testing.T, r *replica, rows []*surveyv1.ImportRow) (recorded, replayed int32, lines []int64) {
	t.Helper()
	stream, err := r.ImportResponses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < len(rows); from += 70 {
		if err := stream.Send(&surveyv1.ImportResponsesRequest{Brand: brand, Rows: rows[from:min(from+70, len(rows))]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for {
		out, err := stream.Recv()
		if err == io.EOF {
			return recorded, replayed, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		recorded, replayed = recorded+out.GetRecorded(), replayed+out.GetReplayed()
		for _, one := range out.GetRejections() {
			lines = append(lines, one.GetLine())
		}
	}
}
