package shell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rapport-cx/rapport/internal/fault"
)

const (
	// maxLive bounds the pages that watch; past it a page is complete but not live.
	maxLive = 1000
	// liveRest is the least time between two drawings for one page: more often than
	// this nobody reads, and a busy brand has an answer every few milliseconds.
	liveRest = time.Second
	// liveLook is how often a page looks for what no stream tells of: services keep the
	// answer to a question until a fact arrives, so that looking costs little.
	liveLook = 5 * time.Second
)

// Watch is how a page is kept true while it is open.
type Watch[S any] struct {
	// Told opens the stream that tells of changes, and gives what waits for the next one;
	// nil, or none given: the page is only looked at every few seconds.
	Told func(ctx context.Context, s S) (next func() error, err error)
	// Draw are the parts of the page as they are now.
	Draw func(ctx context.Context, s S) []Drawing
}

// Live tells an open page of what has changed, as server-sent events: each is a section
// drawn anew. It ends with the page, or when the process drains; the page then comes back
// by itself.
func (st *Stage[S]) Live(watch Watch[S]) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, err := st.Read(r, r.URL.Query())
		if err == nil && r.URL.Query().Get("brand") == "" {
			err = fault.Invalid().Field("brand", "is missing").Err() // what is watched must not move
		}
		if err != nil {
			st.Refuse(w, s, err)
			return
		}
		if !st.Config.Seats.Sit(w) {
			return
		}
		defer st.Config.Seats.Rise()
		ctx, err := st.Config.Outgoing(r, st.Method)
		if err == nil {
			err = st.Prepare(ctx, s)
		}
		if err != nil {
			st.Refuse(w, s, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		e, ok := Begin(w)
		if !ok {
			return
		}
		// The scene is set anew each time: it may be another day.
		look := func() error {
			ctx, cancel := context.WithTimeout(ctx, PageTime)
			defer cancel()
			s, err := st.Read(r, r.URL.Query())
			if err == nil {
				err = st.Prepare(ctx, s)
			}
			if err != nil {
				return err
			}
			return e.Send(watch.Draw(ctx, s))
		}
		err = st.follow(ctx, watch.heard(ctx, s), look)
		if err != nil && ctx.Err() == nil && !fault.Retryable(err) && !errors.Is(err, ErrLeft) {
			st.Config.Log.Warn("live page", "page", r.URL.Path, "error", err)
		}
	}
}

// follow looks at once, then whenever a change is heard of, and every so often.
func (st *Stage[S]) follow(ctx context.Context, changes <-chan error, look func() error) error {
	now, rest := time.NewTicker(liveLook), time.NewTimer(0)
	defer now.Stop()
	defer rest.Stop()
	for {
		if err := look(); err != nil {
			return err
		}
		rest.Reset(liveRest)
		select {
		case <-rest.C:
		case <-ctx.Done():
			return nil
		case <-st.Config.Draining:
			return nil
		}
		select {
		case err := <-changes:
			if fault.Retryable(err) {
				return err
			}
			if err != nil { // who may not watch, or not this, may still look
				changes = nil
			}
		case <-now.C:
		case <-ctx.Done():
			return nil
		case <-st.Config.Draining:
			return nil
		}
	}
}

// heard tells of changes, nil each, and at last why no more are told of. Those that come
// while the page is drawn are one.
func (watch *Watch[S]) heard(ctx context.Context, s S) <-chan error {
	if watch.Told == nil {
		return nil
	}
	changed := make(chan error, 1)
	go func() {
		next, err := watch.Told(ctx, s)
		if next == nil && err == nil {
			return
		}
		for err == nil {
			if err = next(); err != nil {
				break
			}
			select {
			case changed <- nil:
			default:
			}
		}
		select {
		case changed <- err:
		case <-ctx.Done():
		}
	}()
	return changed
}

// Seats are those of pages that watch.
type Seats chan struct{}

// NewSeats has room for as many pages as one process keeps true.
func NewSeats() Seats { return make(Seats, maxLive) }

// Sit takes one, if there is one; who sits must Rise.
func (s Seats) Sit(w http.ResponseWriter) bool {
	select {
	case s <- struct{}{}:
		return true
	default:
		http.Error(w, "too many pages watch", http.StatusServiceUnavailable)
		return false
	}
}

// Rise gives the seat back.
func (s Seats) Rise() { <-s }

// Events writes server-sent events.
type Events struct {
	w     http.ResponseWriter
	flush func() error
	sent  map[string]string // version of each section on the page
}

// ErrLeft is that the page was closed.
var ErrLeft = errors.New("the page was closed")

// Begin begins a stream of events.
func Begin(w http.ResponseWriter) (*Events, bool) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	e := &Events{w: w, flush: http.NewResponseController(w).Flush, sent: map[string]string{}}
	return e, e.write("retry: 2000\n\n") == nil
}

// Send sends the sections that are not what the page has.
func (e *Events) Send(all []Drawing) error {
	for _, d := range all {
		if e.sent[d.ID] == d.Version {
			continue
		}
		body, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if err := e.write("event: section\ndata: " + string(body) + "\n\n"); err != nil {
			return err
		}
		e.sent[d.ID] = d.Version
	}
	return e.write(": seen\n\n") // keeps proxies from closing what is merely quiet
}

func (e *Events) write(text string) error {
	if _, err := fmt.Fprint(e.w, text); err != nil {
		return errors.Join(ErrLeft, err)
	}
	if err := e.flush(); err != nil {
		return errors.Join(ErrLeft, err)
	}
	return nil
}
