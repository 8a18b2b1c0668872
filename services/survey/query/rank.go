package query

import (
	"cmp"
	"context"
	"slices"
	"time"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/calendar"
	"github.com/rapport-cx/rapport/internal/feed"
	"github.com/rapport-cx/rapport/internal/fold"
	"github.com/rapport-cx/rapport/services/survey/score"
	"github.com/rapport-cx/rapport/services/survey/tally"
)

// Ranking is a league table, resolved.
type Ranking struct {
	b        *Brand
	req      *surveyv1.RankSubjectsRequest
	subject  measured
	window   window
	channels uint32
	under    uint32
	within   []uint32
	now      time.Time
	ask      []byte
	version  uint64
	segment  *laid // nil: whoever answered
}

// Ranking checks a question for a league table and resolves it at a moment.
// Places on a page are the caller's: the page token of the request is not read.
func (b *Brand) Ranking(ctx context.Context, req *surveyv1.RankSubjectsRequest, now time.Time) (*Ranking, error) {
	a := b.asker(now)
	r := &Ranking{b: b, req: req, now: now, channels: mask(req.GetChannels())}
	var err error
	if r.subject, err = b.measured(req.GetMetric()); err != nil {
		return nil, err
	}
	if r.subject.overall() {
		a.bad.Field("metric", "has no interval to rank by; rank its parameters")
	}
	if r.within, err = a.subjects(req.GetWithin()); err != nil {
		return nil, err
	}
	if req.GetUnder() != nil {
		if r.under, err = a.subject(req.GetUnder()); err != nil {
			return nil, err
		}
	}
	if r.window, err = a.window(ctx, "window", req.GetWindow(), false, 0); err != nil {
		return nil, err
	}
	if err := a.bad.Err(); err != nil {
		return nil, err
	}
	if id := req.GetSegmentId(); id != "" {
		if r.segment, err = a.members(ctx, id, nil); err != nil {
			return nil, err
		}
	}
	r.version = a.extra()
	bare := &surveyv1.RankSubjectsRequest{
		Metric: req.GetMetric(), Kind: req.GetKind(), Under: req.GetUnder(), Labels: req.GetLabels(),
		Channels: req.GetChannels(), MinN: req.GetMinN(), WorstFirst: req.GetWorstFirst(),
		SegmentId: req.GetSegmentId(), Within: req.GetWithin(),
	}
	r.ask, err = askBytes('r', b.era(now, req.GetUnder() != nil || len(r.within) > 0), bare, r.window)
	return r, err
}

// RankSubjects answers from the cache of results where nothing changed since:
// limit lines from offset on, without a token. The response is shared: nobody
// may change it.
func (b *Brand) RankSubjects(ctx context.Context, req *surveyv1.RankSubjectsRequest, offset, limit int, now time.Time) (*surveyv1.RankSubjectsResponse, error) {
	r, err := b.Ranking(ctx, req, now)
	if err != nil {
		return nil, err
	}
	q := fold.Question{Brand: b.Name, Days: r.window.spans(0), Extra: r.version}
	q.Ask = appendNumbers(r.ask, offset, limit)
	return fold.Ask(ctx, b.Engine, q, codec[surveyv1.RankSubjectsResponse](), func(ctx context.Context) (*surveyv1.RankSubjectsResponse, error) {
		return r.Page(ctx, offset, limit)
	})
}

// Page computes limit lines of the table from offset on.
func (r *Ranking) Page(ctx context.Context, offset, limit int) (*surveyv1.RankSubjectsResponse, error) {
	subjects, place := r.candidates()
	hists, head, err := r.sum(ctx, len(subjects), place)
	if err != nil {
		return nil, err
	}
	items, order := r.items(subjects, hists)
	ranking := score.Rank(r.subject.score, items, int64(max(1, r.req.GetMinN())))
	out := &surveyv1.RankSubjectsResponse{
		Ranked: int32(len(ranking.Ranked)), Unranked: int32(len(ranking.TooFew)),
		AsOf: asOf(head), Metric: r.subject.def,
	}
	n := len(ranking.Ranked)
	for i := max(0, offset); i < min(n, offset+limit); i++ {
		at := i
		if r.req.GetWorstFirst() {
			at = n - 1 - i
		}
		p := &ranking.Ranked[at]
		k := order[p.ID]
		out.Subjects = append(out.Subjects, r.line(p, subjects[k], hists[k]))
	}
	return out, nil
}

// candidates are the subjects that may be ranked, and the place of each by its
// number (none for all others).
func (r *Ranking) candidates() (subjects []uint32, place []int32) {
	book := r.b.Book()
	place = make([]int32, book.Subjects())
	for i := range place {
		place[i] = none
	}
	var below, inside []bool
	if len(r.within) > 0 {
		var all []uint32
		for _, top := range r.within {
			all = append(all, book.Under(top, r.now)...)
		}
		inside = marked(all)
	}
	if r.req.GetUnder() != nil {
		below = marked(book.Under(r.under, r.now))
		below[r.under] = false // it does not stand below itself
	}
	for _, n := range book.OfKind(r.req.GetKind()) {
		if int(n) >= len(place) || !holds(below, n) || !holds(inside, n) || !book.HasLabels(n, r.req.GetLabels()) {
			continue
		}
		place[n] = int32(len(subjects))
		subjects = append(subjects, n)
	}
	return subjects, place
}

