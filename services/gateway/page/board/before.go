package board

import (
	"context"
	"fmt"
	"math"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/report"
)

// differs tells whether two scores are apart beyond chance.
func differs(m *surveyv1.Metric, a, b *surveyv1.Score) bool { return report.Differs(m, a, b) }

// rankedBefore are the scores of the same stretch of days before, by subject; none
// where everything ever recorded is shown.
func (p *Pages) rankedBefore(ctx context.Context, s *scene) (map[string]*surveyv1.RankedSubject, error) {
	if s.span.All {
		return nil, nil
	}
	in := s.leagueQuestion()
	in.Window = datesOf(s.span.Before(p.today(s)))
	in.MinN, in.PageSize, in.PageToken = 1, leagueWhole, ""
	out := map[string]*surveyv1.RankedSubject{}
	for {
		got, err := p.survey.RankSubjects(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, one := range got.GetSubjects() {
			out[subjectText(one.GetSubject())] = one
		}
		if in.PageToken = got.GetNextPageToken(); in.PageToken == "" {
			return out, nil
		}
	}
}

// against sets a score beside that of the days before.
func (s *scene) against(m *surveyv1.Metric, now, then *surveyv1.Score) change {
	if now == nil || now.Value == nil || then == nil || then.Value == nil {
		return change{Words: s.Lang.NothingThen}
	}
	step := now.GetValue() - then.GetValue()
	out := change{Step: signed(step, s.Lang.Apart(m.GetKind(), math.Abs(step))), Words: s.Lang.WithinChance, Mood: "same"}
	out.Then = fmt.Sprintf(s.Lang.Then, s.Lang.ValueOf(m.GetKind(), then.GetValue()), s.Lang.Count(then.GetN()))
	if differs(m, now, then) {
		out.Words, out.Mood = s.Lang.BeyondChance, "bad"
		if (step > 0) != less(m) {
			out.Mood = "good"
		}
	}
	return out
}
