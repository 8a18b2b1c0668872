package record

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
)

// Kinds of facts about answers, taken from Survey's log.
const (
	// Answered says what Who scored in a response; its key is the response's own, body
	// a ResponseEvent with what counts alone.
	Answered int16 = 45
	// Reanswered says so anew of the response that Of told first, perhaps of somebody
	// else, or that it was retracted; it replaces what was told before. Body as before.
	Reanswered int16 = 46
	// Metric says that there is a metric that rules can read; body Metric with its name.
	Metric int16 = 47
)

// Answers are both kinds about responses.
var Answers = []int16{Answered, Reanswered}

// ResponseKey is under which key a response of Survey's is told. Numbers are given anew
// if Survey's log is replaced; with the time of arrival they stay apart.
func ResponseKey(r *surveyv1.Response) []byte {
	return []byte("response\x00" + r.GetId() + "\x00" + strconv.FormatInt(r.GetReceivedAt().AsTime().UnixMicro(), 10))
}

// Answer is the fact about a response; first is the number of the fact that told of it
// before, 0 if none did.
func Answer(e *surveyv1.ResponseEvent, first int64) (feed.Fact, error) {
	f := about(Answered, e.GetResponse().GetCustomer().GetId())
	if first != 0 {
		f.Kind, f.Of = Reanswered, first
	} else {
		f.Key = ResponseKey(e.GetResponse())
	}
	var err error
	f.Body, err = written.Marshal(e)
	return f, err
}

// AnsweredEvent reads the event of a fact.
func AnsweredEvent(f *feed.Fact) (*surveyv1.ResponseEvent, error) {
	e := &surveyv1.ResponseEvent{}
	if err := proto.Unmarshal(f.Body, e); err != nil {
		return nil, fmt.Errorf("fact %d: read answer: %w", f.Seq, err)
	}
	return e, nil
}

// MetricKey is under which key a metric is told.
func MetricKey(name string) []byte { return []byte("metric\x00" + name) }

// Meet is the fact that there is a metric.
func Meet(name string) (feed.Fact, error) {
	f := about(Metric, 0)
	f.Key = MetricKey(name)
	var err error
	f.Body, err = written.Marshal(&surveyv1.Metric{Name: name})
	return f, err
}

// Met reads the name in a METRIC fact.
func Met(f *feed.Fact) (string, error) {
	m := &surveyv1.Metric{}
	if err := proto.Unmarshal(f.Body, m); err != nil {
		return "", fmt.Errorf("fact %d: read metric: %w", f.Seq, err)
	}
	return m.GetName(), nil
}
