package answer

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// event is what Survey's stream says of a response: version 0 stands for its number.
func event(kind surveyv1.ResponseEvent_Kind, id, version, customer, at int64, scores ...int32) *surveyv1.ResponseEvent {
	r := &surveyv1.Response{Id: strconv.FormatInt(id, 10), Version: max(id, version), SurveyId: "visit",
		AnsweredAt: &timestamppb.Timestamp{Seconds: at}, ReceivedAt: &timestamppb.Timestamp{Seconds: 1_700_000_000 + id}}
	if customer != 0 {
		r.Customer = &commonv1.CustomerRef{Ref: &commonv1.CustomerRef_Id{Id: customer}}
	}
	e := &surveyv1.ResponseEvent{Kind: kind, Response: r}
	for i, s := range scores {
		if s >= 0 {
			e.Scores = append(e.Scores, &surveyv1.MetricScore{Metric: fmt.Sprintf("m.%d", i), Score: s})
		}
	}
	return e
}

const (
	recorded  = surveyv1.ResponseEvent_KIND_RECORDED
	amended   = surveyv1.ResponseEvent_KIND_AMENDED
	retracted = surveyv1.ResponseEvent_KIND_RETRACTED
)

func randomResponse(t *testing.T, r *rand.Rand, id int64) Response {
	t.Helper()
	out, err := Of(Essence(event(recorded, id, 0, 1, r.Int64N(5), r.Int32N(12)-1, r.Int32N(12)-1)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever came in between and was taken out again, the same answers are the same
// bytes, and the last one is that of a plain search.
func TestAnyOrderGivesTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		keep, drop := make([]Response, r.IntN(12)), make([]Response, r.IntN(6))
		plain, mixed := &History{}, &History{}
		want := map[string]Answer{}
		for i := range keep {
			keep[i] = randomResponse(t, r, int64(i+1))
			plain.Add(&keep[i])
			for _, s := range keep[i].scores {
				a := keep[i].answer
				a.Score = s.GetScore()
				if was, has := want[s.GetMetric()]; !has || was.At < a.At || was.At == a.At && was.Response < a.Response {
					want[s.GetMetric()] = a
				}
			}
		}
		for i := range drop {
			drop[i] = randomResponse(t, r, int64(100+i))
		}
		all := slices.Concat(keep, drop)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for i := range all {
			mixed.Add(&all[i])
		}
		for i := range drop {
			if err := mixed.Take(&drop[i]); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Parse(mixed.Pack())
		if err != nil || !bytes.Equal(plain.Pack(), mixed.Pack()) || !bytes.Equal(again.Pack(), plain.Pack()) {
			t.Fatalf("%v: %+v %+v", err, plain, mixed)
		}
		half, rest := &History{}, &History{}
		for i := range keep {
			[]*History{half, rest}[r.IntN(2)].Add(&keep[i])
		}
		for _, parts := range [][]*History{{again}, {half, nil, rest}} {
			got := map[string]Answer{}
			Last(func(metric string, a Answer) { got[metric] = a }, parts...)
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	}
}

func TestTakenOutButNeverIn(t *testing.T) {
	a, _ := Of(Essence(event(recorded, 1, 0, 7, 5, 3)))
	b, _ := Of(Essence(event(recorded, 2, 0, 7, 5, 3)))
	h := &History{}
	if err := h.Take(&a); err == nil {
		t.Error("taken out of nothing")
	}
	h.Add(&a)
	if err := h.Take(&b); err == nil {
		t.Error("another response is gone")
	}
}

func FuzzParse(f *testing.F) {
	h := &History{}
	for i := range int64(3) {
		r, _ := Of(Essence(event(recorded, i+1, 0, 7, 5*i, 3, int32(i))))
		h.Add(&r)
	}
	f.Add(h.Pack())
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Parse(b)
		if err != nil {
			return
		}
		if _, err := Parse(h.Pack()); err != nil {
			t.Error(err)
		}
	})
}
