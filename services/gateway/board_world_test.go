package gateway_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// managed fills a suite with a chain that answers, orders and complains, and sets it
// a goal.
func (s *suite) managed(t *testing.T) []int64 {
	t.Helper()
	ids := s.live(t)
	fill(t, s.world)
	if _, err := s.SetGoal(t.Context(), &surveyv1.SetGoalRequest{Brand: brand, Goal: &surveyv1.Goal{Metric: "nps.network", Days: &commonv1.DateRange{Start: "2026-01-01", End: "2027-01-01"}, Target: 60}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{Brand: brand, Segment: &segmentationv1.Segment{
		Id: "loyal", Titles: map[string]string{"en": "Loyal", "ru": "Верные"}, Rule: &segmentationv1.SegmentRule{Rule: &segmentationv1.SegmentRule_Expression{Expression: "purchases.count_365d >= 2"}},
	}}); err != nil {
		t.Fatal(err)
	}
	s.firstCase(t)
	return ids
}

// boardPages are the pages of whoever runs the brand, as they are read.
func boardPages(id int64) map[string]string {
	return map[string]string{
		"omnichannel": "/omnichannel?", "omnichannel-store": "/omnichannel?subject=STORE:103&days=90&metric=csi.visit", "omnichannel-empty": "/omnichannel?from=2020-01-01&to=2020-01-02",
		"league": "/rankings?", "league-region": "/rankings?subject=REGION:north&label=format%3Dhyper&metric=csi.visit&days=all&min=1",
		"scorecard": "/scorecards/STORE:103?", "scorecard-alike": "/scorecards/STORE:104?peers=format&days=90", "cases": "/cases?", "cases-mine": "/cases?mine=1",
		"heat": "/heatmap?", "heat-classes": "/heatmap?subject=NETWORK:all&label=format&show=1&days=90&by=csi.visit&metric=nps.network&metric=csi.visit", "heat-empty": "/heatmap?from=2020-01-01&to=2020-01-02",
		"case": "/cases/1?", "customer": fmt.Sprintf("/customers/%d?", id),
	}
}

// look changes what a window is: its size, and whether its reader likes it dark.
func look(t *testing.T, ctx context.Context, width, height int64, dark bool) {
	t.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[dark]
	do(t, ctx, chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// script lets pages run their scripts, or not.
func script(t *testing.T, ctx context.Context, on bool) {
	t.Helper()
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// faults are what is wrong with a page for somebody who reads it, by eye or ear.
const faults = `(() => {
  const wrong = [], all = (css) => [...document.querySelectorAll(css)];
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) wrong.push('wider than the window by ' + over);
  for (const e of all('.failed')) wrong.push('failed: ' + e.textContent);
  if (/%!|NaN|undefined|<no value>/.test(document.body.innerText)) wrong.push('a text is filled in wrongly');
  for (const e of all('main table')) if (!e.caption) wrong.push('a table without a caption');
  for (const e of all('input:not([type=hidden]), select, textarea')) if (!e.labels.length && !e.ariaLabel) wrong.push('a field without a label: ' + e.name);
  for (const e of all('a, button, summary')) if (e.getClientRects().length && !(e.ariaLabel || e.textContent).trim()) wrong.push('a control without a name');
  for (const e of all('svg[role=img]')) if (!e.getAttribute('aria-label')) wrong.push('a picture without a name');
  const ids = all('[id]').map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('two of #' + id);
  if (all('h1').length !== 1) wrong.push(all('h1').length + ' of h1');
  let level = 1;
  for (const e of all('main h1, main h2, main h3, main h4')) {
    if (!e.getClientRects().length) continue;
    const now = +e.tagName[1];
    if (now > level + 1) wrong.push('a heading skips a level: ' + e.textContent);
    level = now;
  }
  for (const c of all('main .card')) if (c.scrollWidth > c.clientWidth + 1) wrong.push(c.id + ' is wider than its card');
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (/^rgba?\(/.test(c) && parse(c)[3] > 0.95) return parse(c); if (!/^rgba?\(/.test(c)) return null; } return [255, 255, 255]; };
  const seen = new Set();
  for (const e of all('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length || e.closest('svg, .heard, .skip, option')) continue;
    const back = ground(e), fore = parse(getComputedStyle(e).color);
    if (!back) continue;
    const [a, b] = [light(fore), light(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const key = fore + '/' + back;
    if (ratio < 4.5 && !seen.has(key)) { seen.add(key); wrong.push('contrast ' + ratio.toFixed(2) + ' of "' + e.textContent.trim().slice(0, 30) + '" (' + e.className + ')'); }
  }
  return wrong.join('\n');
})()`

// open goes to a page and tells what is wrong with it.
func (s *suite) open(t *testing.T, ctx context.Context, name, path string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(s.url+path), chromedp.WaitReady(chromedp.CSS("h1")))
	for wrong := range strings.Lines(eval[string](t, ctx, faults)) {
		t.Errorf("%s: %s", name, wrong)
	}
	shoot(t, ctx, name)
}

// theCase reads a case over gRPC.
func (s *suite) theCase(t *testing.T, id string) *surveyv1.Case {
	t.Helper()
	got, err := s.GetCase(t.Context(), &surveyv1.GetCaseRequest{Brand: brand, Id: id})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetCase()
}

// courierSaid is an answer about a courier, of a channel that has no other.
func courierSaid(nps int32) *surveyv1.Response {
	r := response("101", 0, nps, "")
	r.Channel = commonv1.Channel_CHANNEL_EXPRESS
	return r
}
