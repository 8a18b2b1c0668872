package shell

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Stage is how the pages of a package come to be: an address is read, what the parts of a
// page share is asked for as its reader, and the page is drawn. S is the scene: an address
// with all decided that it left open.
type Stage[S any] struct {
	Config *Config
	// Method is the RPC that is asked for as the reader.
	Method string
	// Read is the scene as far as an address says it. Beside an error too: in that
	// scene's language the reader is told why there is no such page.
	Read func(r *http.Request, q url.Values) (S, error)
	// Prepare decides what was left open, and asks for what the parts share.
	Prepare func(ctx context.Context, s S) error
	// Refuse tells why there is no such page.
	Refuse func(w http.ResponseWriter, s S, err error)
}

// Set sets the scene of an address. Where ok is false it has told why there is none;
// otherwise the calls of the scene end with done.
func (st *Stage[S]) Set(w http.ResponseWriter, r *http.Request, q url.Values) (ctx context.Context, s S, done context.CancelFunc, ok bool) {
	s, err := st.Read(r, q)
	if err == nil {
		ctx, done, err = st.Config.Calls(r, st.Method)
	}
	if err == nil {
		if err = st.Prepare(ctx, s); err != nil {
			done()
		}
	}
	if err != nil {
		st.Refuse(w, s, err)
		return nil, s, nil, false
	}
	return ctx, s, done, true
}

// Page shows a page.
func (st *Stage[S]) Page(show func(ctx context.Context, w http.ResponseWriter, s S)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, s, done, ok := st.Set(w, r, r.URL.Query())
		if !ok {
			return
		}
		defer done()
		show(ctx, w, s)
	}
}

// Table gives a page's numbers as a spreadsheet reads them, in a file of a name.
func (st *Stage[S]) Table(table func(ctx context.Context, s S) (name string, rows [][]string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, s, done, ok := st.Set(w, r, r.URL.Query())
		if !ok {
			return
		}
		defer done()
		name, rows, err := table(ctx, s)
		if err != nil {
			st.Refuse(w, s, err)
			return
		}
		WriteTable(w, name, rows)
	}
}

// TableName is what the file of a page's numbers is called: after its path and what it
// shows.
func TableName(path, id string) string {
	return strings.TrimPrefix(strings.TrimSuffix(path+"-"+id, "-"), "/")
}
