package shell

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// TestWhatAReaderHasIsNotSentAgain: the same page is 304, another one is sent whole,
// and pages about persons are kept by nobody.
func TestWhatAReaderHasIsNotSentAgain(t *testing.T) {
	body, kept := "first", true
	page := Revalidated(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if kept {
			keep(w.Header(), []byte(body))
		}
		w.WriteHeader(http.StatusOK)
		fmt.Fprint(w, body)
	}))
	get := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		return w
	}
	tag := get("").Header().Get("ETag")
	for asked, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
		if got := get(asked); got.Code != want || (want == 304) != (got.Body.Len() == 0) {
			t.Errorf("%q: HTTP %d, %d bytes", asked, got.Code, got.Body.Len())
		}
	}
	if body = "second"; get(tag).Code != 200 {
		t.Error("what has changed is not sent")
	}
	if kept = false; get("*").Code != 200 {
		t.Error("what has no tag is taken for known")
	}
}

// TestAnAddressIsItsView: what is read of a link makes the same link again, and a
// change leaves the address that it began from.
func TestAnAddressIsItsView(t *testing.T) {
	own := []string{"kind", "days"}
	q := url.Values{"brand": {"demo"}, "lang": {"ru"}, "kind": {"STORE", "", "A B"}, "days": {" "}, "other": {"x"}}
	a, err := ReadAddress(q, "/rankings", "Ж:1", own)
	if err != nil {
		t.Fatal(err)
	}
	const want = "/rankings/%D0%96:1?brand=demo&kind=STORE&kind=A+B&lang=ru"
	if a.String() != want {
		t.Errorf("%s, want %s", a, want)
	}
	if b := a.With("kind").With("days", "7"); b.String() != "/rankings/%D0%96:1?brand=demo&days=7&lang=ru" || a.String() != want {
		t.Errorf("%s, and %s", b, a)
	}
	if diff := cmp.Diff([]Hidden{{"brand", "demo"}, {"kind", "STORE"}, {"kind", "A B"}}, a.Hidden("lang")); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadAddress(url.Values{"kind": {"\xff"}}, "/", "", own); err == nil {
		t.Error("what is no text is taken")
	}
}

// TestWaysStandUnderTheirHeadings whatever package they come from; those without one
// come last.
func TestWaysStandUnderTheirHeadings(t *testing.T) {
	way := func(path string, g Group) Way {
		return Way{Path: path, Group: g, Names: map[string]string{"en": path}}
	}
	cfg := Config{Nav: Ordered([]Way{way("", Experience), way("/maps", Paths), way("/new", "")}, []Way{way("/cases", Work), way("/drivers", Experience)})}
	f := Frame{Tabs: cfg.Ways(t.Context(), "demo", &English, "/cases", func(path string) string { return path + "?" })}
	got := map[string][]string{}
	for _, h := range f.Menu() {
		for _, w := range h.Ways {
			got[h.Name] = append(got[h.Name], w.Link)
		}
	}
	if diff := cmp.Diff(map[string][]string{"Experience": {"?", "/drivers?"}, "To do": {"/cases?"}, "Journeys": {"/maps?"}, "": {"/new?"}}, got); diff != "" || f.Here() != "/cases" {
		t.Errorf("%s: %s", f.Here(), diff)
	}
}

// TestASheetTellsAbsentFromZero.
func TestASheetTellsAbsentFromZero(t *testing.T) {
	s, zero := NewSheet(), 0.0
	s.Add(Figure{Section: "a", Value: &zero, AsOf: timestamppb.New(time.Unix(0, 0))})
	s.Add(Figure{Section: "b"})
	if s[1][3] != "0" || s[1][7] != "1970-01-01T00:00:00Z" || s[2][3] != "" || s[2][7] != "" {
		t.Errorf("%q", s)
	}
}
