package demo

import (
	"context"
	"fmt"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Ask is what a user wants of the demo.
type Ask struct {
	Brand string
	Seed  int64
	// Stores and Days lay out the chain; Responses is about how many answers its
	// history has.
	Stores, Days, Responses int
	// Zone is the brand's.
	Zone *time.Location
	// Progress is told how far the import is; nil: nobody asks.
	Progress func(done, about int64)
}

// Result is what became of it.
type Result struct {
	World *World
	// Fresh is true if the brand was empty before.
	Fresh bool
	// Recorded are responses that are new, Replayed those that were there before.
	Recorded, Replayed int64
	Duration           time.Duration
}

// Fill brings a brand's demo up to now. An empty brand gets the whole history; one
// that was filled before gets what was answered since, and one whose filling was
// broken off the rest. It can be repeated without doubling anything.
func Fill(ctx context.Context, client surveyv1.SurveyServiceClient, ask Ask, now time.Time) (Result, error) {
	f := &filling{client: client, brand: ask.Brand, ask: ask}
	from := time.Now()
	m, err := f.readMark(ctx)
	if err != nil {
		return Result{}, err
	}
	out := Result{Fresh: m == nil}
	if m == nil {
		if err := f.refuseStrangers(ctx); err != nil {
			return out, err
		}
		m = newMark(ask, now)
	} else if m.opts.Seed != ask.Seed || m.opts.Stores != ask.Stores {
		return out, fmt.Errorf("brand %s holds the demo of --seed %d --stores %d: take another brand or another --data folder",
			ask.Brand, m.opts.Seed, m.opts.Stores)
	}
	out.World = New(m.opts)
	if m.until.IsZero() {
		if err := f.layOut(ctx, out.World, m); err != nil {
			return out, err
		}
	}
	err = f.upload(ctx, out.World, m.until, now, &out)
	if err == nil && m.until.IsZero() {
		err = f.goals(ctx, out.World)
	}
	if err == nil {
		m.until = now
		err = f.writeMark(ctx, m)
	}
	if err == nil && out.Fresh {
		err = f.claim(ctx)
	}
	out.Duration = time.Since(from)
	return out, err
}

// Filled tells whether the brand holds a whole demo, and the options it was made
// with, so that a later start needs to repeat none of them.
func Filled(ctx context.Context, client surveyv1.SurveyServiceClient, brand string, zone *time.Location) (Options, bool, error) {
	f := &filling{client: client, brand: brand, ask: Ask{Zone: zone}}
	m, err := f.readMark(ctx)
	if err != nil || m == nil {
		return Options{}, false, err
	}
	return m.opts, true, nil
}

type filling struct {
	client surveyv1.SurveyServiceClient
	brand  string
	ask    Ask
}

// mark is how the brand remembers its demo: labels of the network's entry.
type mark struct {
	opts Options
	// until is up to when answers are in; zero while the first filling runs.
	until time.Time
}

const (
	labelSeed   = "demo.seed"
	labelStores = "demo.stores"
	labelAnchor = "demo.anchor"
	labelDays   = "demo.days"
	labelPerDay = "demo.per_day"
	labelUntil  = "demo.until"
)

func newMark(ask Ask, now time.Time) *mark {
	y, m, d := now.In(ask.Zone).Date()
	anchor := time.Date(y, m, d, 0, 0, 0, 0, ask.Zone)
	return &mark{opts: Options{
		Brand: ask.Brand, Seed: ask.Seed, Stores: max(ask.Stores, 1), Days: max(ask.Days, 1),
		Anchor: anchor, PerDay: Rate(ask.Responses, anchor, max(ask.Days, 1)),
	}}
}

func (f *filling) readMark(ctx context.Context) (*mark, error) {
	resp, err := f.client.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: f.brand, Ref: networkRef(f.brand)})
	if fault.Is(err, commonv1.Reason_REASON_SUBJECT_UNKNOWN) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a demo: %w", err)
	}
	labels := resp.GetSubject().GetLabels()
	if labels[labelSeed] == "" {
		return nil, nil
	}
	m := &mark{opts: Options{Brand: f.brand}}
	for _, err := range []error{
		parse(labels[labelSeed], &m.opts.Seed, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }),
		parse(labels[labelStores], &m.opts.Stores, strconv.Atoi),
		parse(labels[labelDays], &m.opts.Days, strconv.Atoi),
		parse(labels[labelPerDay], &m.opts.PerDay, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }),
		parse(labels[labelAnchor], &m.opts.Anchor, func(s string) (time.Time, error) { return time.ParseInLocation(time.DateOnly, s, f.ask.Zone) }),
	} {
		if err != nil {
			return nil, fmt.Errorf("the mark of the demo on network %s is damaged: %w", f.brand, err)
		}
	}
	if labels[labelUntil] != "" {
		if err := parse(labels[labelUntil], &m.until, func(s string) (time.Time, error) { return time.Parse(time.RFC3339Nano, s) }); err != nil {
			return nil, fmt.Errorf("the mark of the demo on network %s is damaged: %w", f.brand, err)
		}
	}
	return m, nil
}

func parse[T any](text string, into *T, read func(string) (T, error)) (err error) {
	*into, err = read(text)
	return err
}

func (f *filling) writeMark(ctx context.Context, m *mark) error {
	labels := map[string]string{
		labelSeed:   strconv.FormatInt(m.opts.Seed, 10),
		labelStores: strconv.Itoa(m.opts.Stores),
		labelDays:   strconv.Itoa(m.opts.Days),
		labelPerDay: strconv.FormatFloat(m.opts.PerDay, 'g', -1, 64),
		labelAnchor: m.opts.Anchor.Format(time.DateOnly),
	}
	if !m.until.IsZero() {
		labels[labelUntil] = m.until.UTC().Format(time.RFC3339Nano)
	}
	return f.subjects(ctx, []*surveyv1.Subject{{Ref: networkRef(f.brand), Name: "Вся сеть", Labels: labels}})
}

// refuseStrangers keeps the demo out of a brand that holds somebody's data.
func (f *filling) refuseStrangers(ctx context.Context) error {
	resp, err := f.client.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: f.brand, PageSize: 1})
	if err != nil {
		return fmt.Errorf("look for other data: %w", err)
	}
	if len(resp.GetSubjects()) > 0 {
		return fmt.Errorf("brand %s holds other data: the demo fills an empty brand only", f.brand)
	}
	return nil
}
