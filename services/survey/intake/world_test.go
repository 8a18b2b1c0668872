package intake_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/seal"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/intake"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// noon is when the tests' responses are received.
var noon = time.Date(2024, 5, 20, 12, 0, 0, 0, time.UTC)

func stamp(at time.Time) *timestamppb.Timestamp { return timestamppb.New(at) }

func store(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: id}
}

func region(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: id}
}

// The numbers of metrics, in the order in which the book below gets them.
const (
	lowShare = iota
	nps
	csat
	csi
	never
)

// rules has a book with two stores, s1 moved from west to east on 10 May and s2
// was closed then; the survey "visit" with every kind of question, "closed" that
// was closed on 10 May, and "draft" that was never published.
func rules(t testing.TB, zone string) intake.Rules {
	t.Helper()
	book := directory.New()
	seq := int64(0)
	write := func(kind int16, m proto.Message) {
		t.Helper()
		body, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		seq++
		if err := book.Apply(&feed.Fact{Seq: seq, Kind: kind, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	tenth := stamp(time.Date(2024, 5, 10, 0, 0, 0, 0, time.UTC))
	for _, s := range []*surveyv1.Subject{
		{Ref: region("west")}, {Ref: region("east")},
		{Ref: store("s1"), Parents: []*surveyv1.ParentLink{{Parent: region("west")}, {Parent: region("east"), Since: tenth}}},
		{Ref: store("s2"), Parents: []*surveyv1.ParentLink{{Parent: region("west")}}, ClosedAt: tenth},
	} {
		write(record.Subject, s)
	}
	for _, m := range []*surveyv1.Metric{
		{Name: "nps.network", Kind: surveyv1.MetricKind_METRIC_KIND_NPS},
		{Name: "csat.visit", Kind: surveyv1.MetricKind_METRIC_KIND_CSAT},
		{Name: "csi.queue", Kind: surveyv1.MetricKind_METRIC_KIND_CSI_ITEM},
		{Name: "rating.never", Kind: surveyv1.MetricKind_METRIC_KIND_RATING, LowAtMost: proto.Int32(-1)},
	} {
		write(record.Metric, directory.WithDefaults(m))
	}
	for _, s := range []*surveyv1.Survey{
		{Id: "visit", Versions: versions()}, {Id: "closed", Versions: versions(), ClosedAt: tenth}, {Id: "draft"},
	} {
		write(record.Survey, s)
	}
	z, err := calendar.Load(zone)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New([]byte("0123456789abcdef0123456789abcdef"), "identity")
	if err != nil {
		t.Fatal(err)
	}
	return intake.Rules{Brand: "demo", Book: book, Zone: z, Seal: sealer}
}

// versions are two: the second asks for the NPS by all means, and asks more.
func versions() []*surveyv1.SurveyVersion {
	options := []*surveyv1.Option{{Id: "a"}, {Id: "b"}}
	return []*surveyv1.SurveyVersion{
		{Version: 1, Questionnaire: &surveyv1.Questionnaire{Questions: []*surveyv1.Question{
			{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network"},
		}}},
		{Version: 2, Questionnaire: &surveyv1.Questionnaire{
			Questions: []*surveyv1.Question{
				{Id: "nps", Kind: surveyv1.QuestionKind_QUESTION_KIND_NPS, Metric: "nps.network", Required: true},
				{Id: "csat", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSAT, Metric: "csat.visit"},
				{Id: "csi", Kind: surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM, Metric: "csi.queue"},
				{Id: "never", Kind: surveyv1.QuestionKind_QUESTION_KIND_RATING, Metric: "rating.never"},
				{Id: "one", Kind: surveyv1.QuestionKind_QUESTION_KIND_SINGLE, Options: options},
				{Id: "any", Kind: surveyv1.QuestionKind_QUESTION_KIND_MULTI, Options: options},
				{Id: "why", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT, Required: true, ShowIf: &surveyv1.Condition{
					QuestionId: "nps", Test: &surveyv1.Condition_Score{Score: &surveyv1.ScoreRange{Min: 0, Max: 3}},
				}},
				{Id: "text", Kind: surveyv1.QuestionKind_QUESTION_KIND_TEXT},
				{Id: "hope", Kind: surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION},
				{Id: "hope5", Kind: surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION, ScaleMin: 1, ScaleMax: 5},
			},
			Facets: []string{"order.late", "basket"},
		}},
	}
}

func visit(answers ...*surveyv1.Answer) *surveyv1.Response {
	return &surveyv1.Response{SurveyId: "visit", Answers: answers}
}

func scored(question string, score int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Score{Score: score}}
}

func weighted(question string, score, importance int32) *surveyv1.Answer {
	a := scored(question, score)
	a.Importance = proto.Int32(importance)
	return a
}

func text(question, words string) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Text{Text: words}}
}

func chosen(question string, options ...string) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Choice{Choice: &surveyv1.Choice{OptionIds: options}}}
}

func expected(question string, best, worst int32) *surveyv1.Answer {
	return &surveyv1.Answer{QuestionId: question, Value: &surveyv1.Answer_Expectation{Expectation: &surveyv1.Expectation{Best: best, Worst: worst}}}
}

// refusal is the reason of an error and the fields it names, without "response.".
func refusal(err error) string {
	if err == nil {
		return ""
	}
	e := fault.From(err)
	out := e.Reason
	for _, f := range e.Fields {
		out += " " + f.Path[len("response."):]
	}
	return out
}
