package query

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/internal/fold"
)

// Plan is a question about one metric, resolved: nothing in it depends on now
// or on how the request was written.
type Plan struct {
	b       *Brand
	subject measured
	window  window
	scope   scope
	by      []dimension
	grain   calendar.Grain
	rolling int
	now     time.Time
	ask     []byte
	version uint64
	// rowsOnly makes the plan read rows where histograms would do: for tests.
	rowsOnly bool
}

// Metric checks a question and resolves it at a moment.
func (b *Brand) Metric(ctx context.Context, req *surveyv1.GetMetricRequest, now time.Time) (*Plan, error) {
	subject, err := b.measured(req.GetMetric())
	if err != nil {
		return nil, err
	}
	return b.plan(ctx, 'm', subject, req, now)
}

// plan resolves a question about what is measured; kind keeps apart what the request
// does not tell apart.
func (b *Brand) plan(ctx context.Context, kind byte, subject measured, req *surveyv1.GetMetricRequest, now time.Time) (*Plan, error) {
	a := b.asker(now)
	p := &Plan{b: b, subject: subject, now: now, grain: grainOf(req.GetGrain()), rolling: int(req.GetRollingDays())}
	var err error
	fine := p.grain.Valid() && !p.grain.WholeDays()
	live := req.GetClock() == surveyv1.Clock_CLOCK_ANSWER || req.GetClock() == surveyv1.Clock_CLOCK_UNSPECIFIED && fine
	if fine && !live {
		a.bad.Field("grain", "is below a day, which the day of experience does not know; ask by clock ANSWER")
	}
	if p.rolling > 0 && !p.grain.WholeDays() {
		a.bad.Field("rolling_days", "needs a grain of a day or more")
	}
	if p.window, err = a.window(ctx, "window", req.GetWindow(), live, p.rolling); err != nil {
		return nil, err
	}
	if p.rolling > 0 && !p.window.wholeDays(b.Zone) {
		a.bad.Field("window.range", "must begin and end at midnight for a rolling window")
	}
	p.by = a.dimensions(req.GetGroupBy())
	if p.scope, err = a.scope("scope", req.GetScope()); err != nil {
		return nil, err
	}
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	if err := p.lay(ctx, a, req.GetScope()); err != nil {
		return nil, err
	}
	p.version = a.extra()
	p.ask, err = askBytes(kind, b.era(now, p.scope.current), req, p.window)
	return p, err
}

func grainOf(g commonv1.Grain) calendar.Grain {
	switch g {
	case commonv1.Grain_GRAIN_QUARTER_HOUR:
		return calendar.GrainQuarterHour
	case commonv1.Grain_GRAIN_HOUR:
		return calendar.GrainHour
	case commonv1.Grain_GRAIN_DAY:
		return calendar.GrainDay
	case commonv1.Grain_GRAIN_WEEK:
		return calendar.GrainWeek
	case commonv1.Grain_GRAIN_MONTH:
		return calendar.GrainMonth
	}
	return 0
}

// longAsk is from which length on a question is known by its hash alone: it may hold
// megabytes of customers, and it is kept with the answer.
const longAsk = 4096

// askBytes is the question in canonical bytes: the request and the windows it
// came to, so that "the last seven days" is another question tomorrow.
func askBytes(kind byte, era int64, req proto.Message, windows ...window) ([]byte, error) {
	b := binary.AppendVarint(append(make([]byte, 0, 256), kind), era)
	for _, w := range windows {
		b = binary.AppendVarint(b, w.start.Unix())
		b = binary.AppendVarint(b, w.end.Unix())
	}
	b, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, req)
	if err != nil {
		return nil, fault.Invalid().Field("", "cannot be read").Err()
	}
	if len(b) > longAsk {
		hash := sha256.Sum256(b)
		return append([]byte{'#'}, hash[:]...), nil // no kind of question is '#'
	}
	return b, nil
}

// Question is what the answer is cached by.
func (p *Plan) Question() fold.Question {
	return fold.Question{Brand: p.b.Name, Ask: p.ask, Days: p.window.spans(p.lead()), Extra: p.version}
}

// era numbers the minutes for answers in today's structure: they change with
// time alone, when a link of the structure begins.
func (b *Brand) era(now time.Time, current bool) int64 {
	if !current {
		return 0
	}
	return now.Unix() / 60
}

// lead is how many days before the window a rolling window looks back on.
func (p *Plan) lead() int { return max(0, p.rolling-1) }

// series tells whether groups are counted apart from the total.
func (p *Plan) series() bool { return len(p.by) > 0 || p.grain.Valid() }

// fromCells says that histograms may do. Where subjects overlap only the slabs
// themselves can tell.
func (p *Plan) fromCells() bool {
	if p.rowsOnly || !p.scope.plain() {
		return false
	}
	conditions := 0
	if len(p.scope.subjects) > 0 {
		conditions++
	}
	if len(p.scope.labels) > 0 {
		conditions++
	}
	for i := range p.by {
		if !p.by[i].inCells(p.window.live) {
			return false
		}
		if p.by[i].ofSubjects() {
			conditions++
		}
	}
	return conditions < 2
}
