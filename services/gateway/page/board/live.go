package board

import (
	"context"
	"errors"
	"net/http"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// liveLook is how often a page is looked at again that no stream tells of: services
// keep the answer to a question until a fact arrives, so that looking costs little.
const liveLook = 5 * time.Second

// serveLive tells an open page of what has changed: of the omnichannel report as soon
// as it does, of other pages every few seconds.
func (p *Pages) serveLive(l *leaf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, err := p.read(r, r.URL.Query(), l)
		if err != nil || s.Brand == "" {
			http.Error(w, "not a page to watch", http.StatusBadRequest)
			return
		}
		if !p.seats.Sit(w) {
			return
		}
		defer p.seats.Rise()
		ctx, err := p.cfg.Outgoing(r, l.method)
		if err == nil {
			err = p.prepare(ctx, s)
		}
		if err != nil {
			http.Error(w, s.Lang.FaultText(err), p.cfg.Status(err))
			return
		}
		e, ok := shell.Begin(w)
		if !ok {
			return
		}
		follow := p.lookAgain
		if l.path == omnichannelPath {
			follow = p.watchReport
		}
		if err := follow(ctx, s, e); err != nil && ctx.Err() == nil && !fault.Retryable(err) && !errors.Is(err, shell.ErrLeft) {
			p.cfg.Log.Warn("live page", "page", l.path, "error", err)
		}
	}
}

// watchReport sends what has changed whenever ReportService says that it may have.
func (p *Pages) watchReport(ctx context.Context, s *scene, e *shell.Events) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-p.cfg.Draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	stream, err := p.report.WatchReport(ctx, &reportv1.WatchReportRequest{Report: s.omnichannelQuestion()})
	for err == nil {
		var got *reportv1.WatchReportResponse
		if got, err = stream.Recv(); err != nil {
			break
		}
		s.omni.got, s.now = got.GetReport(), p.cfg.Clock()
		err = e.Send(p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, s)))
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// lookAgain sends what has changed, at once and then every so often.
func (p *Pages) lookAgain(ctx context.Context, s *scene, e *shell.Events) error {
	look := time.NewTicker(liveLook)
	defer look.Stop()
	for {
		if err := p.redraw(ctx, s, e); err != nil {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		case <-p.cfg.Draining:
			return nil
		}
	}
}

func (p *Pages) redraw(ctx context.Context, s *scene, e *shell.Events) error {
	ctx, cancel := context.WithTimeout(ctx, shell.PageTime)
	defer cancel()
	now := &scene{Address: s.Address, Lang: s.Lang, leaf: s.leaf, window: s.window, now: p.cfg.Clock()}
	now.queue.who, now.queue.signed = s.queue.who, s.queue.signed
	if err := p.prepare(ctx, now); err != nil {
		return err
	}
	return e.Send(p.drawn.Draw(ctx, &s.Lang.Lang, s.Lang, s.Address, s.leaf.sections(p, now)))
}
