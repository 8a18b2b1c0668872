package survey

import (
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

// texts are what the page says in one language.
type texts struct {
	*shell.Lang
	Survey, Step, Next, Back, Send, Optional, Required, Saved, Saving, NotSaved string
	GoOn, LanguageIs, CheckOne, CheckMany, Privacy, Language                    string
	// Ends of scales.
	Satisfaction, Importance, Best, Worst string
	ends                                  map[surveyv1.QuestionKind][2]string
	ImportanceLow, ImportanceHigh         string
	flaws                                 map[flaw]string
	// What is said at the end, or in its place.
	Thanks, ThanksText, CallBack, LookInto, Until, Today, Tomorrow                        string
	Answered, AnsweredText, Expired, ExpiredText, Revoked, RevokedText, Closed            string
	ClosedText, Forged, ForgedText, Crowded, CrowdedText, Away, AwayText, Broken, TryThen string
}

// languages are the page's, in the order to show them.
var languages = []*texts{&english, &russian}

// named finds a language by its code; nil if there is none.
func named(code string) *texts {
	for _, t := range languages {
		if t.Code == code {
			return t
		}
	}
	return nil
}

// say is a text of a questionnaire in this language, else in the brand's.
func (t *texts) say(text *commonv1.LocalizedText, locales []string) string {
	all := text.GetTexts()
	if s := all[t.Code]; s != "" {
		return s
	}
	for _, locale := range locales {
		if s := all[locale]; s != "" {
			return s
		}
	}
	first, found := "", ""
	for locale, s := range all {
		if s != "" && (first == "" || locale < first) {
			first, found = locale, s
		}
	}
	return found
}

// by says until when, as one says it on the day.
func (t *texts) by(due, now time.Time) string {
	switch {
	case due.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Today + " " + t.Until + "\u00a0" + due.Format("15:04")
	case due.Format(time.DateOnly) == now.AddDate(0, 0, 1).Format(time.DateOnly):
		return t.Tomorrow + " " + t.Until + "\u00a0" + due.Format("15:04")
	}
	return t.Until + "\u00a0" + t.Moment(due)
}
