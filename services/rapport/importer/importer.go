// Package importer brings rows of files into the suite through its own clients:
// it defines what a mapping needs (metrics, surveys and subjects for responses,
// attributes for customers, kinds for events, programmes for offers) and then streams the rows.
//
// It may be run twice, or again after it was broken off: every definition is an
// upsert and every row has its natural key, so what is there already is told as
// replayed and nothing is doubled.
package importer

import (
	"context"
	"io"
	"time"

	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

// Options say where the files are and who is told what. The zero value reads
// the mapping's paths as they stand and tells nobody.
type Options struct {
	// Dir is the folder the mapping's paths start from.
	Dir string
	// Files are paths that replace those of the mapping, by the file's name there.
	Files map[string]string
	// Rejects gets the rows that did not get in, as CSV; nil: they are counted only.
	Rejects io.Writer
	// Progress gets how far it is: a bar if Terminal is set, otherwise a line for
	// every tenth. Nil: nobody is told.
	Progress io.Writer
	Terminal bool
	// ReplaceSurveys publishes the mapping's questionnaire where a survey of that
	// id has another one. Otherwise that stays what it is: somebody may have
	// edited it since.
	ReplaceSurveys bool
	// ChunkRows is how many rows travel together, 1 to 1,000; default 1,000.
	ChunkRows int
	// InFlight is how many chunks may wait for their answer; default 4.
	InFlight int
	// MergeConflicts merges the customers that the identities of one row belong to.
	// Otherwise the row is refused.
	MergeConflicts bool
	// Clock is the time now; default the system's.
	Clock func() time.Time

	wait func(context.Context, time.Duration) error
}

// Counts are what became of the rows of some files; of events they count events,
// and rows that became none. Read is the sum of the others, unless the import
// broke off: then some were read and never answered.
type Counts struct {
	Read int64 `json:"read"`
	// Recorded are new; of subjects and customers also those that changed.
	Recorded int64 `json:"recorded"`
	// Replayed were there before with the same content.
	Replayed int64 `json:"replayed"`
	// Rejected could not be read or were refused; each is in the rejects.
	Rejected int64 `json:"rejected"`
	// Skipped were left out by the mapping.
	Skipped int64 `json:"skipped"`
}

// Summary is what an import did.
type Summary struct {
	Counts
	// Subjects are the entries of the directory made before the responses.
	Subjects Counts `json:"subjects"`
	// Unreadable are records of files that are only looked into.
	Unreadable int64 `json:"unreadable"`
	// Duration is how long all of it took, Streaming the part for the rows counted
	// at the top.
	Duration  time.Duration `json:"duration_nanos"`
	Streaming time.Duration `json:"streaming_nanos"`
}

// RowsPerSecond is how fast the rows went; 0 if none did.
func (s Summary) RowsPerSecond() float64 {
	if s.Streaming <= 0 {
		return 0
	}
	return float64(s.Read) / s.Streaming.Seconds()
}

// run is one import under way.
type run struct {
	client  surveyv1.SurveyServiceClient // nil where only other services are needed
	m       *mapping.Mapping
	opts    Options
	data    *mapping.Data
	rejects *rejects
	summary Summary
}

// Responses defines what the mapping needs and imports its responses. With an
// error the summary tells what is durable all the same.
func Responses(ctx context.Context, client surveyv1.SurveyServiceClient, m *mapping.Mapping, opts Options) (Summary, error) {
	return start(ctx, &run{client: client, m: m, opts: opts}, func(ctx context.Context, r *run) error {
		if err := r.define(ctx); err != nil {
			return err
		}
		if err := r.subjects(ctx, &r.summary.Subjects); err != nil {
			return err
		}
		return r.stream(ctx, m.Responses, responses(client, m.Brand))
	})
}

// Subjects imports the mapping's subjects alone, and counts them at the top of
// the summary.
func Subjects(ctx context.Context, client surveyv1.SurveyServiceClient, m *mapping.Mapping, opts Options) (Summary, error) {
	return start(ctx, &run{client: client, m: m, opts: opts}, func(ctx context.Context, r *run) error {
		from := r.opts.Clock()
		defer func() { r.summary.Streaming = r.opts.Clock().Sub(from) }()
		return r.subjects(ctx, &r.summary.Counts)
	})
}

// Customers declares the mapping's attributes and imports its customers.
func Customers(ctx context.Context, client segmentationv1.SegmentationServiceClient, m *mapping.Mapping, opts Options) (Summary, error) {
	return start(ctx, &run{m: m, opts: opts}, func(ctx context.Context, r *run) error {
		if err := r.declare(ctx, client); err != nil {
			return err
		}
		return r.stream(ctx, m.Customers, customers(client, m.Brand, opts.MergeConflicts))
	})
}

// Events describes the mapping's kinds and imports its events.
func Events(ctx context.Context, client journeyv1.JourneyServiceClient, m *mapping.Mapping, opts Options) (Summary, error) {
	return start(ctx, &run{m: m, opts: opts}, func(ctx context.Context, r *run) error {
		if err := r.describe(ctx, client); err != nil {
			return err
		}
		return r.stream(ctx, m.Events, events(client, m.Brand))
	})
}

// Offers makes the mapping's programmes, and imports its offers, then who received them,
// then what was redeemed.
func Offers(ctx context.Context, client loyaltyv1.LoyaltyServiceClient, m *mapping.Mapping, opts Options) (Summary, error) {
	return start(ctx, &run{m: m, opts: opts}, func(ctx context.Context, r *run) error {
		if err := r.programmes(ctx, client); err != nil {
			return err
		}
		if err := r.stream(ctx, m.Offers, offers(client, m.Brand)); err != nil {
			return err
		}
		if len(m.Sendings) > 0 {
			if err := r.stream(ctx, m.Sendings, sendings(client, m.Brand)); err != nil {
				return err
			}
		}
		if len(m.Redemptions) > 0 {
			return r.stream(ctx, m.Redemptions, redemptions(client, m.Brand))
		}
		return nil
	})
}

func start(ctx context.Context, r *run, work func(context.Context, *run) error) (Summary, error) {
	opts := &r.opts
	if opts.ChunkRows <= 0 || opts.ChunkRows > maxChunkRows {
		opts.ChunkRows = maxChunkRows
	}
	if opts.InFlight <= 0 {
		opts.InFlight = 4
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.wait == nil {
		opts.wait = wait
	}
	r.rejects = newRejects(opts.Rejects)
	var err error
	r.data, err = r.m.Data(opts.Dir, opts.Files, func(bad *mapping.Reject) {
		r.summary.Unreadable++
		r.rejects.add(bad)
	})
	if err != nil {
		return r.summary, err
	}
	from := opts.Clock()
	err = work(ctx, r)
	r.summary.Duration = opts.Clock().Sub(from)
	if failed := r.rejects.flush(); err == nil {
		err = failed
	}
	return r.summary, err
}
