package cases

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/sqldb"
)

// share is what one response brings to one case: the subjects it counts in.
type share struct {
	id, response int64
	subjects     []*commonv1.SubjectRef
	// replace: the response was in the case before, with other subjects.
	replace bool
}

// save writes what changed under the brand's lock. Changed cases come before
// new ones: a case resolved here may make room for one opened here.
func save(ctx context.Context, tx *sqldb.Tx, brand string, last int64, changed, opened []*file, shares []*share) error {
	_, err := tx.Exec(ctx, "UPDATE case_head SET last_id = $2, changes = changes + 1 WHERE brand = $1", brand, last)
	if err != nil {
		return fmt.Errorf("count cases: %w", err)
	}
	files := append(changed[:len(changed):len(changed)], opened...)
	if err := saveFiles(ctx, tx, brand, files); err != nil {
		return err
	}
	if err := saveSteps(ctx, tx, brand, files); err != nil {
		return err
	}
	return saveShares(ctx, tx, brand, shares)
}

// resolvedMicros is 0 before the first resolution.
func resolvedMicros(f *file) int64 {
	if f.ResolvedAt == nil {
		return 0
	}
	return f.ResolvedAt.AsTime().UnixMicro()
}

func scoreOf(f *file) int32 {
	if f.Score == nil {
		return -1
	}
	return *f.Score
}

// saveFiles inserts new cases and replaces changed ones, in one statement: under
// the lock nobody else can have changed them since they were read.
func saveFiles(ctx context.Context, tx *sqldb.Tx, brand string, files []*file) error {
	var t columnsOf
	for _, f := range files {
		f.Revision++
		if err := t.add(f); err != nil {
			return fmt.Errorf("pack case %d: %w", f.id, err)
		}
	}
	if len(files) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "case_file", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "id", Data: t.id}, {Name: "state", Data: t.state},
		{Name: "cause", Data: t.cause}, {Name: "queue", Data: t.queue}, {Name: "person_key", Data: t.key},
		{Name: "response", Data: t.response}, {Name: "survey_id", Data: t.survey}, {Name: "channel", Data: t.channel},
		{Name: "customer_id", Data: t.customer}, {Name: "score", Data: t.score}, {Name: "comment", Data: t.comment},
		{Name: "assignee", Data: t.assignee}, {Name: "opened_at", Data: t.openedAt}, {Name: "due_at", Data: t.dueAt},
		{Name: "resolved_at", Data: t.resolvedAt}, {Name: "root_cause", Data: t.rootCause},
		{Name: "reopened", Data: t.reopened}, {Name: "revision", Data: t.revision}, {Name: "clock_micros", Data: t.clock},
		{Name: "business_micros", Data: t.business}, {Name: "live", Data: t.live}, {Name: "notes", Data: t.notes},
		{Name: "detail", Data: t.detail},
	}, OnConflict: `ON CONFLICT (brand, id) DO UPDATE SET state = excluded.state, person_key = excluded.person_key,
channel = excluded.channel, customer_id = excluded.customer_id, score = excluded.score, comment = excluded.comment,
assignee = excluded.assignee, resolved_at = excluded.resolved_at, root_cause = excluded.root_cause,
reopened = excluded.reopened, revision = excluded.revision, clock_micros = excluded.clock_micros,
business_micros = excluded.business_micros, live = excluded.live, notes = excluded.notes, detail = excluded.detail`})
	if err != nil {
		return fmt.Errorf("write %d cases: %w", len(files), err)
	}
	return nil
}

// columnsOf is cases laid out column by column, as bulk inserts want them.
type columnsOf struct {
	id, response, customer, revision, notes      []int64
	openedAt, dueAt, resolvedAt, clock, business []int64
	state, channel, score, reopened, live        []int32
	cause, queue, survey, comment                []string
	assignee, rootCause                          []string
	key, detail                                  [][]byte
}

