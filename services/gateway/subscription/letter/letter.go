// Package letter writes a report as an e-mail: a subject that says the most important,
// a part with charts and one of plain text, in English and Russian.
//
// Charts are table cells with a background. Mail clients do not show inline SVG, block
// pictures until they are allowed, and list embedded ones as attachments; cells are
// shown by all of them, at once, and keep their proportions on a telephone. The numbers
// stand beside each chart, so that nothing depends on seeing it.
package letter

import (
	"bytes"
	"embed"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/config"
)

// Content is what a letter is of.
type Content struct {
	Brand *config.Brand
	// Scope is the name of what the report is of; empty: the whole brand.
	Scope string
	// Window is its days; a scorecard's is what it says of itself.
	Window calendar.Days
	// Due is when it was due, in the recipient's zone; Live: it is of the day so far.
	Due  time.Time
	Live bool
	// Missed earlier reports were not sent.
	Missed int32
	Trial  bool
	Name   string // of the recipient
	Owner  string
	// One of them.
	Omnichannel *reportv1.GetOmnichannelReportResponse
	Scorecard   *reportv1.GetSubjectScorecardResponse
	// Page shows the report live, Unsubscribe ends the subscription; empty: no link.
	Page, Unsubscribe string
	// RightsUntil is when the subscription will end, if that is soon.
	RightsUntil time.Time
}

// Written is a letter without its address.
type Written struct{ Subject, HTML, Plain string }

//go:embed letter.html letter.txt
var files embed.FS

var (
	rich  = htmltemplate.Must(htmltemplate.ParseFS(files, "letter.html"))
	plain = texttemplate.Must(texttemplate.ParseFS(files, "letter.txt"))
)

// Languages are those that letters are written in.
func Languages() []string { return []string{english.Code, russian.Code} }

// Write writes a letter in a language, which is one of Languages.
func Write(code string, c Content) (Written, error) {
	words := &english
	if code == russian.Code {
		words = &russian
	}
	w := &writer{words: words, Content: c}
	v := w.view()
	var html, text bytes.Buffer
	if err := rich.Execute(&html, v); err != nil {
		return Written{}, err
	}
	if err := plain.Execute(&text, v); err != nil {
		return Written{}, err
	}
	return Written{Subject: v.Subject, HTML: html.String(), Plain: tidy(text.String())}, nil
}

// tidy leaves one empty line where there were several.
func tidy(text string) string {
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text) + "\n"
}

// view is what the templates show.
type view struct {
	W              *words
	Lang           string
	Subject, Title string
	Scope, Period  string
	AsOf, Greeting string
	Head           *row
	Notes          []string
	Tables         []table
	Trend          *trend
	Comments       []comment
	Missing        []string
	Page           string
	Unsubscribe    string
	Why            string
	Zone           string
}

// table is figures below each other.
type table struct {
	Title string
	Rows  []row
}

// row is a figure: with what it is worth, beside what it was, and drawn.
type row struct {
	Name, Value, Interval, Answers, Change, Aim, Note string
	Good, Bad                                         bool
	Bar                                               *bar
}

type comment struct {
	When string
	Text []string
}
