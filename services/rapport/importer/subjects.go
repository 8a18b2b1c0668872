package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/fault"
	"github.com/rapport-cx/rapport/services/rapport/mapping"
)

// subject is an entry of the directory and the row it comes from.
type subject struct {
	message *surveyv1.Subject
	file    string
	line    int64
	raw     string
}

// directory sends subjects in batches.
type directory struct {
	run    *run
	counts *Counts
	batch  []subject
	// orphans wait for a parent that stands further down in the files.
	orphans []subject
	seen    map[string]bool
}

// subjects imports the blocks in the order of the mapping. A subject that
// appears in many rows is made of the first.
func (r *run) subjects(ctx context.Context, counts *Counts) error {
	d := &directory{run: r, counts: counts, seen: map[string]bool{}}
	for _, b := range r.m.Subjects {
		if err := d.block(ctx, b); err != nil {
			return fmt.Errorf("import subjects: %w", err)
		}
	}
	if err := d.send(ctx, false); err != nil {
		return fmt.Errorf("import subjects: %w", err)
	}
	// Each round makes parents of the next; one that makes none is the last.
	for len(d.orphans) > 0 {
		waiting := len(d.orphans)
		d.batch, d.orphans = d.orphans, nil
		if err := d.send(ctx, false); err != nil {
			return fmt.Errorf("import subjects: %w", err)
		}
		if len(d.orphans) == waiting {
			d.batch, d.orphans = d.orphans, nil
			if err := d.send(ctx, true); err != nil {
				return fmt.Errorf("import subjects: %w", err)
			}
		}
	}
	return nil
}

func (d *directory) block(ctx context.Context, b *mapping.Block) error {
	rows, err := d.run.data.Open(b, func() proto.Message { return &surveyv1.Subject{} })
	if err != nil {
		return err
	}
	defer rows.Close()
	bar, before := d.run.progress("subjects of "+b.From()), d.counts.Read
	for {
		row, err := rows.Next()
		var bad *mapping.Reject
		switch {
		case errors.Is(err, io.EOF):
			if b.From() != "" {
				bar.end(d.counts.Read - before)
			}
			return nil
		case errors.As(err, &bad):
			d.counts.Read++
			d.counts.Rejected++
			d.run.rejects.add(bad)
			continue
		case err != nil:
			return err
		}
		d.counts.Read++
		if !d.take(b, row) {
			d.counts.Skipped++
			continue
		}
		if len(d.batch) == maxChunkRows {
			if err := d.send(ctx, false); err != nil {
				return err
			}
			read, size := rows.Progress()
			bar.at(read, size, d.counts.Read-before)
		}
	}
}

// take keeps a row's subject; false if it names none or one that was taken.
func (d *directory) take(b *mapping.Block, row mapping.Row) bool {
	m, _ := row.Message.(*surveyv1.Subject)
	if m.GetRef() == nil {
		return false
	}
	key := fmt.Sprintf("%d/%s", m.GetRef().GetKind(), m.GetRef().GetId())
	if d.seen[key] {
		return false
	}
	d.seen[key] = true
	d.batch = append(d.batch, subject{message: m, file: b.From(), line: row.Line, raw: row.Raw})
	return true
}

// send empties the batch. Unless it is for the last time, a subject whose parent
// is not known yet waits.
func (d *directory) send(ctx context.Context, last bool) error {
	for len(d.batch) > 0 {
		n := min(len(d.batch), maxChunkRows)
		if err := d.upsert(ctx, d.batch[:n], last); err != nil {
			return err
		}
		d.batch = d.batch[n:]
	}
	d.batch = nil
	return nil
}

func (d *directory) upsert(ctx context.Context, batch []subject, last bool) error {
	req := &surveyv1.UpsertSubjectsRequest{Brand: d.run.m.Brand}
	for _, s := range batch {
		req.Subjects = append(req.Subjects, s.message)
	}
	var resp *surveyv1.UpsertSubjectsResponse
	err := d.run.retry(ctx, func() (err error) {
		resp, err = d.run.client.UpsertSubjects(ctx, req)
		return err
	})
	if err != nil {
		return err
	}
	if len(resp.GetResults()) != len(batch) {
		return fmt.Errorf("the server answered for %d of %d subjects", len(resp.GetResults()), len(batch))
	}
	for i, result := range resp.GetResults() {
		s := batch[i]
		switch {
		case result.GetError() != nil && !last && fault.Is(fault.FromStatus(result.GetError()), commonv1.Reason_REASON_SUBJECT_UNKNOWN):
			d.orphans = append(d.orphans, s)
		case result.GetError() != nil:
			d.counts.Rejected++
			d.run.rejects.add(refused(s.file, s.line, s.raw, result.GetError()))
		case result.GetChanged():
			d.counts.Recorded++
		default:
			d.counts.Replayed++
		}
	}
	return nil
}
