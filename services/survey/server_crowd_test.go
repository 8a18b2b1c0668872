package survey_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// More callers than the database has connections amend one response: each gets
// an answer, the reads beside them too, and one version counts.
func TestCrowdAmendsOneResponse(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		id := submit(t, r, "once", response("n1", 3)).GetId()
		ask := &surveyv1.GetMetricRequest{Brand: brand, Metric: "nps.network"}
		var wg sync.WaitGroup
		for i := range int32(48) {
			wg.Go(func() {
				next := response("n1", i%11)
				next.Id = id
				if _, err := r.AmendResponse(ctx, &surveyv1.AmendResponseRequest{Brand: brand, Response: next}); err != nil {
					t.Errorf("amend: %v", err)
				}
				if _, err := r.GetMetric(ctx, ask); err != nil {
					t.Errorf("read: %v", err)
				}
			})
		}
		wg.Wait()
		got, err := r.GetResponse(ctx, &surveyv1.GetResponseRequest{Brand: brand, Id: id})
		if err != nil {
			t.Fatal(err)
		}
		m, err := r.GetMetric(ctx, ask)
		if err != nil {
			t.Fatal(err)
		}
		want := float64(got.GetResponse().GetAnswers()[0].GetScore())
		if m.GetTotal().GetN() != 1 || m.GetTotal().GetMean() != want {
			t.Errorf("n %d, mean %v after the last version said %v", m.GetTotal().GetN(), m.GetTotal().GetMean(), want)
		}
	})
}

// What people type, a NUL included, opens its case on either engine and stops
// nobody else's.
func TestAnyCommentOpensItsCase(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for i, comment := range []string{"late\x00", "rude"} {
			in := response("n1", 2)
			in.Answers = append(in.Answers, &surveyv1.Answer{QuestionId: "why", Value: &surveyv1.Answer_Text{Text: comment}})
			submit(t, r, string(rune('a'+i)), in)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for {
			list, err := r.ListCases(ctx, &surveyv1.ListCasesRequest{Brand: brand})
			if err != nil {
				t.Fatal(err)
			}
			if len(list.GetCases()) == 2 {
				return
			}
		}
	})
}

func TestGoalIsANumber(t *testing.T) {
	each(t, func(t *testing.T, r *replica, _ *clock) {
		for _, target := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			_, err := r.SetGoal(t.Context(), &surveyv1.SetGoalRequest{Brand: brand, Goal: &surveyv1.Goal{
				Metric: "nps.network", Target: target, Days: &commonv1.DateRange{Start: "2026-03-01", End: "2026-04-01"},
			}})
			if err == nil {
				t.Errorf("a goal of %v was taken", target)
			}
		}
	})
}
