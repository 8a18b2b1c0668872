package survey

import (
	"testing"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell/shelltest"
)

// TestLanguagesSayTheSame: no text is missing in one of them, and all take what the
// others take.
func TestLanguagesSayTheSame(t *testing.T) {
	for _, l := range languages[1:] {
		shelltest.SameWords(t, l.Code, own(languages[0]), own(l))
	}
	for f := required; f <= notAnAnswer; f++ {
		for _, l := range languages {
			if l.flaws[f] == "" {
				t.Errorf("%s has no words for flaw %d", l.Code, f)
			}
		}
	}
}

// own is a catalogue without the shell's, which is held against its own fellow.
func own(t *texts) texts {
	out := *t
	out.Lang = nil
	return out
}

func TestQuestionsAreSaidInSomeLanguage(t *testing.T) {
	of := func(pairs ...string) *commonv1.LocalizedText {
		out := &commonv1.LocalizedText{Texts: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			out.Texts[pairs[i]] = pairs[i+1]
		}
		return out
	}
	for want, text := range map[string]*commonv1.LocalizedText{
		"own": of("ru", "own", "en", "other"), "brand's": of("de", "brand's", "aa", "first"), "first": of("zz", "last", "bb", "first"), "": of("ru", ""),
	} {
		if got := russian.say(text, []string{"de"}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestUntilWhen(t *testing.T) {
	now := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	for want, due := range map[string]time.Time{
		"today by\u00a018:00": now.Add(6 * time.Hour), "tomorrow by\u00a011:00": now.Add(23 * time.Hour), "by\u00a05\u00a0March\u00a02026, 12:00": now.AddDate(0, 0, 5),
	} {
		if got := english.by(due, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
