package gateway_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// reader is somebody who answers in a real browser.
type reader struct {
	t    *testing.T
	ctx  context.Context
	name string
	// scripts run where the browser lets them.
	scripts bool
}

// sizes are a desk and a telephone.
var sizes = []struct {
	name          string
	width, height int64
}{{"desktop", 1280, 900}, {"phone", 390, 844}}

// command gives the browser an order of its own.
func command[P, R any](t *testing.T, ctx context.Context, cmd cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, cmd, params); err != nil {
		t.Fatal(err)
	}
}

func (r *reader) tap(selector string) {
	r.t.Helper()
	do(r.t, r.ctx, chromedp.Click(chromedp.CSS(selector)))
}

// press taps a button of the form; without scripts that leads to another page.
func (r *reader) press(selector string) {
	r.t.Helper()
	if r.scripts {
		r.tap(selector)
		return
	}
	if _, err := chromedp.RunResponse(r.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		r.t.Fatal(err)
	}
}

// choose taps a point or an option; with scripts it is kept at once.
func (r *reader) choose(name, value string) {
	r.t.Helper()
	r.tap(fmt.Sprintf(`input[name="%s"][value="%s"]`, name, value))
}

// on waits for the screen whose question it is, and looks at it.
func (r *reader) on(question, shot string) {
	r.t.Helper()
	do(r.t, r.ctx, chromedp.WaitVisible(chromedp.CSS(question)))
	if over := eval[int](r.t, r.ctx, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		r.t.Errorf("%s %s: %d pixels wider than the window", r.name, shot, over)
	}
	small := eval[string](r.t, r.ctx, `[...document.querySelectorAll('.points label, .options label, .ways button, .tongues button, textarea')]
		.map(e => e.getBoundingClientRect()).filter(b => b.height < 44 || b.width < 44).map(b => b.width + 'x' + b.height).join()`)
	if small != "" {
		r.t.Errorf("%s %s: too small to be tapped: %s", r.name, shot, small)
	}
	nameless := eval[int](r.t, r.ctx, `[...document.querySelectorAll('fieldset')].filter(f => !f.querySelector('legend')?.textContent.trim()).length +
		[...document.querySelectorAll('textarea')].filter(f => !f.labels.length).length + [...document.querySelectorAll('input[type=radio], input[type=checkbox]')].filter(f => !f.labels.length).length`)
	if nameless > 0 {
		r.t.Errorf("%s %s: %d fields without a name", r.name, shot, nameless)
	}
	if text := eval[string](r.t, r.ctx, "document.body.innerText"); strings.Contains(text, "%!") || strings.Contains(text, "undefined") {
		r.t.Errorf("%s %s: a text is filled in wrongly: %s", r.name, shot, text)
	}
	shoot(r.t, r.ctx, "survey-"+r.name+"-"+shot)
}

