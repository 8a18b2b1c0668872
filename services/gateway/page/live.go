package page

import (
	"context"
	"errors"
	"net/http"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

const (
	// liveRest is the least time between two drawings for one page: more often
	// than this nobody reads, and a busy brand has an answer every few milliseconds.
	liveRest = time.Second
	// liveLook is how often a page looks for what has no stream to tell of it.
	liveLook = 5 * time.Second
)

// Live tells an open page of what has changed, as server-sent events: each is a
// section drawn anew. It ends with the page, or when the process drains; the page
// then comes back by itself.
func (p *Page) Live(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("page") {
		p.liveLeaf(w, r)
		return
	}
	v, err := readView(r)
	if err != nil || v.Brand == "" || v.Metric == "" || p.survey == nil {
		http.Error(w, "not a page to watch", http.StatusBadRequest)
		return
	}
	if !p.seats.Sit(w) {
		return
	}
	defer p.seats.Rise()
	ctx, err := p.cfg.Outgoing(r, surveyv1.SurveyService_WatchMetric_FullMethodName)
	if err != nil {
		http.Error(w, "not a page to watch", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := p.stage(ctx, v)
	if err != nil {
		http.Error(w, v.Lang.FaultText(err), http.StatusServiceUnavailable)
		return
	}
	e, ok := shell.Begin(w)
	if !ok {
		return
	}
	err = p.follow(ctx, s, e)
	if err != nil && ctx.Err() == nil && !fault.Retryable(err) && !errors.Is(err, shell.ErrLeft) {
		p.cfg.Log.Warn("live page", "error", err)
	}
}

// follow draws again whenever the score changes, and looks now and then for the
// rest.
func (p *Page) follow(ctx context.Context, s *scene, e *shell.Events) error {
	changed, ended := p.watch(ctx, s)
	look := time.NewTicker(liveLook)
	defer look.Stop()
	for {
		wanted := sections
		select {
		case <-changed:
		case <-look.C:
			wanted = unwatched
		case err := <-ended:
			return err
		case <-p.cfg.Draining:
			return nil
		}
		if err := p.redraw(ctx, s.view, wanted, e); err != nil {
			return err
		}
		if len(wanted) < len(sections) {
			continue
		}
		select {
		case <-time.After(liveRest):
		case <-ctx.Done():
			return nil
		case <-p.cfg.Draining:
			return nil
		}
	}
}

// watch follows the score; changes that come while the page is drawn are one.
func (p *Page) watch(ctx context.Context, s *scene) (<-chan struct{}, <-chan error) {
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		stream, err := p.survey.WatchMetric(ctx, &surveyv1.WatchMetricRequest{Query: &surveyv1.GetMetricRequest{
			Brand: s.Brand, Metric: s.Metric, Window: s.watched(), Scope: s.scope(), Clock: surveyv1.Clock_CLOCK_EXPERIENCE,
		}})
		for err == nil {
			if _, err = stream.Recv(); err != nil {
				break
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		}
		ended <- err
	}()
	return changed, ended
}

// watched is the window whose changes can change the page: that before it too,
// since the two are compared. Where there are no answers yet it is all time.
func (s *scene) watched() *surveyv1.Window {
	if s.window.whole() || s.window.stale {
		return nil
	}
	if s.Days != "" { // it moves on at midnight
		return &surveyv1.Window{Window: &surveyv1.Window_LastDays{LastDays: int32(2 * s.window.days())}}
	}
	return window{first: s.window.before().first, last: s.window.last}.proto()
}

// redraw sends the sections that are not what the page has. The scene is set
// anew: it may be another day, or there may be answers where none were.
func (p *Page) redraw(ctx context.Context, v view, wanted []section, e *shell.Events) error {
	ctx, cancel := context.WithTimeout(ctx, shell.PageTime)
	defer cancel()
	s, err := p.stage(ctx, v)
	if err != nil {
		return err
	}
	return e.Send(p.draw(ctx, s, wanted))
}
