package journey

import (
	"context"
	"sync"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
)

// scores are what Survey told of a map's metrics.
type scores struct {
	byAsk map[scoreAsk]*surveyv1.Score
	// missing says that Survey could not be asked for all of them.
	missing bool
}

// scoreAsk is what a touchpoint asks of Survey; several may ask the same.
type scoreAsk struct {
	metric  string
	channel commonv1.Channel
	kind    commonv1.SubjectKind
	subject string
}

func askOf(p *journeyv1.Touchpoint) scoreAsk {
	return scoreAsk{p.GetMetric(), p.GetChannel(), p.GetSubject().GetKind(), p.GetSubject().GetId()}
}

// of is a touchpoint's score, if there is one.
func (f *scores) of(p *journeyv1.Touchpoint) *surveyv1.Score { return f.byAsk[askOf(p)] }

const (
	// scoresAtOnce bounds the calls to Survey under way for one map.
	scoresAtOnce = 8
	// scoresWithin is how long Survey is waited for if the caller sets no deadline.
	scoresWithin = 5 * time.Second
)

// scores asks Survey for the metrics of a map. It leaves the caller a quarter of
// the time: numbers without scores are worth more than no answer.
func (s *Server) scores(ctx context.Context, brand string, c *journeyv1.MapContent, window *surveyv1.Window) scores {
	out := scores{byAsk: map[scoreAsk]*surveyv1.Score{}}
	asks := asksOf(c)
	if len(asks) == 0 {
		return out
	}
	if s.near.Survey == nil {
		out.missing = true
		return out
	}
	within := scoresWithin
	if end, ok := ctx.Deadline(); ok {
		within = time.Until(end) * 3 / 4
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	todo := make(chan scoreAsk, len(asks))
	for _, a := range asks {
		todo <- a
	}
	close(todo)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(scoresAtOnce, len(asks)) {
		workers.Go(func() {
			for a := range todo {
				score, ok := s.score(ctx, brand, a, window)
				mu.Lock()
				out.byAsk[a] = score
				out.missing = out.missing || !ok
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return out
}

// asksOf are the different scores that a map wants.
func asksOf(c *journeyv1.MapContent) []scoreAsk {
	var asks []scoreAsk
	seen := map[scoreAsk]bool{}
	for _, stage := range c.GetStages() {
		for _, p := range stage.GetTouchpoints() {
			if a := askOf(p); a.metric != "" && !seen[a] {
				seen[a] = true
				asks = append(asks, a)
			}
		}
	}
	return asks
}

// score is one score, by day of the experience as our own numbers are; nil if
// Survey knows no such metric or subject. False says that it could not be asked.
func (s *Server) score(ctx context.Context, brand string, a scoreAsk, window *surveyv1.Window) (*surveyv1.Score, bool) {
	scope := &surveyv1.Scope{}
	if a.channel != commonv1.Channel_CHANNEL_UNSPECIFIED {
		scope.Channels = []commonv1.Channel{a.channel}
	}
	if a.subject != "" {
		scope.Subjects = []*commonv1.SubjectRef{{Kind: a.kind, Id: a.subject}}
	}
	out, err := s.near.Survey.GetMetric(ctx, &surveyv1.GetMetricRequest{
		Brand: brand, Metric: a.metric, Window: window, Clock: surveyv1.Clock_CLOCK_EXPERIENCE, Scope: scope,
	})
	switch {
	case err == nil:
		return out.GetTotal(), true
	case fault.Is(err, commonv1.Reason_REASON_METRIC_UNKNOWN), fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN):
		return nil, true
	}
	s.log.Warn("survey does not tell a score", "brand", brand, "metric", a.metric, "error", err)
	return nil, false
}

// surveyWindow asks Survey about the same days.
func surveyWindow(days *calendar.Days) *surveyv1.Window {
	if days == nil {
		return nil
	}
	return &surveyv1.Window{Window: &surveyv1.Window_Dates{Dates: &commonv1.DateRange{Start: days.From.String(), End: days.Until.String()}}}
}
