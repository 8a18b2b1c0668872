package record_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/services/survey/record"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// history is the facts of a response, its amendment and retraction: seconds 1, 2 and 3
// of 1970, the amendment as the two facts of one commit.
func history(t *testing.T) []feed.Fact {
	t.Helper()
	before := tally.Tally{Named: []uint32{2, 5}, Path: []uint32{0, 2, 3, 5}, Day: 7, Live: 8, Scores: []tally.Score{{Metric: 1, Score: 9}}}
	after := before
	after.Named, after.Path = []uint32{5}, []uint32{3, 5}
	undo, again := before, after
	undo.Row, again.Row = 10, 12
	said := func(text string) *surveyv1.Response {
		return &surveyv1.Response{SurveyId: "visit", Answers: []*surveyv1.Answer{{QuestionId: "q", Value: &surveyv1.Answer_Text{Text: text}}}}
	}
	return []feed.Fact{
		fact(t, 10, record.Response, 0, 1_000_001, &before, &surveyv1.ResponseRecord{Response: said("late")}),
		fact(t, 11, record.Reversal, 10, 2_000_000, &undo, &surveyv1.ResponseRecord{Reason: "typo"}),
		fact(t, 12, record.Response, 10, 2_000_000, &after, &surveyv1.ResponseRecord{Response: said("later"), Reason: "typo"}),
		fact(t, 13, record.Reversal, 10, 3_000_000, &again, &surveyv1.ResponseRecord{Reason: "spam"}),
	}
}

func fact(t *testing.T, seq int64, kind int16, of, at int64, counts *tally.Tally, rec *surveyv1.ResponseRecord) feed.Fact {
	t.Helper()
	body, err := proto.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	return feed.Fact{Seq: seq, Kind: kind, Of: of, At: at, Day: counts.Day, Day2: counts.Live, Data: counts.Append(nil), Body: body}
}

func subjects(ids ...string) []*commonv1.SubjectRef {
	out := make([]*commonv1.SubjectRef, len(ids))
	for i, id := range ids {
		out[i] = &commonv1.SubjectRef{Id: id}
	}
	return out
}

func refs(n uint32) *commonv1.SubjectRef { return &commonv1.SubjectRef{Id: fmt.Sprint(n)} }

// The signed sum of a response's facts is what its newest version counts for,
// and nothing once it was retracted.
func TestTalliesCancelOut(t *testing.T) {
	facts := history(t)
	for n, want := range map[int]map[int64]int32{1: {10: 1}, 2: {}, 3: {12: 1}, 4: {}} {
		sum := map[int64]int32{}
		for i := range facts[:n] {
			c, err := record.Tally(&facts[i])
			if err != nil {
				t.Fatal(err)
			}
			if sum[c.Row] += c.Sign; sum[c.Row] == 0 {
				delete(sum, c.Row)
			}
		}
		if diff := cmp.Diff(want, sum); diff != "" {
			t.Errorf("after %d facts: %s", n, diff)
		}
	}
}

func TestOnlyResponsesCount(t *testing.T) {
	for _, kind := range record.Definitions {
		if c, err := record.Tally(&feed.Fact{Kind: kind, Data: []byte{0xff}}); c != nil || err != nil {
			t.Errorf("kind %d: %v, %v", kind, c, err)
		}
	}
	for _, kind := range []int16{record.Response, record.Reversal} {
		damaged := feed.Fact{Seq: 3, Kind: kind, Data: []byte{0xff}, Body: []byte{0xff}}
		if _, err := record.Tally(&damaged); err == nil {
			t.Errorf("kind %d counts damage", kind)
		}
		if _, err := record.Open(&damaged); err == nil {
			t.Errorf("kind %d opens damage", kind)
		}
	}
}

func TestCurrent(t *testing.T) {
	facts := history(t)
	said := func(text string) *surveyv1.Response {
		return &surveyv1.Response{
			Id: "10", SurveyId: "visit", ReceivedAt: &timestamppb.Timestamp{Seconds: 1, Nanos: 1000},
			Answers: []*surveyv1.Answer{{QuestionId: "q", Value: &surveyv1.Answer_Text{Text: text}}},
		}
	}
	first, amended, retracted := said("late"), said("later"), said("later")
	first.Version, first.CountedIn = 10, subjects("2", "5", "0", "3")
	amended.Version, amended.CountedIn = 12, subjects("5", "3")
	amended.ChangedAt, amended.ChangeReason = &timestamppb.Timestamp{Seconds: 2}, "typo"
	retracted.Version, retracted.CountedIn, retracted.Retracted = 12, subjects("5", "3"), true
	retracted.ChangedAt, retracted.ChangeReason = &timestamppb.Timestamp{Seconds: 3}, "spam"
	for n, want := range map[int]*surveyv1.Response{1: first, 3: amended, 4: retracted} {
		got, err := record.Current(facts[:n], refs)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("after %d facts: %s", n, diff)
		}
	}
	if got, err := record.Current(nil, refs); got != nil || err != nil {
		t.Errorf("no facts: %v, %v", got, err)
	}
}

// A version read alone is received when it was written: only the whole history
// knows when the first one was.
func TestReadOneVersion(t *testing.T) {
	facts := history(t)
	got, err := record.Read(&facts[2], refs)
	if err != nil || got.GetId() != "10" || got.GetVersion() != 12 || got.GetReceivedAt().GetSeconds() != 2 {
		t.Errorf("%v, %v", got, err)
	}
	bare := facts[0]
	bare.Body = nil
	if got, err := record.Read(&bare, refs); err != nil || got.GetId() != "10" {
		t.Errorf("a record without a response: %v, %v", got, err)
	}
	for _, spoil := range []func(*feed.Fact){func(f *feed.Fact) { f.Body = []byte{0xff} }, func(f *feed.Fact) { f.Data = nil }} {
		damaged := facts[0]
		spoil(&damaged)
		if _, err := record.Read(&damaged, refs); err == nil {
			t.Error("damage was read")
		}
		if _, err := record.Current([]feed.Fact{damaged}, refs); err == nil {
			t.Error("damage is current")
		}
	}
}

func TestFirst(t *testing.T) {
	facts := history(t)
	for i := range facts {
		if id := record.ID(record.First(&facts[i])); id != "10" {
			t.Errorf("fact %d is of response %s", facts[i].Seq, id)
		}
	}
}
