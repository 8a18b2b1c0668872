package survey_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb/sqldbtest"
)

// TestKilledServerKeepsWhatWasSaved kills the server while people fill in questionnaires.
// What it had acknowledged is there when the link is opened again, every link is answered
// once, and the numbers are the refold of the log.
func TestKilledServerKeepsWhatWasSaved(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.PostgresDurable} {
		t.Run(name, func(t *testing.T) {
			data, db := t.TempDir(), url(t)
			p := startProcess(t, data, db, "")
			define(t, p)
			links := make([]*surveyv1.SurveyLink, 60)
			for i := range links {
				l := invitation("n1", int64(1+i))
				l.ExperiencedAt = nil
				links[i] = makeLink(t, p, fmt.Sprint("l", i), l)
			}
			kept := make([]int32, len(links)) // the last score acknowledged, -1: none
			for i := range kept {
				kept[i] = -1
			}
			for round := range 3 {
				tried := slices.Clone(kept) // the last score sent
				var people sync.WaitGroup
				for i, l := range links {
					people.Go(func() {
						for score := range int32(11) {
							tried[i] = score
							ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
							_, err := p.SaveSurveyAnswers(ctx, &surveyv1.SaveSurveyAnswersRequest{Brand: brand, Token: l.GetToken(), SurveyVersion: 1,
								Answers: []*surveyv1.Answer{scoreOf("nps", score)}})
							if cancel(); err != nil {
								return
							}
							kept[i] = score
						}
					})
				}
				openLink(t, p, links[round], "")
				p.kill()
				people.Wait()
				verify(t, data, db, "")
				endLeases(t, db)
				p = startProcess(t, data, db, "")
				for i, l := range links {
					got := openLink(t, p, l, "").GetAnswers()
					switch {
					case kept[i] >= 0 && len(got) == 0:
						t.Errorf("round %d: link %d lost its answer", round, i)
					case len(got) > 0 && got[0].GetScore() != kept[i] && got[0].GetScore() != tried[i]:
						t.Errorf("round %d: link %d has %d, %d was acknowledged and %d sent", round, i, got[0].GetScore(), kept[i], tried[i])
					}
					if kept[i] = -1; len(got) > 0 {
						kept[i] = got[0].GetScore()
					}
				}
			}
			answerAndKill(t, p, links, data, db)
		})
	}
}

// answerAndKill finishes all links, kills the server in the middle, and finishes them
// again.
func answerAndKill(t *testing.T, p *process, links []*surveyv1.SurveyLink, data, db string) {
	t.Helper()
	answered := make([]string, len(links))
	var people sync.WaitGroup
	for i, l := range links {
		people.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			out, err := p.AnswerSurveyLink(ctx, &surveyv1.AnswerSurveyLinkRequest{Brand: brand, Token: l.GetToken(), SurveyVersion: 1, Answers: []*surveyv1.Answer{scoreOf("nps", int32(i%11))}})
			if err == nil {
				answered[i] = out.GetResponseId()
			}
		})
		if i == len(links)/2 {
			p.kill()
		}
	}
	people.Wait()
	endLeases(t, db)
	p = startProcess(t, data, db, "")
	for i, l := range links {
		out := finish(t, p, l, "", scoreOf("nps", int32(i%11)))
		if answered[i] != "" && (out.GetResponseId() != answered[i] || !out.GetReplayed()) {
			t.Errorf("link %d brought response %s and then %v", i, answered[i], out)
		}
	}
	if out, err := p.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Brand: brand, PageSize: 1000}); err != nil || len(out.GetResponses()) != len(links) {
		t.Errorf("%d responses of %d links: %v", len(out.GetResponses()), len(links), err)
	}
	stats, err := p.GetInvitationStats(t.Context(), &surveyv1.GetInvitationStatsRequest{Brand: brand})
	for deadline := time.Now().Add(20 * time.Second); err == nil && stats.GetTotal().GetAnswered() < int64(len(links)) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
		stats, err = p.GetInvitationStats(t.Context(), &surveyv1.GetInvitationStatsRequest{Brand: brand})
	}
	if got := stats.GetTotal(); err != nil || got.GetSent() != int64(len(links)) || got.GetAnswered() != got.GetSent() || got.GetStarted() != got.GetSent() || got.GetResponseRate() != 100 {
		t.Errorf("%v %v", got, err)
	}
	p.kill()
	verify(t, data, db, "")
}
