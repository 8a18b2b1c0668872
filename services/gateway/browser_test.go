package gateway_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browse opens a window of a real browser. Without one the test is skipped, but
// never in CI.
func browse(t *testing.T, width, height int64) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is missing")
		}
		t.Skip("chromium is missing")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.NoFirstRun, chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// follow does what leads to another page, and waits for that page.
func follow(t *testing.T, ctx context.Context, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	res, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		t.Fatal(err)
	}
	if res.Status != 200 {
		t.Fatalf("%s: %d", res.URL, res.Status)
	}
}

func eval[T any](t *testing.T, ctx context.Context, js string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js))
	if err != nil {
		t.Fatalf("%s: %v", js, err)
	}
	return v
}

// shoot keeps a picture of the whole page where RAPPORT_TEST_SHOTS says, else in a
// folder that goes with the test.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("RAPPORT_TEST_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPageIsReadable opens the page as it is read: at a desk and on a telephone,
// in both languages.
func TestPageIsReadable(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	fill(t, w)
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		ctx := browse(t, size.width, size.height)
		for _, lang := range []string{"ru", "en"} {
			for view, query := range map[string]string{"brand": "", "store": "&subject=STORE:103&days=7", "long-name": "&brand=sfo", "whole": "&metric=csi.visit&days=all&subject=REGION:north"} {
				name := strings.Join([]string{size.name, lang, view}, "-")
				do(t, ctx, chromedp.Navigate(w.url+"/?lang="+lang+query))
				do(t, ctx, chromedp.WaitVisible(chromedp.CSS("#value")))
				if got := eval[string](t, ctx, "document.documentElement.lang"); got != lang {
					t.Errorf("%s: language %q", name, got)
				}
				if over := eval[int](t, ctx, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
					t.Errorf("%s: the page is %d pixels wider than the window", name, over)
				}
				if failed := eval[string](t, ctx, "[...document.querySelectorAll('.failed')].map(e => e.textContent).join()"); failed != "" {
					t.Errorf("%s: %s", name, failed)
				}
				if text := eval[string](t, ctx, "document.body.innerText"); strings.Contains(text, "%!") || strings.Contains(text, "NaN") {
					t.Errorf("%s: a text is filled in wrongly: %s", name, text)
				}
				small := eval[string](t, ctx, `[...document.querySelectorAll('svg.line')].filter(e => e.getClientRects().length).map(e =>
					e.getBoundingClientRect().width / e.viewBox.baseVal.width).filter(s => s < 0.8).join()`)
				if small != "" {
					t.Errorf("%s: the chart is drawn at %s of its size: its words cannot be read", name, small)
				}
				shoot(t, ctx, name)
			}
		}
	}
}

// TestDirectorsFirstLook: from opening the page to how did my store do this week,
// is that a change, and what do people say, in at most three interactions.
func TestDirectorsFirstLook(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	fill(t, w)
	ctx := browse(t, 390, 844)
	interactions := 0
	do(t, ctx, chromedp.Navigate(w.url+"/?lang=ru"), chromedp.WaitVisible(chromedp.CSS("#q")))

	interactions++ // types the store's number and presses Enter
	follow(t, ctx, chromedp.SendKeys(chromedp.CSS("#q"), "107"+kb.Enter))
	if got, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("h1"))); err != nil || !strings.Contains(got, "Магазин на Ленина, 19") {
		t.Fatalf("the search led to %q (%v)", got, err)
	}
	interactions++ // chooses the week
	follow(t, ctx, chromedp.Click(chromedp.CSS(".periods a:first-child")))
	do(t, ctx, chromedp.WaitVisible(chromedp.CSS(`.periods a:first-child[aria-current]`)))

	for what, selector := range map[string]string{
		"how it did": "#value", "what that is worth": "#interval", "of how many": "#n", "is it a change": "#words", "what people say": "#comments .text",
	} {
		got, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(selector)))
		if err != nil || strings.TrimSpace(got) == "" {
			t.Errorf("%s: %q (%v)", what, got, err)
		}
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil || u.Query().Get("subject") != "STORE:107" || u.Query().Get("days") != "7" {
		t.Errorf("the view cannot be sent to somebody: %s", at)
	}
	if interactions > 3 {
		t.Errorf("%d interactions", interactions)
	}
}

// TestPageMoves: the number on an open page is another one as soon as a response
// has come in over gRPC, and so are the comments and the cases.
func TestPageMoves(t *testing.T) {
	w := newWorld(t)
	define(t, w)
	w.submit(t, "first", response("101", 0, 10, ""))
	ctx := browse(t, 1280, 900)
	do(t, ctx, chromedp.Navigate(w.url+"/?lang=en"), chromedp.WaitVisible(chromedp.CSS("#live:not(.lost)")))
	until(t, ctx, "document.querySelector('#value').textContent === '100.0'")
	for i := range 3 {
		w.submit(t, fmt.Sprint("second", i), response("101", 0, 0, "Rude <b>staff</b>."))
	}
	until(t, ctx, "document.querySelector('#value').textContent === '\u221250.0'")
	until(t, ctx, "document.querySelector('#n').textContent.startsWith('4')")
	until(t, ctx, "document.querySelectorAll('#comments article.low').length === 3")
	until(t, ctx, "document.querySelectorAll('#cases article').length > 0")
	if wrong := eval[int](t, ctx, "document.querySelectorAll('#comments .text b').length"); wrong != 0 {
		t.Error("a comment became markup")
	}
	w.stop()
	until(t, ctx, "document.querySelector('#live').classList.contains('lost')")
}

// until waits for the browser itself to see it.
func until(t *testing.T, ctx context.Context, js string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](js, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		page, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
		t.Fatalf("%s: %v\n%s", js, err, page)
	}
}