// holds tells whether a number is marked; without marks all are.
func holds(marks []bool, n uint32) bool { return marks == nil || int(n) < len(marks) && marks[n] }

// sum adds up the histograms of all candidates in one pass over the slabs.
func (r *Ranking) sum(ctx context.Context, n int, place []int32) (hists []score.Hist, head feed.Head, err error) {
	measure := r.subject.measures(false, r.segment != nil)[0]
	days := r.window.spans(0)
	want := fold.Want{Measures: []string{measure}, Days: days}
	err = r.b.Engine.View(ctx, r.b.Name, want, func(v *fold.View[*tally.Tally]) error {
		hists, head = make([]score.Hist, n), v.Last
		for _, span := range days {
			for d := span.From; d < span.To; d++ {
				switch slab := v.Slab(measure, d).(type) {
				case *tally.Hist:
					for _, run := range slab.Runs() {
						addRun(hists, place, r.channels, run)
					}
				case *tally.Rows:
					addPaths(hists, place, r.sift(slab, calendar.Day(d)), slab)
				}
			}
		}
		return nil
	})
	return hists, head, err
}

// addRun adds a run to the hists of the subjects that have a place. It sees
// every cell of every day, so it does little with each.
func addRun(hists []score.Hist, place []int32, channels uint32, run tally.Run) {
	subject, at := tally.Whole, int32(none)
	counts := run.Counts[:len(run.Cells)]
	for i, c := range run.Cells {
		if s := c.Subject(); s != subject {
			subject, at = s, none
			if int(s) < len(place) {
				at = place[s]
			}
		}
		if at < 0 || channels>>c.Channel()&1 == 0 {
			continue
		}
		h := &hists[at]
		if w := c.Importance(); w != 0 {
			h.Add(int(c.Score()), int(w), counts[i])
		} else {
			h.Counts[c.Score()%score.Scores] += counts[i]
		}
	}
}

// sift picks the rows that count in a league table of a segment.
func (r *Ranking) sift(rows *tally.Rows, day calendar.Day) sift {
	out := sift{customer: rows.Customer, laid: true, members: r.segment.on(day)}
	if pass := allowed(r.channels); pass != nil {
		out.small = append(out.small, condition[uint8]{rows.Channel, pass})
	}
	if r.subject.parts[0] == tally.LowShare {
		out.small = append(out.small, condition[uint8]{rows.Score, scored[:]})
	}
	return out
}

// addPaths adds rows to the hists of the subjects they count in.
func addPaths(hists []score.Hist, place []int32, sift sift, rows *tally.Rows) {
	places := make([][]int32, len(rows.Sets()))
	for i, set := range rows.Sets() {
		for _, n := range set.Path {
			if int(n) < len(place) && place[n] != none {
				places[i] = append(places[i], place[n])
			}
		}
	}
	var room [block]int32
	for from := 0; from < rows.Len(); from += block {
		for _, i := range sift.pick(room[:], from, min(from+block, rows.Len())) {
			for _, at := range places[rows.Set[i]] {
				hists[at].Add(int(rows.Score[i]), int(rows.Importance[i]), 1)
			}
		}
	}
}

// items are the subjects that have answers, numbered so that ties in the bound
// fall to the one with more answers, then to the lesser id.
func (r *Ranking) items(subjects []uint32, hists []score.Hist) (items []score.Item[int], order []int) {
	book := r.b.Book()
	n := make([]int64, len(hists))
	for k := range hists {
		if n[k] = hists[k].N(); n[k] > 0 {
			order = append(order, k)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		if n[x] != n[y] {
			return cmp.Compare(n[y], n[x])
		}
		return cmp.Compare(book.Ref(subjects[x]).GetId(), book.Ref(subjects[y]).GetId())
	})
	items = make([]score.Item[int], len(order))
	for i, k := range order {
		items[i] = score.Item[int]{ID: i, Hist: hists[k]}
	}
	return items, order
}

func (r *Ranking) line(p *score.Place[int], subject uint32, h score.Hist) *surveyv1.RankedSubject {
	bound := p.Low
	if r.subject.score.LowerIsBetter() {
		bound = p.High
	}
	book := r.b.Book()
	return &surveyv1.RankedSubject{
		Subject: book.Ref(subject), Name: book.Name(subject), Score: r.subject.evaluate([]score.Hist{h}),
		Bound: bound, Rank: int32(p.Rank), BestRank: int32(p.Best), WorstRank: int32(p.Worst), Tier: int32(p.Tier),
	}
}