// TestSurveyIsAnswered fills in every kind of question at a desk and on a telephone, in
// both languages, with and without scripts.
func TestSurveyIsAnswered(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	answered := 0
	for _, size := range sizes {
		for _, scripts := range []bool{true, false} {
			ctx := browse(t, size.width, size.height)
			command(t, ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
			for _, lang := range []string{"ru", "en"} {
				r := &reader{t: t, ctx: ctx, name: fmt.Sprint(size.name, "-", lang, "-", map[bool]string{true: "scripts", false: "plain"}[scripts]), scripts: scripts}
				r.answer(w, lang)
				answered++
				got := w.responses(t)
				if len(got) != answered || len(got[0].GetAnswers()) != 9 || got[0].GetLocale() != lang {
					t.Fatalf("%s: %d responses, the last %v", r.name, len(got), got[0])
				}
			}
		}
	}
}

func (r *reader) answer(w *world, lang string) {
	t, ctx := r.t, r.ctx
	t.Helper()
	l := w.ask(t, r.name, func(l *surveyv1.SurveyLink) { l.Locale = lang })
	do(t, ctx, chromedp.Navigate(w.url+l.GetPath()))
	r.on(`input[name="q.nps"]`, "1")
	if r.scripts {
		eval[int](t, ctx, "window.stayed = 1")
	}
	r.press(".go") // nothing is said yet
	r.on("#problems", "1-missing")
	if focus := eval[string](t, ctx, "document.activeElement.id"); focus != "problems" {
		t.Errorf("%s: what is wrong is not read out: focus is on %q", r.name, focus)
	}
	r.tap("#problems a")
	if at := eval[bool](t, ctx, "document.activeElement.id === 'f1'"); !at {
		t.Errorf("%s: the way to the question leads nowhere", r.name)
	}
	r.choose("q.nps", "3")
	r.choose("q.visit", "2")
	r.choose("q.ease", "6")
	if r.scripts {
		until(t, ctx, "document.getElementById('kept').textContent === document.getElementById('survey').dataset.saved")
	}
	r.press(".go")
	r.on(`textarea[name="q.why"]`, "2")
	do(t, ctx, chromedp.SendKeys(chromedp.CSS(`textarea[name="q.why"]`), "Долго ждали\nна кассе"))
	r.choose("q.queue", "4")
	r.choose("i.queue", "9")
	r.choose("q.look", "5")
	r.choose("q.again", "no")
	r.press(".go")
	r.on(`input[name="q.where"]`, "3")
	r.choose("q.where", "market")
	r.choose("q.where", "net")
	r.choose("q.hope", "8")
	r.choose("w.hope", "3")
	r.press(".back")
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`textarea[name="q.why"]`)))
	if kept := eval[string](t, ctx, `document.querySelector('textarea').value`); kept != "Долго ждали\nна кассе" {
		t.Errorf("%s: after the way back the text is %q", r.name, kept)
	}
	r.press(".go")
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`input[name="q.hope"][value="8"]:checked`)))
	r.press(".go")
	until(t, ctx, `location.search.includes('done=1') && !document.getElementById('survey')`)
	r.on("#top", "thanks")
	want := map[string]string{"ru": "Спасибо!", "en": "Thank you!"}[lang]
	if got := eval[string](t, ctx, "document.querySelector('h1').textContent"); got != want {
		t.Errorf("%s: %q", r.name, got)
	}
	if r.scripts && eval[int](t, ctx, "window.stayed || 0") != 1 {
		t.Errorf("%s: the page was loaded anew", r.name)
	}
}

// TestSurveyIsTakenUpElsewhere: begun on a telephone with scripts and left in the middle
// of a screen, gone on with at a desk without.
func TestSurveyIsTakenUpElsewhere(t *testing.T) {
	w := newWorld(t)
	everyKind(t, w)
	l := w.ask(t, "1", func(l *surveyv1.SurveyLink) { l.Locale = "en" })
	phone := &reader{t: t, ctx: browse(t, 390, 844), name: "left", scripts: true}
	command(t, phone.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	do(t, phone.ctx, chromedp.Navigate(w.url+l.GetPath()))
	phone.choose("q.nps", "9")
	until(t, phone.ctx, "document.getElementById('kept').textContent === document.getElementById('survey').dataset.saved")
	phone.on(`input[name="q.nps"]`, "dark")
	desk := &reader{t: t, ctx: browse(t, 1280, 900), name: "resumed"}
	command(t, desk.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	do(t, desk.ctx, chromedp.Navigate(w.url+l.GetPath()))
	desk.on(`input[name="q.nps"][value="9"]:checked`, "desktop")
	for _, next := range []string{`input[name="q.look"]`, `input[name="q.hope"]`, `#top`} {
		desk.press(".go")
		do(t, desk.ctx, chromedp.WaitVisible(chromedp.CSS(next)))
	}
	until(t, desk.ctx, "location.search.includes('done=1')")
	got := w.responses(t)
	if len(got) != 1 || len(got[0].GetAnswers()) != 1 {
		t.Fatalf("responses %v", got)
	}
	// The first device learns of it as soon as it goes on.
	phone.press(".go")
	until(t, phone.ctx, "document.querySelector('h1').textContent === 'You have answered already'")
	shoot(t, phone.ctx, "survey-used-dark")
}
