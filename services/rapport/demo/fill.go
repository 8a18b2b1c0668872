package demo

import (
	"context"
	"fmt"
	"strconv"
	"time"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
)

// Services are those the demo fills.
type Services struct {
	Segmentation segmentationv1.SegmentationServiceClient
	Journey      journeyv1.JourneyServiceClient
	Survey       surveyv1.SurveyServiceClient
	Loyalty      loyaltyv1.LoyaltyServiceClient
}

// Ask is what a user wants of the demo.
type Ask struct {
	Brand string
	// Currency is what receipts are in; it must be the brand's.
	Currency string
	Seed     int64
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
	// Customers come with the first filling alone.
	Customers, Events, Answers Tally
	// Merged are customers that were found to be another one.
	Merged   int
	Duration time.Duration
}

// Fill brings a brand's demo up to now. An empty brand gets the whole history; one
// that was filled before gets what was answered since, and one whose filling was
// broken off the rest. It can be repeated without doubling anything.
func Fill(ctx context.Context, to Services, ask Ask, now time.Time) (Result, error) {
	f := &filling{Services: to, brand: ask.Brand, ask: ask}
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
	if err := f.bring(ctx, m, now, &out); err != nil {
		return out, err
	}
	if out.Fresh {
		if err := f.judged(ctx); err != nil {
			return out, err
		}
		if err := f.claim(ctx); err != nil {
			return out, err
		}
		err = f.group(ctx, out.World)
	}
	out.Duration = time.Since(from)
	return out, err
}

// bring brings in what is new up to now: who, then what happened to them, then what
// they say of it, so that whoever needs the one before finds it there.
func (f *filling) bring(ctx context.Context, m *mark, now time.Time, out *Result) error {
	w := out.World
	f.about = w.Count(w.clamp(m.until), now) * (1 + eventsPerAnswer)
	var pairs [][2]int64
	if m.until.IsZero() {
		err := f.layOut(ctx, w, m)
		if err == nil {
			pairs, err = f.customers(ctx, w, out)
		}
		if err == nil {
			err = f.found(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	if err := f.events(ctx, w, m.until, now, out); err != nil {
		return err
	}
	if err := f.answers(ctx, w, m.until, now, out); err != nil {
		return err
	}
	if m.until.IsZero() {
		if err := f.merge(ctx, pairs, out); err != nil {
			return err
		}
		if err := f.goals(ctx, w); err != nil {
			return err
		}
	}
	m.until = now
	return f.writeMark(ctx, m)
}

// Filled tells whether the brand holds a whole demo, and the options it was made
// with, so that a later start needs to repeat none of them.
func Filled(ctx context.Context, to Services, brand string, zone *time.Location) (Options, bool, error) {
	f := &filling{Services: to, brand: brand, ask: Ask{Zone: zone}}
	m, err := f.readMark(ctx)
	if err != nil || m == nil {
		return Options{}, false, err
	}
	return m.opts, true, nil
}

type filling struct {
	Services
	brand string
	ask   Ask
	// done and about count rows: answered for, and all.
	done, about int64
	// orders were sent to be placed.
	orders int64
}

// mark is how the brand remembers its demo: labels of the network's entry.
type mark struct {
	opts Options
	// until is up to when answers are in; zero while the first filling runs.
	until time.Time
	// spent is up to when points were spent; zero while the first spending runs.
	spent time.Time
}

const (
	labelSeed   = "demo.seed"
	labelStores = "demo.stores"
	labelAnchor = "demo.anchor"
	labelDays   = "demo.days"
	labelPerDay = "demo.per_day"
	labelUntil  = "demo.until"
	labelSpent  = "demo.spent"
	// labelTells is there since demos tell of customers and events too.
	labelTells = "demo.tells"
	tells      = "customers events answers"
)

func newMark(ask Ask, now time.Time) *mark {
	y, m, d := now.In(ask.Zone).Date()
	anchor := time.Date(y, m, d, 0, 0, 0, 0, ask.Zone)
	return &mark{opts: Options{
		Brand: ask.Brand, Currency: ask.Currency, Seed: ask.Seed, Stores: max(ask.Stores, 1), Days: max(ask.Days, 1),
		Anchor: anchor, PerDay: Rate(ask.Responses, anchor, max(ask.Days, 1)),
	}}
}

func (f *filling) readMark(ctx context.Context) (*mark, error) {
	resp, err := f.Survey.GetSubject(ctx, &surveyv1.GetSubjectRequest{Brand: f.brand, Ref: networkRef(f.brand)})
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
	if labels[labelTells] != tells {
		return nil, fmt.Errorf("brand %s holds a demo of an earlier rapport: take another brand or another --data folder", f.brand)
	}
	m := &mark{opts: Options{Brand: f.brand, Currency: f.ask.Currency}}
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
	for label, into := range map[string]*time.Time{labelUntil: &m.until, labelSpent: &m.spent} {
		if labels[label] == "" {
			continue
		}
		if err := parse(labels[label], into, func(s string) (time.Time, error) { return time.Parse(time.RFC3339Nano, s) }); err != nil {
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
		labelTells:  tells,
		labelAnchor: m.opts.Anchor.Format(time.DateOnly),
	}
	for label, at := range map[string]time.Time{labelUntil: m.until, labelSpent: m.spent} {
		if !at.IsZero() {
			labels[label] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	return f.subjects(ctx, []*surveyv1.Subject{{Ref: networkRef(f.brand), Name: "Вся сеть", Labels: labels}})
}

// refuseStrangers keeps the demo out of a brand that holds somebody's data.
func (f *filling) refuseStrangers(ctx context.Context) error {
	resp, err := f.Survey.ListSubjects(ctx, &surveyv1.ListSubjectsRequest{Brand: f.brand, PageSize: 1})
	if err != nil {
		return fmt.Errorf("look for other data: %w", err)
	}
	if len(resp.GetSubjects()) > 0 {
		return fmt.Errorf("brand %s holds other data: the demo fills an empty brand only", f.brand)
	}
	return nil
}
