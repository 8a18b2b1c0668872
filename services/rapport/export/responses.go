package export

import (
	"context"
	"fmt"
	"strconv"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
)

// Response is one response as it now stands. Numbers that are not known are 0, texts
// empty; only what was not answered is null.
type Response struct {
	ResponseID int64 `parquet:"response_id,delta"`
	// Version is another one after each amendment.
	Version       int64  `parquet:"version,delta"`
	CustomerID    int64  `parquet:"customer_id,delta"`
	SurveyID      string `parquet:"survey_id,dict"`
	SurveyVersion int32  `parquet:"survey_version,delta"`
	Channel       string `parquet:"channel,dict"`
	Mode          string `parquet:"mode,dict"`
	// Subjects are those named, CountedIn these and their ancestors.
	Subjects  string `parquet:"subjects,dict"`
	CountedIn string `parquet:"counted_in,dict"`
	OrderID   string `parquet:"order_id"`
	Locale    string `parquet:"locale,dict"`
	// Facets is a JSON object of texts.
	Facets string `parquet:"facets,dict"`
	// ExperiencedAt is answered_at where it is not known; Day is its date.
	ExperiencedAt int64    `parquet:"experienced_at,delta,timestamp(microsecond)"`
	AnsweredAt    int64    `parquet:"answered_at,delta,timestamp(microsecond)"`
	Day           int32    `parquet:"day,delta,date"`
	Answers       []Answer `parquet:"answers,list"`
}

// Answer is what was answered to one question.
type Answer struct {
	QuestionID string `parquet:"question_id,dict"`
	Score      *int32 `parquet:"score,optional"`
	Importance *int32 `parquet:"importance,optional"`
	Best       *int32 `parquet:"best,optional"`
	Worst      *int32 `parquet:"worst,optional"`
	// Options are a JSON array of what was chosen; empty: it is no such question.
	Options string `parquet:"options,dict"`
	// Text is empty unless comments were asked for.
	Text string `parquet:"text"`
}

// responsesAtOnce is how many are read at a time.
const responsesAtOnce = 1000

// Responses exports those that count: all but the retracted ones, by official day.
// What is amended meanwhile is exported as it was or as it is.
func Responses(ctx context.Context, client surveyv1.SurveyServiceClient, ask Ask) (Summary, error) {
	start := time.Now()
	about, err := client.GetMetric(ctx, &surveyv1.GetMetricRequest{Brand: ask.Brand, Metric: "low.share"})
	if err != nil {
		return Summary{}, fmt.Errorf("count responses: %w", err)
	}
	t := newTable[Response](&ask, "responses")
	defer t.abort()
	in := &surveyv1.ListResponsesRequest{Brand: ask.Brand, PageSize: responsesAtOnce}
	for {
		page, err := client.ListResponses(ctx, in)
		if err != nil {
			return Summary{}, fmt.Errorf("list responses: %w", err)
		}
		for _, r := range page.GetResponses() {
			row, err := newResponse(r, ask.Zone, ask.Comments)
			if err != nil {
				return Summary{}, err
			}
			if err := t.add(calendar.Day(row.Day), row); err != nil {
				return Summary{}, err
			}
		}
		ask.progress(t.rows, about.GetTotal().GetN())
		if in.PageToken = page.GetNextPageToken(); in.PageToken == "" {
			return t.close(start)
		}
	}
}

func newResponse(r *surveyv1.Response, zone *calendar.Zone, comments bool) (Response, error) {
	id, err := strconv.ParseInt(r.GetId(), 10, 64)
	if err != nil {
		return Response{}, fmt.Errorf("response %q: %w", r.GetId(), err)
	}
	answered := r.GetReceivedAt()
	if r.GetAnsweredAt() != nil {
		answered = r.GetAnsweredAt()
	}
	experienced := answered
	if r.GetExperiencedAt() != nil {
		experienced = r.GetExperiencedAt()
	}
	facets := r.GetFacets()
	if facets == nil {
		facets = map[string]string{}
	}
	out := Response{
		ResponseID: id, Version: r.GetVersion(), CustomerID: r.GetCustomer().GetId(),
		SurveyID: r.GetSurveyId(), SurveyVersion: r.GetSurveyVersion(),
		Channel: channelText(r.GetChannel()), Mode: modeText(r.GetMode()),
		Subjects: subjectsText(r.GetSubjects()), CountedIn: subjectsText(r.GetCountedIn()),
		OrderID: r.GetOrderId(), Locale: r.GetLocale(), Facets: jsonText(facets),
		ExperiencedAt: experienced.AsTime().UnixMicro(), AnsweredAt: answered.AsTime().UnixMicro(),
		Day: int32(zone.DayOf(experienced.AsTime())),
	}
	for _, a := range r.GetAnswers() {
		out.Answers = append(out.Answers, newAnswer(a, comments))
	}
	return out, nil
}

func newAnswer(a *surveyv1.Answer, comments bool) Answer {
	out := Answer{QuestionID: a.GetQuestionId(), Importance: a.Importance}
	switch v := a.GetValue().(type) {
	case *surveyv1.Answer_Score:
		out.Score = &v.Score
	case *surveyv1.Answer_Expectation:
		best, worst := v.Expectation.GetBest(), v.Expectation.GetWorst()
		out.Best, out.Worst = &best, &worst
	case *surveyv1.Answer_Choice:
		out.Options = jsonText(append([]string{}, v.Choice.GetOptionIds()...))
	case *surveyv1.Answer_Text:
		if comments {
			out.Text = v.Text
		}
	}
	return out
}
