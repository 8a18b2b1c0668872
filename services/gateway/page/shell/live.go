package shell

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// maxLive bounds the pages that watch; past it a page is complete but not live.
const maxLive = 1000

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
