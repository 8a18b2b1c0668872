package directory_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/directory"
	"github.com/rapport-cx/rapport/services/survey/record"
)

// ledger writes definitions in log order into a book, and keeps them.
type ledger struct {
	*directory.Book
	t     *testing.T
	facts []feed.Fact
}

func newLedger(t *testing.T) *ledger { return &ledger{Book: directory.New(), t: t} }

func (l *ledger) write(kind int16, m proto.Message) {
	l.t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		l.t.Fatal(err)
	}
	// Numbers have gaps: responses stand between definitions.
	f := feed.Fact{Seq: int64(3*len(l.facts) + 3), Kind: kind, Day: feed.NoDay, Day2: feed.NoDay, Body: body}
	l.facts = append(l.facts, f)
	if err := l.Apply(&f); err != nil {
		l.t.Fatal(err)
	}
}

func (l *ledger) subject(s *surveyv1.Subject) { l.t.Helper(); l.write(record.Subject, s) }
func (l *ledger) metric(m *surveyv1.Metric) {
	l.t.Helper()
	l.write(record.Metric, directory.WithDefaults(m))
}
func (l *ledger) survey(s *surveyv1.Survey)       { l.t.Helper(); l.write(record.Survey, s) }
func (l *ledger) goal(g *surveyv1.SetGoalRequest) { l.t.Helper(); l.write(record.Goal, g) }

// numbers are those of subjects that must be known.
func (l *ledger) numbers(refs ...*commonv1.SubjectRef) []uint32 {
	l.t.Helper()
	var out []uint32
	for _, r := range refs {
		n, ok := l.Subject(r)
		if !ok {
			l.t.Fatalf("%v is not in the directory", r)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// ids names numbers, in alphabetical order.
func (l *ledger) ids(numbers []uint32) []string {
	var out []string
	for _, n := range numbers {
		out = append(out, l.Ref(n).GetId())
	}
	slices.Sort(out)
	return out
}

func network(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_NETWORK, Id: id}
}

func region(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_REGION, Id: id}
}

func store(id string) *commonv1.SubjectRef {
	return &commonv1.SubjectRef{Kind: commonv1.SubjectKind_SUBJECT_KIND_STORE, Id: id}
}

func entry(ref *commonv1.SubjectRef, links ...*surveyv1.ParentLink) *surveyv1.Subject {
	return &surveyv1.Subject{Ref: ref, Parents: links}
}

// below is a link since ever; from, one that begins on a day of 2024.
func below(parent *commonv1.SubjectRef) *surveyv1.ParentLink {
	return &surveyv1.ParentLink{Parent: parent}
}

func from(day int, parent *commonv1.SubjectRef) *surveyv1.ParentLink {
	return &surveyv1.ParentLink{Parent: parent, Since: timestamppb.New(on(day))}
}

func on(day int) time.Time { return time.Date(2024, 1, day, 0, 0, 0, 0, time.UTC) }

// refusal is the reason of an error and the first field it names.
func refusal(err error) string {
	if err == nil {
		return ""
	}
	e := fault.From(err)
	switch {
	case len(e.Fields) > 0:
		return e.Reason + " " + e.Fields[0].Path
	case e.Meta["field"] != "":
		return e.Reason + " " + e.Meta["field"]
	case e.Meta["question"] != "":
		return e.Reason + " " + e.Meta["question"]
	}
	return e.Reason
}

// refusals are those of a batch.
func refusals(errs []error) []string {
	out := make([]string, len(errs))
	for i, err := range errs {
		out[i] = refusal(err)
	}
	return out
}
