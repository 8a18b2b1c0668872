package shell

import (
	"fmt"

	"golang.org/x/text/language"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Lang is how a language writes numbers and days, and what all pages say. Each
// package of pages has a catalogue of its own around it.
type Lang struct {
	Code, Name      string
	decimal, groups string
	// months as they stand beside a day, and as they stand alone and short.
	months, monthsShort [12]string
	// dayMonth, dayMonthYear and monthYear order the parts: {d}, {m}, {y}.
	dayMonth, dayMonthYear, monthYear string
	// plural picks one of the forms of a word for a number.
	plural func(n int64) int
	// The forms of words that are counted.
	answer []string

	Title, Problem, Back, Brands, LanguageWord, Pages, Period, Show, Yes, No string
	AsOf, Permalink, Numbers, Value, NoAnswers, Points, Shares               string
	SectionFailed, NotDeployed, NotHere, CSVLink, Newest, Next, Scroll       string
	Overview, Customers                                                      string
	SkipWord, ThisView, Menu, Live, LiveOff                                  string

	channels map[commonv1.Channel]string
	metrics  map[surveyv1.MetricKind]string
	faults   map[string]string
	headings map[Group]string
	lowShare string
}

// Langs are the languages, the first for whoever asks for none of them.
var Langs = []*Lang{&English, &Russian}

// Named finds a language by its code; nil if there is none.
func Named(code string) *Lang {
	for _, l := range Langs {
		if l.Code == code {
			return l
		}
	}
	return nil
}

// Accepted is the language a browser prefers.
func Accepted(header string) *Lang {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return Langs[0]
	}
	for _, t := range tags {
		base, _ := t.Base()
		if l := Named(base.String()); l != nil {
			return l
		}
	}
	return Langs[0]
}

// Decimal is the mark between whole numbers and parts.
func (l *Lang) Decimal() string { return l.decimal }

// Channel is its name for people.
func (l *Lang) Channel(c commonv1.Channel) string { return l.channels[c] }

// MetricKind is what a metric of a kind is called.
func (l *Lang) MetricKind(k surveyv1.MetricKind) string { return l.metrics[k] }

// FaultText says in words why something cannot be shown.
func (l *Lang) FaultText(err error) string {
	e := fault.From(err)
	text, ok := l.faults[e.Code.String()]
	if !ok {
		return l.faults[""]
	}
	for _, f := range e.Fields {
		text += fmt.Sprintf(" (%s %s)", f.Path, f.Text)
	}
	return text
}

// Inside says that something went wrong that is nobody's business.
func (l *Lang) Inside() string { return l.faults[""] }