func (t *columnsOf) add(f *file) error {
	packed, err := proto.Marshal(&surveyv1.Case{ResponseIds: f.ResponseIds, Subjects: f.Subjects})
	if err != nil {
		return err
	}
	t.id, t.response, t.customer = append(t.id, f.id), append(t.response, f.response), append(t.customer, f.CustomerId)
	t.openedAt = append(t.openedAt, f.OpenedAt.AsTime().UnixMicro())
	t.dueAt = append(t.dueAt, f.DueAt.AsTime().UnixMicro())
	t.resolvedAt = append(t.resolvedAt, resolvedMicros(f))
	t.clock, t.business = append(t.clock, f.clock.Microseconds()), append(t.business, f.business.Microseconds())
	t.notes = append(t.notes, f.written+int64(len(f.steps)))
	t.state, t.channel = append(t.state, int32(f.State)), append(t.channel, int32(f.Channel))
	t.score, t.live = append(t.score, scoreOf(f)), append(t.live, f.live)
	t.cause, t.queue, t.survey = append(t.cause, f.Cause), append(t.queue, f.Queue), append(t.survey, f.SurveyId)
	t.comment, t.assignee = append(t.comment, f.Comment), append(t.assignee, f.Assignee)
	t.rootCause = append(t.rootCause, f.RootCause)
	t.key, t.detail = append(t.key, f.key), append(t.detail, packed)
	t.reopened, t.revision = append(t.reopened, f.Reopened), append(t.revision, f.Revision)
	return nil
}

// saveSteps appends the steps taken and counts them as written.
func saveSteps(ctx context.Context, tx *sqldb.Tx, brand string, files []*file) error {
	var id, n, at []int64
	var kind, state []int32
	var author, text, request []string
	for _, f := range files {
		for i, s := range f.steps {
			id, n, at = append(id, f.id), append(n, f.written+int64(i)+1), append(at, s.at)
			kind, state = append(kind, s.kind), append(state, int32(s.state))
			author, text, request = append(author, s.author), append(text, s.text), append(request, s.request)
		}
		f.written += int64(len(f.steps))
	}
	if len(id) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "case_note", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "case_id", Data: id}, {Name: "n", Data: n}, {Name: "at", Data: at},
		{Name: "step", Data: kind}, {Name: "author", Data: author}, {Name: "text", Data: text},
		{Name: "state", Data: state}, {Name: "request_id", Data: request},
	}})
	if err != nil {
		return fmt.Errorf("write notes: %w", err)
	}
	return nil
}

// saveShares writes which responses and subjects belong to which case.
func saveShares(ctx context.Context, tx *sqldb.Tx, brand string, shares []*share) error {
	var id, response, of, from []int64
	var kind []int32
	var subject []string
	for _, s := range shares {
		if s.replace {
			_, err := tx.Exec(ctx, "DELETE FROM case_subject WHERE brand = $1 AND case_id = $2 AND response = $3",
				brand, s.id, s.response)
			if err != nil {
				return fmt.Errorf("replace subjects of case %d: %w", s.id, err)
			}
		} else {
			id, response = append(id, s.id), append(response, s.response)
		}
		for _, r := range s.subjects {
			kind, subject = append(kind, int32(r.GetKind())), append(subject, r.GetId())
			of, from = append(of, s.id), append(from, s.response)
		}
	}
	if len(id) > 0 {
		_, err := tx.Insert(ctx, sqldb.Insert{Into: "case_response", Args: []any{brand}, Columns: []sqldb.Column{
			{Name: "brand", Expr: "$1"}, {Name: "response", Data: response}, {Name: "case_id", Data: id}}})
		if err != nil {
			return fmt.Errorf("write responses of cases: %w", err)
		}
	}
	if len(of) == 0 {
		return nil
	}
	_, err := tx.Insert(ctx, sqldb.Insert{Into: "case_subject", Args: []any{brand}, Columns: []sqldb.Column{
		{Name: "brand", Expr: "$1"}, {Name: "kind", Data: kind}, {Name: "subject", Data: subject},
		{Name: "case_id", Data: of}, {Name: "response", Data: from}}})
	if err != nil {
		return fmt.Errorf("write subjects of cases: %w", err)
	}
	return nil
}
